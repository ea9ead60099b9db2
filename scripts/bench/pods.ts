export type Labels = Readonly<Record<string, string>>;

export const PODS = 1000;
export const NODES = 50;
export const PODS_PER_DEPLOYMENT = 25;

/** A pod of the fleet. Its labels are those that kube-state-metrics and cAdvisor report. */
export interface Pod {
  readonly component: string;
  readonly labels: Labels;
  readonly node: string;
}

/** The components. SightEdit runs ten times the pods that its autoscalers allow, beside other services. */
const SHARES: readonly (readonly [component: string, namespace: string, share: number])[] = [
  ['backend', 'sightedit', 0.2],
  ['cdn', 'sightedit', 0.1],
  ['website', 'sightedit', 0.05],
  ['coredns', 'kube-system', 0.05],
  ...Array.from({ length: 24 }, (_, index) => [`service-${index}`, 'sightedit', 0.025] as const),
];

export const pods: readonly Pod[] = SHARES.flatMap(([component, namespace, share]) =>
  Array.from({ length: Math.round(PODS * share) }, (_, index) => {
    const name = `sightedit-${component}-${Math.floor(index / PODS_PER_DEPLOYMENT)}`;
    const pod = `${name}-6d4cf56db6-${index}`;
    return {
      component,
      node: `node-${index % NODES}`,
      labels: {
        namespace,
        pod,
        uid: `uid-${pod}`,
        container: component,
        owner_is_controller: 'true',
        owner_kind: 'ReplicaSet',
        owner_name: `${name}-6d4cf56db6`,
        created_by_kind: 'ReplicaSet',
        created_by_name: `${name}-6d4cf56db6`,
      },
    };
  }),
);
