import type { Configuration } from '../../../remediation/configuration';
import { KEYS } from '../../../remediation/record';
import { type Manifest, ofKind, podTemplates } from '../../../testing/manifests';

/** An object that a command may name. */
export interface KnownObject {
  readonly kind: string;
  /** @default - the object belongs to the whole cluster */
  readonly namespace?: string;
  readonly name: string;
  readonly labels?: { readonly [label: string]: string };
  /** Labels of its pods, or of the pods behind it. */
  readonly podLabels?: { readonly [label: string]: string };
  /** Ports that can be forwarded. @default - not known */
  readonly ports?: readonly number[];
  /** @default - not known */
  readonly containers?: readonly string[];
}

const APPLICATION = 'sightedit';
const SYSTEM = 'kube-system';

/** Labels of the application's pods, as in its own manifests. */
const component = (name: string) => ({
  'app.kubernetes.io/name': 'sightedit',
  'app.kubernetes.io/component': name,
  'app.kubernetes.io/instance': 'production',
});
const POSTGRES = { 'app.kubernetes.io/name': 'postgres' };
const REDIS = { 'app.kubernetes.io/name': 'redis' };

const inApplication = (kind: string, name: string, more: Partial<KnownObject> = {}): KnownObject => ({
  kind,
  namespace: APPLICATION,
  name,
  ...more,
});
const inSystem = (kind: string, name: string, podLabels?: KnownObject['podLabels']): KnownObject => ({
  kind,
  namespace: SYSTEM,
  name,
  podLabels,
});

/**
 * Objects that the platform does not create: those of the application and of the cluster. They are listed here, because
 * a runbook cannot be checked against itself.
 */
const OTHERS: readonly KnownObject[] = [
  inApplication('Deployment', 'sightedit-backend', { podLabels: component('backend'), ports: [3000] }),
  inApplication('Deployment', 'sightedit-cdn', { podLabels: component('cdn'), ports: [8080] }),
  inApplication('Deployment', 'sightedit-website', { podLabels: component('website') }),
  inApplication('HorizontalPodAutoscaler', 'sightedit-backend-hpa'),
  inApplication('HorizontalPodAutoscaler', 'sightedit-cdn-hpa'),
  inApplication('Service', 'sightedit-backend-service', { podLabels: component('backend'), ports: [3000] }),
  inApplication('Service', 'sightedit-cdn-service', { podLabels: component('cdn'), ports: [80] }),
  inApplication('Service', 'postgres', { podLabels: POSTGRES, ports: [5432] }),
  inApplication('Service', 'redis-service', { podLabels: REDIS, ports: [6379] }),
  inApplication('CronJob', 'postgres-backup'),
  inSystem('Deployment', 'metrics-server', { 'k8s-app': 'metrics-server' }),
  inSystem('Deployment', 'coredns', { 'k8s-app': 'kube-dns' }),
  ...['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].flatMap((name) => [
    { ...inSystem('Pod', `${name}-<node>`, { component: name }), labels: { component: name } },
    inSystem('Lease', name),
  ]),
  { kind: 'APIService', name: 'v1beta1.metrics.k8s.io' },
  ...[APPLICATION, SYSTEM, 'default'].map((name) => ({ kind: 'Namespace', name })),
];

/** Every object that a runbook may name. */
export function knownObjects(manifests: readonly Manifest[]): KnownObject[] {
  const workloads = new Map(podTemplates(manifests).map(({ workload, template }) => [workload, template]));
  const ours = manifests.flatMap((manifest): KnownObject[] => {
    const { kind, metadata, spec } = manifest;
    const { namespace, name, labels } = metadata;
    const object = { kind, namespace, name, labels };
    if (kind === 'Service') {
      return [{ ...object, podLabels: spec.selector, ports: spec.ports.map(({ port }: { port: number }) => port) }];
    }
    const template = workloads.get(manifest);
    if (!template) {
      return [object];
    }
    const containers = [...(template.spec.initContainers ?? []), ...template.spec.containers];
    const runs = {
      podLabels: template.metadata.labels,
      containers: containers.map((container) => container.name),
      ports: containers.flatMap(({ ports = [] }) =>
        ports.map(({ containerPort }: { containerPort: number }) => containerPort),
      ),
    };
    return [{ ...object, ...runs }, ...(kind === 'StatefulSet' ? membersOf(manifest, runs) : [])];
  });
  return [...ours, ...recordsOf(manifests), ...OTHERS];
}

/** The records that the remediation webhook creates, with the labels that are known in advance. */
function recordsOf(manifests: readonly Manifest[]): KnownObject[] {
  return ofKind(manifests, 'ConfigMap').flatMap(({ metadata: { namespace }, data }) => {
    const text: string | undefined = data?.['remediation.json'];
    const { policies } = text ? (JSON.parse(text) as Configuration) : { policies: [] };
    return policies.map(({ name }) => ({
      kind: 'Remediation',
      namespace,
      name: `${name}-<record>`,
      labels: { [KEYS.policy]: name },
    }));
  });
}

/** The pods and claims of a StatefulSet, whose names are known in advance. */
function membersOf({ metadata: { namespace, name }, spec }: Manifest, runs: Partial<KnownObject>): KnownObject[] {
  const templates: Manifest[] = spec.volumeClaimTemplates ?? [];
  return Array.from({ length: spec.replicas }, (_, index) => [
    { kind: 'Pod', namespace, name: `${name}-${index}`, labels: runs.podLabels, ...runs },
    ...templates.map(({ metadata }) => ({
      kind: 'PersistentVolumeClaim',
      namespace,
      name: `${metadata.name}-${name}-${index}`,
    })),
  ]).flat();
}
