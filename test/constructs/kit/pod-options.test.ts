import { k8s } from 'cdk8s-plus-28';
import { type Component, type ComponentProps, configMapFiles, type PodOptions, scratch } from '../../../constructs';
import { containerOf, find, findAll, podOf, render, synthError, testChart } from '../../../testing/render';
import { settingError } from '../../support/setting-error';
import { component, selected, stateful } from './sample';

const rendered = (pod: PodOptions, props: Partial<ComponentProps> = {}) =>
  render((chart) => component(chart, { ...props, pod }));
const specOf = (pod: PodOptions, props: Partial<ComponentProps> = {}) => podOf(rendered(pod, props), 'demo').spec;
const refused = (pod: PodOptions, props: Partial<ComponentProps> = {}) =>
  settingError(() => component(testChart(), { ...props, pod })).message;

const WITH_VOLUME: Partial<ComponentProps> = {
  workload: { kind: 'Deployment', replicas: 1, storage: { path: '/data', size: '1Gi' } },
};
const THREE: Partial<ComponentProps> = { workload: { kind: 'Deployment', replicas: 3 } };
const AGENT: Partial<ComponentProps> = { workload: { kind: 'DaemonSet' } };

/** What a pod without a volume tolerates by default: a lost node, for a short time. */
const LOST_NODE = ['not-ready', 'unreachable'].map((condition) => ({
  key: `node.kubernetes.io/${condition}`,
  operator: 'Exists',
  effect: 'NoExecute',
  tolerationSeconds: 30,
}));

test('no options leave every manifest as it is', () => {
  for (const props of [{}, WITH_VOLUME, THREE, AGENT, { workload: stateful(2) }]) {
    expect(rendered({}, props)).toEqual(render((chart) => component(chart, props)));
  }
});

describe('scheduling', () => {
  test('node selector, affinity, priority class and pull secrets stand in the pod as they are given', () => {
    const term = { matchExpressions: [{ key: 'pool', operator: 'In', values: ['monitoring'] }] };
    const affinity = {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } },
      // A field that Kubernetes 1.28 did not know.
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', matchLabelKeys: ['hash'] }],
      },
    };
    expect(
      specOf({
        nodeSelector: { pool: 'monitoring' },
        affinity,
        priorityClassName: 'system-cluster-critical',
        imagePullSecrets: ['harbor', 'quay'],
      }),
    ).toMatchObject({
      nodeSelector: { 'kubernetes.io/os': 'linux', pool: 'monitoring' },
      affinity,
      priorityClassName: 'system-cluster-critical',
      imagePullSecrets: [{ name: 'harbor' }, { name: 'quay' }],
    });
  });

  test.each([
    ['a Deployment', {}],
    ['a StatefulSet', { workload: stateful(2) }],
    ['an agent on each node', AGENT],
  ])('%s runs on Linux nodes only, unless another system is named', (_kind, props) => {
    expect(specOf({}, props).nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' });
    expect(specOf({ nodeSelector: { 'kubernetes.io/os': 'windows' } }, props).nodeSelector).toEqual({
      'kubernetes.io/os': 'windows',
    });
  });

  test('tolerations of a lost node stay, unless the same taint is tolerated for another time', () => {
    const [notReady, unreachable] = LOST_NODE;
    const longer = { ...notReady, tolerationSeconds: 600 };
    expect(specOf({}).tolerations).toEqual(LOST_NODE);
    expect(specOf({ tolerations: [longer] }).tolerations).toEqual([longer, unreachable]);
    expect(specOf({ tolerations: [{ operator: 'Exists' }] }).tolerations).toEqual([{ operator: 'Exists' }]);
    expect(specOf({}, WITH_VOLUME)).not.toHaveProperty('tolerations');
    expect(specOf({}, { workload: stateful(1) })).not.toHaveProperty('tolerations');
  });

  test('tolerations replace the default', () => {
    const tolerations = [{ key: 'dedicated', operator: 'Equal', value: 'monitoring', effect: 'NoSchedule' }];
    expect(specOf({ tolerations }).tolerations).toEqual([...tolerations, ...LOST_NODE]);
    expect(specOf({}, AGENT).tolerations).toEqual([{ operator: 'Exists' }]);
    expect(specOf({ tolerations }, AGENT).tolerations).toEqual(tolerations);
  });

  test('constraints of topology replace the default, and select the pods unless they say otherwise', () => {
    const zones = { topologyKey: 'zone', maxSkew: 2, whenUnsatisfiable: 'DoNotSchedule', minDomains: 3 };
    const own = { ...zones, labelSelector: { matchLabels: { tier: 'backend' } } };
    expect(specOf({}, THREE).topologySpreadConstraints).toHaveLength(2);
    expect(specOf({ topologySpread: [zones, own] }, THREE).topologySpreadConstraints).toEqual([
      { ...zones, labelSelector: selected('demo') },
      own,
    ]);
    expect(specOf({ topologySpread: 'off' }, THREE)).not.toHaveProperty('topologySpreadConstraints');
  });
});

describe('labels and annotations', () => {
  test('are those of the pods, in addition to the component’s', () => {
    const manifests = rendered({ labels: { team: 'orders' }, annotations: { 'sidecar.istio.io/inject': 'true' } });
    const pod = podOf(manifests, 'demo');
    expect(pod.metadata.labels).toMatchObject({ 'app.kubernetes.io/name': 'demo', team: 'orders' });
    expect(pod.metadata.annotations).toEqual({ 'sidecar.istio.io/inject': 'true' });
    expect(find(manifests, 'Deployment').metadata.labels).not.toHaveProperty('team');
    expect(find(manifests, 'Deployment').spec.selector.matchLabels).toEqual(selected('demo').matchLabels);
  });

  test('keep the checksum of the mounted files', () => {
    const mounts = [{ ...scratch('files', '/files'), checksum: () => 'one' }];
    expect(podOf(rendered({ annotations: { a: 'b' } }, { mounts }), 'demo').metadata.annotations).toEqual({
      a: 'b',
      'checksum/config': expect.stringMatching(/^[0-9a-f]{16}$/),
      'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes': 'files',
    });
  });

  test.each(Object.keys(selected('demo').matchLabels))('may not replace %s, which selectors use', (label) => {
    expect(refused({ labels: { [label]: 'other' } })).toBe(
      `pod.labels["${label}"] is "other": selectors use it: leave it out`,
    );
  });
});

describe('the ServiceAccount', () => {
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }];
  const withRole = (pod: PodOptions) => render((chart) => component(chart, { pod }).addRole('shop', rules));

  test('gets annotations, and another name', () => {
    const annotations = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/demo' };
    const manifests = withRole({ serviceAccount: { name: 'demo-identity', annotations } });
    expect(find(manifests, 'ServiceAccount').metadata).toMatchObject({ name: 'demo-identity', annotations });
    expect(podOf(manifests, 'demo').spec.serviceAccountName).toBe('demo-identity');
    expect(find(manifests, 'RoleBinding').subjects).toMatchObject([{ name: 'demo-identity' }]);
  });

  test('may be one that exists', () => {
    const manifests = withRole({ serviceAccount: { name: 'shared', create: false } });
    expect(findAll(manifests, 'ServiceAccount')).toEqual([]);
    expect(podOf(manifests, 'demo').spec.serviceAccountName).toBe('shared');
    expect(find(manifests, 'RoleBinding').subjects).toMatchObject([{ name: 'shared' }]);
  });

  test('may have its rights from somebody else', () => {
    const given: Component[] = [];
    const manifests = render((chart) => {
      const made = component(chart, {
        pod: { serviceAccount: { name: 'shared', create: false, grantRights: false } },
      });
      made.addRole('shop', rules);
      made.addClusterRole(rules);
      made.addRole('shop', rules);
      given.push(made);
    });
    expect(manifests.map(({ kind }) => kind).filter((kind) => /Role|ServiceAccount/.test(kind))).toEqual([]);
    expect(given[0]?.rights).toEqual([
      { namespace: 'shop', rules },
      { namespace: undefined, rules },
    ]);
    // The server still has its token, and the way to the API server.
    expect(podOf(manifests, 'demo').spec).toMatchObject({
      serviceAccountName: 'shared',
      automountServiceAccountToken: true,
    });
    expect(find(manifests, 'NetworkPolicy').spec.egress).toHaveLength(2);
  });

  test('needs a name when it exists, and its own annotations', () => {
    expect(refused({ serviceAccount: { create: false } })).toBe(
      'pod.serviceAccount.name is not set: name the ServiceAccount, or let it be created',
    );
    expect(refused({ serviceAccount: { create: false, name: 'shared', annotations: { a: 'b' } } })).toBe(
      'pod.serviceAccount.annotations is {"a":"b"}: annotate the existing ServiceAccount itself',
    );
  });
});

describe('the container', () => {
  test('gets arguments after its own, those that are added later included', () => {
    const manifests = render((chart) =>
      component(chart, { args: ['--first'], pod: { extraArgs: ['--web.enable-admin-api'] } }).addArgs('--second'),
    );
    expect(containerOf(manifests, 'demo').args).toEqual(['--first', '--second', '--web.enable-admin-api']);
  });

  test('gets variables; one of the same name replaces its own', () => {
    const env = [
      { name: 'LEVEL', value: 'debug' },
      { name: 'GOMEMLIMIT', value: '900MiB' },
    ];
    const manifests = rendered({ env }, { env: [{ name: 'LEVEL', value: 'info' }] });
    expect(containerOf(manifests, 'demo').env).toEqual(env);
  });

  test('gets volumes', () => {
    const mounts = [configMapFiles('extra', 'extra-files', '/etc/extra')];
    const manifests = rendered({ mounts }, { mounts: [scratch('tmp', '/tmp')] });
    expect(podOf(manifests, 'demo').spec.volumes).toMatchObject([
      { name: 'tmp' },
      { name: 'extra', configMap: { name: 'extra-files' } },
    ]);
    expect(containerOf(manifests, 'demo').volumeMounts).toMatchObject([
      { mountPath: '/tmp' },
      { mountPath: '/etc/extra' },
    ]);
  });

  test('is not given a volume or a path twice', () => {
    const chart = testChart();
    component(chart, {
      mounts: [scratch('tmp', '/tmp')],
      pod: { mounts: [configMapFiles('tmp', 'files', '/files'), configMapFiles('more', 'files', '/tmp')] },
    });
    const message = synthError(chart);
    expect(message).toContain('duplicate volume "tmp" of demo: rename one of them');
    expect(message).toContain('duplicate mount path "/tmp" of demo: change one of them');
  });

  test.each([
    ['tag', { tag: 'v2.0.0' }, 'registry.example.com/team/demo:v2.0.0', '2.0.0'],
    [
      'digest',
      { digest: `sha256:${'a'.repeat(64)}` },
      `registry.example.com/team/demo:v1.2.3@sha256:${'a'.repeat(64)}`,
      '1.2.3',
    ],
    ['repository', { repository: 'harbor.example.com/demo' }, 'harbor.example.com/demo:v1.2.3', '1.2.3'],
  ] as const)('takes another %s', (_part, image, reference, version) => {
    const manifests = rendered({ image });
    expect(containerOf(manifests, 'demo').image).toBe(reference);
    expect(find(manifests, 'Deployment').metadata.labels['app.kubernetes.io/version']).toBe(version);
  });

  test('loses the digest of a tag that is replaced', () => {
    const image = { repository: 'example.com/demo', tag: 'v1', digest: `sha256:${'b'.repeat(64)}` };
    expect(containerOf(rendered({ image: { tag: 'v2' } }, { image }), 'demo').image).toBe('example.com/demo:v2');
    expect(containerOf(rendered({ image: { repository: 'mirror.example.com/demo' } }, { image }), 'demo').image).toBe(
      `mirror.example.com/demo:v1@sha256:${'b'.repeat(64)}`,
    );
  });

  test.each([
    [{ tag: 'a tag' }, 'pod.image.tag is "a tag": write a tag'],
    [{ digest: 'sha256:abc' }, 'pod.image.digest is "sha256:abc": write sha256: and 64 hexadecimal digits'],
    [{ repository: 'prometheus' }, 'pod.image.repository is "prometheus": write registry and repository'],
    [{ repository: 'quay.io/prometheus:v3' }, 'pod.image.repository is "quay.io/prometheus:v3"'],
  ])('refuses the image %j', (image, message) => {
    expect(refused({ image })).toContain(message);
  });
});

describe('other containers', () => {
  // Values and fields as in YAML: quantities, ports by name, and a field that is newer than Kubernetes 1.28.
  const agent = {
    name: 'agent',
    image: 'registry.example.com/agent:1.0',
    resources: { limits: { memory: '64Mi', cpu: '100m' } },
    livenessProbe: { httpGet: { path: '/', port: 8081 } },
    restartPolicyRules: [{ action: 'Restart' }],
  };
  const security = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, readOnlyRootFilesystem: true };

  test('run beside the server and before it, with every field that is given', () => {
    const native = { ...agent, name: 'native', restartPolicy: 'Always' };
    const spec = specOf({ sidecars: [agent], initContainers: [native] });
    expect(spec.containers.map(({ name }: { name: string }) => name)).toEqual(['demo', 'agent']);
    expect(spec.containers[1]).toEqual({ ...agent, imagePullPolicy: 'IfNotPresent', securityContext: security });
    expect(spec.initContainers).toEqual([{ ...native, imagePullPolicy: 'IfNotPresent', securityContext: security }]);
  });

  test('keep their own security context', () => {
    const securityContext = { runAsUser: 0 };
    expect(specOf({ sidecars: [{ ...agent, securityContext }] }).containers[1].securityContext).toEqual(
      securityContext,
    );
  });

  test.each([
    ['the server’s', { sidecars: [{ ...agent, name: 'demo' }] }, 'demo'],
    ['each other’s', { sidecars: [agent], initContainers: [agent] }, 'agent'],
  ])('do not take %s name', (_whose, pod, name) => {
    expect(refused(pod)).toBe(
      `pod.initContainers and sidecars is "${name}": another container of the pod has this name: rename one of them`,
    );
  });
});

describe('resources', () => {
  const of = (resources: PodOptions['resources']) => containerOf(rendered({ resources }), 'demo').resources;

  test.each([
    ['another memory request', { requests: { memory: '2Gi' } }, { cpu: '10m', memory: '2Gi' }, { memory: '2Gi' }],
    ['another memory limit', { limits: { memory: '16Mi' } }, { cpu: '10m', memory: '16Mi' }, { memory: '16Mi' }],
    [
      'room to burst',
      { requests: { memory: '32Mi' }, limits: { memory: '1Gi', cpu: '2' } },
      { cpu: '10m', memory: '32Mi' },
      { memory: '1Gi', cpu: '2' },
    ],
    [
      'other resources',
      { requests: { cpu: '0.5', 'ephemeral-storage': '1Gi' } },
      { cpu: '0.5', memory: '32Mi', 'ephemeral-storage': '1Gi' },
      { memory: '32Mi' },
    ],
  ])('%s', (_name, resources, requests, limits) => {
    expect(of(resources)).toEqual({ requests, limits });
  });

  test.each([
    [
      { limits: { memory: '64 MB' } },
      'pod.resources.limits.memory is "64 MB": write a Kubernetes quantity, e.g. 512Mi',
    ],
    [{ requests: { cpu: 'two' } }, 'pod.resources.requests.cpu is "two": write a Kubernetes quantity, e.g. 500m'],
    [{ requests: { cpu: '0' } }, 'pod.resources.requests.cpu is "0": write a Kubernetes quantity, e.g. 500m'],
    [{ limits: { memory: '512m' } }, 'pod.resources.limits.memory is "512m": m means a thousandth; write e.g. 512Mi'],
    [
      { requests: { memory: '2Gi' }, limits: { memory: '1500M' } },
      'pod.resources.requests.memory is "2Gi": the limit is 1500M: request at most as much',
    ],
    [{ limits: { cpu: '5m' } }, 'pod.resources.requests.cpu is "10m": the limit is 5m: request at most as much'],
  ])('refuses %j', (resources, message) => {
    expect(refused({ resources })).toBe(message);
  });

  test('are named as the caller wrote them', () => {
    const props = { podSetting: 'sqlPod', pod: { resources: { limits: { memory: 'much' } } } };
    expect(settingError(() => component(testChart(), props)).setting).toBe('sqlPod.resources.limits.memory');
  });
});

describe('the update strategy', () => {
  const rollingUpdate = { maxUnavailable: '25%', maxSurge: 1 };

  test('is that of the kind of workload, with percentages and numbers', () => {
    const deployment = find(rendered({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } }), 'Deployment');
    expect(deployment.spec.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate });
    const daemonSet = find(rendered({ updateStrategy: { type: 'OnDelete' } }, AGENT), 'DaemonSet');
    expect(daemonSet.spec.updateStrategy).toEqual({ type: 'OnDelete' });
    const strategy = { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } as const;
    const statefulSet = find(rendered({ updateStrategy: strategy }, { workload: stateful(2) }), 'StatefulSet');
    expect(statefulSet.spec.updateStrategy).toEqual(strategy);
  });

  test.each([
    ['OnDelete', {}, 'a Deployment takes one of RollingUpdate, Recreate'],
    ['Recreate', AGENT, 'a DaemonSet takes one of RollingUpdate, OnDelete'],
    ['Recreate', { workload: stateful(1) }, 'a StatefulSet takes one of RollingUpdate, OnDelete'],
    [
      'RollingUpdate',
      WITH_VOLUME,
      'the old pod must release the volume before the new one can mount it: write Recreate',
    ],
  ] as const)('%s is refused where it cannot work', (type, props, fix) => {
    expect(refused({ updateStrategy: { type } }, props)).toBe(`pod.updateStrategy.type is "${type}": ${fix}`);
  });
});

describe('replicas', () => {
  test('come with a disruption budget and are spread', () => {
    const manifests = rendered({ replicas: 2 });
    expect(find(manifests, 'Deployment').spec.replicas).toBe(2);
    expect(findAll(manifests, 'PodDisruptionBudget')).toHaveLength(1);
    expect(podOf(manifests, 'demo').spec.topologySpreadConstraints).toHaveLength(2);
  });

  test.each([
    [2, { fixedReplicas: 'write the prop replicas of Demo' }, 'write the prop replicas of Demo'],
    [2, WITH_VOLUME, 'only one pod can mount the volume: leave it at 1'],
    [2, AGENT, 'there is one pod on each node: choose the nodes with nodeSelector'],
    [0, {}, 'write a whole number, from 1'],
    [1.5, {}, 'write a whole number, from 1'],
  ])('%d are refused where they cannot be', (replicas, props, fix) => {
    expect(refused({ replicas }, props)).toBe(`pod.replicas is ${replicas}: ${fix}`);
  });
});

describe('the security context', () => {
  test('has no fixed ids on OpenShift', () => {
    expect(specOf({ securityContext: 'openshift' }).securityContext).toEqual({
      runAsNonRoot: true,
      fsGroupChangePolicy: 'OnRootMismatch',
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(specOf({ securityContext: 'restricted' })).toEqual(specOf({}));
  });

  test('is one of two', () => {
    expect(refused({ securityContext: 'root' as 'openshift' })).toBe(
      'pod.securityContext is "root": write one of restricted, openshift',
    );
  });
});

describe('the grace period', () => {
  test('replaces the component’s', () => {
    expect(specOf({ terminationGracePeriodSeconds: 5 }, { terminationGraceSeconds: 600 })).toMatchObject({
      terminationGracePeriodSeconds: 5,
    });
    expect(specOf({ terminationGracePeriodSeconds: 0 }).terminationGracePeriodSeconds).toBe(0);
  });

  test.each([-1, 1.5])('is refused as %d', (seconds) => {
    expect(refused({ terminationGracePeriodSeconds: seconds })).toBe(
      `pod.terminationGracePeriodSeconds is ${seconds}: write a whole number of seconds, from 0`,
    );
  });
});

test('typed values of cdk8s are written as text and numbers', () => {
  const limits = { memory: k8s.Quantity.fromString('64Mi') };
  const port = k8s.IntOrString.fromNumber(8081);
  const agent = {
    name: 'agent',
    image: 'example.com/agent:1',
    resources: { limits },
    readinessProbe: { tcpSocket: { port } },
  };
  expect(specOf({ sidecars: [agent] }).containers[1]).toMatchObject({
    resources: { limits: { memory: '64Mi' } },
    readinessProbe: { tcpSocket: { port: 8081 } },
  });
});
