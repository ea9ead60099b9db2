import { ApiObject, App, Chart } from 'cdk8s';
import { Construct } from 'constructs';
import { type Component, type ComponentProps, PRIVATE_CIDRS, scratch } from '../../../constructs';
import { containerOf, find, findAll, manifestsOf, NAMESPACE, podOf, render, testChart } from '../../../testing/render';
import { component, selected, stateful } from './sample';

const rendered = (props: Partial<ComponentProps> = {}) => render((chart) => component(chart, props));
const replicas = (count: number): Partial<ComponentProps> => ({ workload: { kind: 'Deployment', replicas: count } });

describe('names and labels', () => {
  test('every object carries the name, alone or as a prefix', () => {
    const names = rendered({ workload: stateful(2) }).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names.sort()).toEqual([
      'NetworkPolicy demo',
      'PodDisruptionBudget demo',
      'Service demo',
      'Service demo-headless',
      'ServiceAccount demo',
      'StatefulSet demo',
    ]);
  });

  test('objects and pods carry the labels of the component', () => {
    const labels = {
      'app.kubernetes.io/name': 'demo',
      'app.kubernetes.io/version': '1.2.3',
      'app.kubernetes.io/managed-by': 'cdk8s',
    };
    const manifests = rendered({ workload: stateful(2) });
    expect(manifests.map(({ metadata }) => metadata.labels)).toEqual(manifests.map(() => labels));
    expect(podOf(manifests, 'demo').metadata.labels).toEqual(labels);
  });

  test('labels of the chart are added to objects and never to selectors', () => {
    const chart = new Chart(new App(), 'labelled', { namespace: NAMESPACE, labels: { team: 'platform' } });
    component(chart);
    const deployment = find(manifestsOf(chart), 'Deployment');
    expect(deployment.metadata.labels).toMatchObject({ team: 'platform' });
    expect(deployment.spec.selector.matchLabels).toEqual(selected().matchLabels);
  });

  test.each(['Deployment', 'StatefulSet', 'DaemonSet'] as const)(
    'a %s that moves to another construct keeps its names and selectors',
    (kind) => {
      const workload = {
        Deployment: { kind: 'Deployment', replicas: 2 } as const,
        StatefulSet: stateful(2),
        DaemonSet: { kind: 'DaemonSet' } as const,
      }[kind];
      const moved = render((chart) => component(new Construct(chart, 'elsewhere'), { workload }, 'renamed'));
      expect(moved).toEqual(rendered({ workload }));
    },
  );

  test('a new version leaves every selector as it is', () => {
    const selectors = (tag: string) => {
      const manifests = rendered({ workload: stateful(2), image: { repository: 'registry.example.com/demo', tag } });
      return [
        find(manifests, 'StatefulSet').spec.selector,
        find(manifests, 'Service', 'demo').spec.selector,
        find(manifests, 'NetworkPolicy').spec.podSelector,
        find(manifests, 'PodDisruptionBudget').spec.selector,
      ];
    };
    expect(selectors('v2.0.0')).toEqual(selectors('v1.0.0'));
  });

  test('a port that does not exist is refused with the ports that do', () => {
    const demo = component(testChart(), { ports: { http: { port: 8080 }, metrics: { port: 9090 } } });
    expect(() => demo.endpoint('grpc')).toThrow('demo has no port grpc: it has http, metrics');
  });
});

describe('replicas', () => {
  test.each([
    ['Deployment', 1, 0, replicas(1)],
    ['Deployment', 2, 1, replicas(2)],
    ['StatefulSet', 1, 0, { workload: stateful(1) }],
    ['StatefulSet', 3, 1, { workload: stateful(3) }],
    ['DaemonSet', 'a pod on each node', 0, { workload: { kind: 'DaemonSet' } }],
  ] as const)('a %s of %s has %i disruption budgets and spreads only with one', (_kind, _count, budgets, props) => {
    const manifests = rendered(props);
    expect(findAll(manifests, 'PodDisruptionBudget')).toHaveLength(budgets);
    expect(podOf(manifests, 'demo').spec.topologySpreadConstraints?.length ?? 0).toBe(budgets * 2);
  });

  test('no two replicas share a node, and zones are filled evenly where they can be', () => {
    const spread = podOf(rendered({ workload: stateful(2) }), 'demo').spec.topologySpreadConstraints;
    const common = { maxSkew: 1, nodeTaintsPolicy: 'Honor', labelSelector: selected() };
    expect(spread).toEqual([
      { ...common, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule' },
      { ...common, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
    ]);
  });

  test('a Deployment spreads the pods of one revision', () => {
    const spread = podOf(rendered(replicas(2)), 'demo').spec.topologySpreadConstraints;
    expect(spread.map((constraint: { matchLabelKeys: string[] }) => constraint.matchLabelKeys)).toEqual([
      ['pod-template-hash'],
      ['pod-template-hash'],
    ]);
  });

  test('a Deployment with a volume releases it before the next pod mounts it', () => {
    const manifests = rendered({
      workload: { kind: 'Deployment', replicas: 1, storage: { path: '/data', size: '3Gi', storageClass: 'fast' } },
    });
    expect(find(manifests, 'Deployment').spec.strategy).toEqual({ type: 'Recreate' });
    expect(find(manifests, 'PersistentVolumeClaim', 'demo').spec).toEqual({
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'fast',
      resources: { requests: { storage: '3Gi' } },
    });
    expect(podOf(manifests, 'demo').spec.volumes).toEqual([
      { name: 'data', persistentVolumeClaim: { claimName: 'demo' } },
    ]);
    expect(containerOf(manifests, 'demo').volumeMounts).toEqual([{ name: 'data', mountPath: '/data' }]);
  });

  test('ports that only replicas use are left out of the load-balanced Service', () => {
    const manifests = rendered({
      workload: stateful(2),
      ports: { http: { port: 80 }, gossip: { port: 7000, protocol: 'UDP', replicasOnly: true } },
    });
    const portsOf = (name: string) =>
      find(manifests, 'Service', name).spec.ports.map((port: { name: string }) => port.name);
    expect(portsOf('demo')).toEqual(['http']);
    expect(portsOf('demo-headless')).toEqual(['http', 'gossip']);
  });
});

describe('security', () => {
  test('pods fit Pod Security restricted', () => {
    const manifests = rendered({ user: 1000 });
    expect(podOf(manifests, 'demo').spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(containerOf(manifests, 'demo').securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    });
  });

  test('memory is limited at its request, and CPU is not limited', () => {
    expect(containerOf(rendered(), 'demo').resources).toEqual({
      requests: { cpu: '10m', memory: '32Mi' },
      limits: { memory: '32Mi' },
    });
  });

  test('mounts are read-only unless they say otherwise', () => {
    const mounts = [scratch('tmp', '/tmp'), { name: 'files', path: '/files', source: () => ({ emptyDir: {} }) }];
    expect(containerOf(rendered({ mounts }), 'demo').volumeMounts).toEqual([
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'files', mountPath: '/files', readOnly: true },
    ]);
  });

  test('an agent tolerates every taint', () => {
    const manifests = rendered({ workload: { kind: 'DaemonSet' } });
    expect(podOf(manifests, 'demo').spec.tolerations).toEqual([{ operator: 'Exists' }]);
    expect(podOf(rendered({ workload: stateful(2) }), 'demo').spec.tolerations).toBeUndefined();
  });

  test('an agent on the network of its node still resolves names of the cluster', () => {
    const { spec } = podOf(rendered({ workload: { kind: 'DaemonSet', host: { network: true, pid: false } } }), 'demo');
    expect(spec).toMatchObject({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' });
  });
});

describe('access to the Kubernetes API', () => {
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }];

  test('no token is mounted without a role', () => {
    const manifests = rendered();
    expect(podOf(manifests, 'demo').spec.automountServiceAccountToken).toBe(false);
    expect(find(manifests, 'ServiceAccount').automountServiceAccountToken).toBe(false);
  });

  test('a role mounts the token in the pod and not in others of the ServiceAccount', () => {
    const manifests = render((chart) => component(chart).addRole(NAMESPACE, rules));
    expect(podOf(manifests, 'demo').spec.automountServiceAccountToken).toBe(true);
    expect(find(manifests, 'ServiceAccount').automountServiceAccountToken).toBe(false);
  });

  test('a role in another namespace has the name of its component', () => {
    const manifests = render((chart) => component(chart).addRole('shop', rules));
    const name = `${NAMESPACE}-demo`;
    expect(find(manifests, 'Role', name)).toMatchObject({ metadata: { namespace: 'shop' }, rules });
    expect(find(manifests, 'RoleBinding', name)).toMatchObject({
      metadata: { namespace: 'shop' },
      roleRef: { kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', namespace: NAMESPACE, name: 'demo' }],
    });
  });

  test('a cluster role and its binding belong to no namespace and name the namespace of the component', () => {
    const manifests = render((chart) => component(chart).addClusterRole(rules));
    for (const kind of ['ClusterRole', 'ClusterRoleBinding']) {
      expect(find(manifests, kind).metadata).toMatchObject({ name: `${NAMESPACE}-demo` });
      expect(find(manifests, kind).metadata).not.toHaveProperty('namespace');
    }
    expect(podOf(manifests, 'demo').spec.automountServiceAccountToken).toBe(true);
  });

  const api = (...cidrs: readonly string[]) => ({
    to: cidrs.map((cidr) => ({ ipBlock: { cidr } })),
    ports: [443, 6443, 8443].map((port) => ({ port, protocol: 'TCP' })),
  });
  const egress = (manifests: ReturnType<typeof rendered>): object[] => find(manifests, 'NetworkPolicy').spec.egress;

  test.each<[string, (demo: Component) => void]>([
    ['a role', (demo) => demo.addRole(NAMESPACE, rules)],
    ['a cluster role', (demo) => demo.addClusterRole(rules)],
    [
      'several roles',
      (demo) => {
        demo.addRole(NAMESPACE, rules);
        demo.addRole('shop', rules);
        demo.addClusterRole(rules);
      },
    ],
  ])('%s opens the way to the API server once, in every private range', (_roles, grant) => {
    const [, ...opened] = egress(render((chart) => grant(component(chart))));
    expect(opened).toEqual([api(...PRIVATE_CIDRS)]);
  });

  test('a role opens the ranges that are set, and no role opens none', () => {
    const apiCidrs = ['203.0.113.7/32'];
    const [, ...opened] = egress(render((chart) => component(chart, { apiCidrs }).addRole(NAMESPACE, rules)));
    expect(opened).toEqual([api('203.0.113.7/32')]);
    expect(egress(rendered({ apiCidrs }))).toHaveLength(1);
  });

  test('a cluster role has the namespace in its name', () => {
    const chart = testChart('default');
    component(chart).addClusterRole(rules);
    expect(find(manifestsOf(chart), 'ClusterRole').metadata).toMatchObject({ name: 'default-demo' });
  });
});

describe('what is added later', () => {
  test('arguments that are added follow those of the props', () => {
    const manifests = render((chart) => {
      const demo = component(chart, { args: ['--early'] });
      demo.addArgs('--late', '--later');
      demo.addArgs('--last');
    });
    expect(containerOf(manifests, 'demo').args).toEqual(['--early', '--late', '--later', '--last']);
  });

  test('variables that are added follow those of the props', () => {
    const variable = (name: string) => ({ name, value: name.toLowerCase() });
    const manifests = render((chart) => {
      const demo = component(chart, { env: [variable('EARLY')] });
      demo.addEnv(variable('LATE'), variable('LATER'));
    });
    expect(containerOf(manifests, 'demo').env).toEqual([variable('EARLY'), variable('LATE'), variable('LATER')]);
  });

  test('the address of a connection can be an argument of the component that connects', () => {
    const manifests = render((chart) => {
      const client = component(chart, { name: 'client' });
      client.addArgs(`--server=${client.connectTo(component(chart, { name: 'server' }).endpoint()).url()}`);
    });
    expect(containerOf(manifests, 'client').args).toEqual([`--server=http://server.${NAMESPACE}.svc:8080`]);
  });

  test('a mount that is added appears in the pod', () => {
    const manifests = render((chart) => component(chart).addMount(scratch('tmp', '/tmp', '1Mi')));
    expect(podOf(manifests, 'demo').spec.volumes).toEqual([{ name: 'tmp', emptyDir: { sizeLimit: '1Mi' } }]);
  });

  test('lists that stay empty are not written', () => {
    const pod = podOf(rendered({ args: [], env: [], mounts: [] }), 'demo');
    expect(pod.spec).not.toHaveProperty('volumes');
    expect(pod.spec.containers[0]).not.toHaveProperty('args');
    expect(pod.spec.containers[0]).not.toHaveProperty('env');
    expect(pod.spec.containers[0]).not.toHaveProperty('volumeMounts');
  });
});

describe('clients that this program does not deploy', () => {
  const ingressOf = (admit: (demo: Component) => void) =>
    find(
      render((chart) => admit(component(chart, { ports: { http: { port: 8080 }, grpc: { port: 9090 } } }))),
      'NetworkPolicy',
    ).spec.ingress;
  const port = (number: number) => [{ port: number, protocol: 'TCP' }];

  test('are admitted by namespace and labels', () => {
    const labels = { 'app.kubernetes.io/name': 'ingress-nginx' };
    expect(ingressOf((demo) => demo.admitFrom({ namespace: 'ingress-nginx', labels }))).toEqual([
      {
        from: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'ingress-nginx' } },
            podSelector: { matchLabels: labels },
          },
        ],
        ports: port(8080),
      },
    ]);
  });

  test('are admitted by their addresses, on the port that is named', () => {
    expect(ingressOf((demo) => demo.admitFrom({ cidrs: ['10.0.0.0/16'] }, 'grpc'))).toEqual([
      { from: [{ ipBlock: { cidr: '10.0.0.0/16' } }], ports: port(9090) },
    ]);
  });

  test('do not come in by a port that does not exist', () => {
    const demo = component(testChart());
    expect(() => demo.admitFrom({ cidrs: ['10.0.0.0/16'] }, 'grpc')).toThrow('demo has no port grpc');
  });
});

test.each([
  ['Deployment', { kind: 'Deployment', replicas: 1 }],
  ['StatefulSet', stateful(1)],
  ['DaemonSet', { kind: 'DaemonSet' }],
] as const)('the default child is the %s', (kind, workload) => {
  expect(ApiObject.of(component(testChart(), { workload })).kind).toBe(kind);
});
