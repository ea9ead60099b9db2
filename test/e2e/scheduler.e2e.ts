import { join } from 'node:path';
import { temporaryDirectory } from '../../testing/cleanup';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import { type Manifest, ofKind } from '../../testing/manifests';
import { sightEditPlatform } from '../../testing/platform';
import { podOf } from '../../testing/render';
import { freePorts, type Server, startServer, waitFor } from '../../testing/server';
import { describeWithTools } from '../support/tools';

/** A node: what keeps pods off it. */
type Node = 'worker' | 'cordoned' | 'control plane';

const TAINTS: { readonly [node in Node]: object } = {
  worker: {},
  // The node controller adds the taint to a cordoned node.
  cordoned: { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] },
  'control plane': { taints: [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] },
};

const NAMESPACE = 'scheduling';

describeWithTools(['kube-scheduler'], 'the scheduler of Kubernetes', () => {
  const { manifests } = sightEditPlatform();
  let kubernetes: Kubernetes;
  let scheduler: Server;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await makeNamespace(kubernetes, NAMESPACE);
    for (const priorityClass of ofKind(manifests, 'PriorityClass')) {
      await kubernetes.kubectlWith(priorityClass, 'create');
    }
    const [port = 0] = await freePorts(1);
    scheduler = await startServer('kube-scheduler', {
      command: 'kube-scheduler',
      args: [
        `--kubeconfig=${kubernetes.kubeconfig}`,
        `--authentication-kubeconfig=${kubernetes.kubeconfig}`,
        `--authorization-kubeconfig=${kubernetes.kubeconfig}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${port}`,
        `--cert-dir=${join(temporaryDirectory(), 'certificates')}`,
        '--leader-elect=false',
      ],
      // The tests wait for its decisions.
      ready: async () => true,
    });
  });
  afterAll(async () => {
    await scheduler?.stop();
    await kubernetes?.stop();
  });
  afterEach(async () => {
    await kubernetes.kubectl('delete', 'pods', '--all', `--namespace=${NAMESPACE}`, '--grace-period=0', '--force');
    await kubernetes.kubectl('delete', 'nodes', '--all');
  });

  const addNode = async (name: string, spec: object) => {
    const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' };
    await kubernetes.send('POST', '/api/v1/nodes', { metadata: { name, labels }, spec });
    const status = {
      capacity: { cpu: '8', memory: '32Gi', pods: '110' },
      allocatable: { cpu: '8', memory: '32Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    const merge = 'application/merge-patch+json';
    await kubernetes.send('PATCH', `/api/v1/nodes/${name}/status`, { status }, merge);
    // Admission taints a new node until a kubelet says that it is ready.
    await kubernetes.send('PATCH', `/api/v1/nodes/${name}`, { spec: { taints: null, ...spec } }, merge);
  };

  /** A pod of a workload without what needs other objects: volumes and the account. */
  const podFor = (workload: string, n: number, change: (spec: Manifest['spec']) => void): Manifest => {
    const { metadata, spec } = structuredClone(podOf(manifests, workload));
    const { volumes: _, serviceAccountName: __, ...rest } = spec;
    const containers = spec.containers.map(({ volumeMounts: _mounts, ...container }: Manifest) => container);
    // A Deployment's controller adds the label.
    const labels = { ...metadata.labels, 'pod-template-hash': 'one' };
    const pod = { ...rest, containers };
    change(pod);
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `${workload}-${n}`, namespace: NAMESPACE, labels },
      spec: pod,
    };
  };

  /** The nodes of the pods, sorted; `pending` for a pod that finds none. */
  const placesOf = async (
    workload: string,
    replicas: number,
    nodes: readonly Node[],
    change: (spec: Manifest['spec']) => void = () => {},
  ) => {
    for (const [n, kind] of nodes.entries()) {
      await addNode(`${kind.replace(' ', '-')}-${n}`, TAINTS[kind]);
    }
    const places: string[] = [];
    for (let n = 0; n < replicas; n++) {
      const pod = podFor(workload, n, change);
      await kubernetes.send('POST', `/api/v1/namespaces/${NAMESPACE}/pods`, pod);
      let known: Manifest | undefined;
      await waitFor(`a decision about ${pod.metadata.name}`, async () => {
        const path = `/api/v1/namespaces/${NAMESPACE}/pods/${pod.metadata.name}`;
        known = await kubernetes.send<Manifest>('GET', path);
        return known.status.conditions?.some(({ type }: { type: string }) => type === 'PodScheduled') ?? false;
      });
      places.push(known!.spec.nodeName ?? 'pending');
    }
    return places.sort();
  };

  /** The default of Kubernetes, as before. */
  const ignoringTaints = (spec: Manifest['spec']) => {
    for (const constraint of spec.topologySpreadConstraints) {
      delete constraint.nodeTaintsPolicy;
    }
  };

  it.each<[string, string, number, readonly Node[], readonly string[]]>([
    ['on three nodes', 'alertmanager', 3, ['worker', 'worker', 'worker'], ['worker-0', 'worker-1', 'worker-2']],
    ['while a node is drained', 'alertmanager', 3, ['worker', 'worker', 'cordoned'], ['worker-0', 'worker-1']],
    ['on two workers', 'alertmanager', 3, ['worker', 'worker', 'control plane'], ['worker-0', 'worker-1']],
    ['on the only node', 'alertmanager', 3, ['worker'], ['worker-0']],
    ['on the only worker', 'prometheus', 2, ['worker', 'control plane'], ['worker-0']],
    ['while the other node is drained', 'remediation-webhook', 2, ['worker', 'cordoned'], ['worker-0']],
  ])('places every replica %s: %s', async (_name, workload, replicas, nodes, expected) => {
    const places = await placesOf(workload, replicas, nodes);
    expect(places).toHaveLength(replicas);
    expect([...new Set(places)]).toEqual(expected);
  });

  it.each<[string, number, readonly Node[]]>([
    ['alertmanager', 3, ['worker', 'worker', 'cordoned']],
    ['alertmanager', 3, ['worker', 'worker', 'control plane']],
    ['prometheus', 2, ['worker', 'control plane']],
    ['remediation-webhook', 2, ['worker', 'cordoned']],
  ])('would leave a pod of %s pending if tainted nodes counted', async (workload, replicas, nodes) => {
    expect(await placesOf(workload, replicas, nodes, ignoringTaints)).toContain('pending');
  });

  it('takes room from an application for an agent, and never for a server', async () => {
    await addNode('worker-0', {});
    const filler = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'application', namespace: NAMESPACE },
      spec: {
        containers: [
          { name: 'app', image: 'app', resources: { requests: { cpu: '7990m' }, limits: { cpu: '7990m' } } },
        ],
      },
    };
    await kubernetes.send('POST', `/api/v1/namespaces/${NAMESPACE}/pods`, filler);
    const scheduled = async (name: string) =>
      (await kubernetes.send<Manifest>('GET', `/api/v1/namespaces/${NAMESPACE}/pods/${name}`)).status.conditions?.find(
        ({ type }: { type: string }) => type === 'PodScheduled',
      );
    await waitFor('the application', async () => (await scheduled('application'))?.status === 'True');
    for (const workload of ['grafana', 'node-exporter']) {
      const pod = podFor(workload, 0, (spec) => {
        spec.containers[0].resources = { requests: { cpu: '100m' } };
      });
      await kubernetes.send('POST', `/api/v1/namespaces/${NAMESPACE}/pods`, pod);
      await waitFor(`a decision about ${workload}`, async () => (await scheduled(`${workload}-0`)) !== undefined);
    }
    expect((await scheduled('grafana-0')).message).toContain('not eligible due to preemptionPolicy=Never');
    await waitFor('room for the agent', async () => {
      const pods = `/api/v1/namespaces/${NAMESPACE}/pods`;
      const { items } = await kubernetes.send<{ items: Manifest[] }>('GET', pods);
      const application = items.find(({ metadata }) => metadata.name === 'application');
      return application === undefined || application.metadata.deletionTimestamp !== undefined;
    });
  });
});
