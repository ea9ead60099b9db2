import { connect } from 'node:net';
import { join } from 'node:path';
import type { MonitoringInput } from '../../charts';
import { temporaryDirectory } from '../../testing/cleanup';
import { layOutAlertmanager } from '../../testing/files';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import { describeManifest, type Manifest, ofKind, WORKLOAD_KINDS } from '../../testing/manifests';
import { sightEditPlatform } from '../../testing/platform';
import { containerOf } from '../../testing/render';
import { answers, freePorts, getJson, type Server, startServer, waitFor } from '../../testing/server';
import { installCiliumPolicies } from './support/cilium';

describe('Alertmanagers with IPv6 addresses', () => {
  const { manifests } = sightEditPlatform();
  const written: readonly string[] = containerOf(manifests, 'alertmanager').args;
  const running: Server[] = [];
  afterAll(() => Promise.all(running.map((server) => server.stop())));

  /** The cluster's arguments in the pod with an address, with ports that are free here. */
  const clusterArgs = (podIp: string, port: number, peers: readonly string[]) => [
    ...written
      .filter((arg) => /^--cluster\.(listen|advertise)-address=/.test(arg))
      .map((arg) => arg.replace('$(POD_IP)', podIp).replace(/\d+$/, String(port))),
    ...peers.map((peer) => `--cluster.peer=${peer}`),
  ];

  const start = async (cluster: readonly string[], [host, port]: readonly [string, number]) => {
    const root = temporaryDirectory();
    const server = await startServer(`alertmanager-${port}`, {
      command: 'alertmanager',
      args: [
        `--config.file=${layOutAlertmanager(manifests, root)}`,
        `--storage.path=${join(root, 'data')}`,
        `--web.listen-address=:${port}`,
        '--web.external-url=http://localhost:9093',
        '--web.route-prefix=/',
        ...cluster,
      ],
      ready: () => answers(`http://${host}:${port}/-/ready`),
      timeoutSeconds: 20,
    });
    running.push(server);
    return `http://${host}:${port}`;
  };

  it.each([
    ['IPv6', '::1', '[::1]'],
    ['IPv4', '127.0.0.1', '127.0.0.1'],
  ])('find each other at %s', async (_family, podIp, host) => {
    const [web = 0, otherWeb = 0, gossip = 0, otherGossip = 0] = await freePorts(4);
    const peers = [gossip, otherGossip].map((port) => `${host}:${port}`);
    const url = await start(clusterArgs(podIp, gossip, peers), [host, web]);
    await start(clusterArgs(podIp, otherGossip, peers), [host, otherWeb]);
    await waitFor('two members', async () => {
      const { cluster } = await getJson<{ cluster: { peers: { address: string }[] } }>(`${url}/api/v2/status`);
      return (
        cluster.peers
          .map(({ address }) => address)
          .sort()
          .join() === peers.toSorted().join()
      );
    });
  });

  it('would not start without brackets', async () => {
    const [web = 0, gossip = 0] = await freePorts(2);
    const args = clusterArgs('::1', gossip, []).map((arg) => arg.replace(/[[\]]/g, ''));
    await expect(start(args, ['[::1]', web])).rejects.toThrow('too many colons in address');
  });

  it('listen on both families with the address that the argument names', async () => {
    const [web = 0, gossip = 0] = await freePorts(2);
    await start(clusterArgs('::1', gossip, []), ['[::1]', web]);
    for (const host of ['::1', '127.0.0.1']) {
      await new Promise<void>((resolve, reject) => {
        const socket = connect(gossip, host, () => socket.end(resolve));
        socket.once('error', reject);
      });
    }
  });
});

/** Networks that the settings can state. */
const VARIANTS: readonly [name: string, changes: Partial<MonitoringInput>][] = [
  ['a cluster with Cilium', { network: { policies: 'cilium' } }],
  ['a cluster without policies', { network: { policies: 'none' } }],
  [
    'EKS with IPv6',
    { network: { ipFamilies: ['IPv6'], nodeCidrs: ['2001:db8:12:1a00::/56'], apiCidrs: ['2001:db8:12:1a00::/56'] } },
  ],
  [
    'a dual-stack cluster with public addresses',
    {
      platform: 'kubeadm',
      network: {
        ipFamilies: ['IPv4', 'IPv6'],
        nodeCidrs: ['198.51.100.0/24', '2001:db8::/64'],
        apiCidrs: ['198.51.100.7/32', '2001:db8::7/128'],
        internetExceptCidrs: ['198.51.100.0/24', '2001:db8::/48'],
      },
    },
  ],
  [
    'OpenShift',
    {
      platform: 'kubeadm',
      network: {
        dnsPods: [
          {
            namespace: 'openshift-dns',
            labels: { 'dns.operator.openshift.io/daemonset-dns': 'default' },
            port: 5353,
          },
        ],
        dnsCidrs: [],
        ingress: [{ namespace: 'openshift-ingress', labels: {} }],
      },
    },
  ],
  ['GKE with a public API server', { platform: 'gke', network: { apiCidrs: ['203.0.113.7/32'] } }],
  [
    'an ingress of Cilium, a controller and a balancer',
    {
      network: {
        policies: 'cilium',
        ingress: [
          { entities: ['ingress'] },
          { namespace: 'ingress-nginx', labels: { 'app.kubernetes.io/name': 'ingress-nginx' } },
          { cidrs: ['10.0.0.0/16'] },
        ],
      },
    },
  ],
  ['a cluster with priority classes of its own', { scheduling: { serverPriorityClass: 'business-critical' } }],
];

/** Nodes of a cluster, by the labels that tell what they can run. */
const NODES: { readonly [name: string]: Record<string, string> } = {
  linux: { 'kubernetes.io/os': 'linux' },
  cordoned: { 'kubernetes.io/os': 'linux' },
  windows: { 'kubernetes.io/os': 'windows' },
  fargate: { 'kubernetes.io/os': 'linux', 'eks.amazonaws.com/compute-type': 'fargate' },
  virtual: { 'kubernetes.io/os': 'linux', type: 'virtual-kubelet' },
};

describe('on a real API server', () => {
  let kubernetes: Kubernetes;
  beforeAll(async () => {
    kubernetes = await startKubernetes(['daemonset-controller']);
    await installCiliumPolicies(kubernetes);
    await makeNamespace(kubernetes, 'sightedit');
  });
  afterAll(() => kubernetes?.stop());

  const apply = async (items: readonly Manifest[], ...flags: readonly string[]) => {
    const list = { apiVersion: 'v1', kind: 'List', items };
    const { code, stderr } = await kubernetes.kubectlWith(list, 'apply', '--validate=strict', ...flags);
    return { code, stderr };
  };
  const OK = { code: 0, stderr: '' };

  it.each(VARIANTS)('the manifests of %s are accepted', async (_name, changes) => {
    const { manifests } = sightEditPlatform(changes);
    const small = manifests.filter(
      ({ kind, data }) => !(kind === 'ConfigMap' && JSON.stringify(data).length > 200_000),
    );
    expect(await apply(ofKind(small, 'Namespace'))).toEqual(OK);
    expect(await apply(small, '--dry-run=server')).toEqual(OK);
  });

  it('a policy of Cilium with a field that it does not know is refused', async () => {
    const [policy] = ofKind(sightEditPlatform({ network: { policies: 'cilium' } }).manifests, 'CiliumNetworkPolicy');
    const wrong = { ...policy!, spec: { ...policy!.spec, egress: [{ toEntities: ['nodes'] }] } };
    expect(await apply([wrong], '--dry-run=server')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Unsupported value: "nodes"'),
    });
  });

  it('the DaemonSet controller wants a pod on each node that can run one, and on no other', async () => {
    for (const [name, labels] of Object.entries(NODES)) {
      const spec = name === 'cordoned' ? { unschedulable: true } : {};
      await kubernetes.send('POST', '/api/v1/nodes', { metadata: { name, labels }, spec });
    }
    const { manifests } = sightEditPlatform();
    const parts = manifests.filter(
      ({ kind, metadata }) =>
        ['Namespace', 'PriorityClass'].includes(kind) || metadata.namespace === 'sightedit-monitoring-node',
    );
    const workloads = parts.filter(({ kind }) => WORKLOAD_KINDS.includes(kind));
    expect(workloads.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort()).toEqual([
      'DaemonSet log-collector',
      'DaemonSet node-exporter',
    ]);
    expect(await apply(parts)).toEqual(OK);
    for (const { metadata } of workloads) {
      const path = `/apis/apps/v1/namespaces/${metadata.namespace}/daemonsets/${metadata.name}/status`;
      const status = async () => (await kubernetes.send<Manifest>('GET', path)).status;
      await waitFor('the pods of the DaemonSet', async () => (await status()).currentNumberScheduled > 0);
      expect(await status()).toMatchObject({ desiredNumberScheduled: 2, currentNumberScheduled: 2 });
    }
    const { items } = await kubernetes.send<{ items: Manifest[] }>('GET', '/api/v1/pods');
    expect(items.map(describeManifest)).toHaveLength(4);
    expect(items.map(({ spec }) => spec.priority)).toEqual(Array(4).fill(1_000_100));
  });
});
