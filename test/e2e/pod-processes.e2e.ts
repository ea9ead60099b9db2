import { type Kubernetes, makeNamespace, startKubernetes, WORKLOAD_CONTROLLERS } from '../../testing/kubernetes';
import { waitFor } from '../../testing/server';
import {
  buildLeakyService,
  isAlive,
  leakyDeployment,
  type PodProcess,
  type PodProcesses,
  startPodProcesses,
} from './support/pod-processes';

const NAMESPACE = 'sightedit';
const NAME = 'sightedit-backend';
const MEBIBYTE = 1024 * 1024;
const LEAKED_MEBIBYTES = 120;

/** Memory of a process, as it says itself. */
async function residentMebibytes({ url }: PodProcess): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]) / MEBIBYTE;
}

describe('Pods that are real processes', () => {
  let kubernetes: Kubernetes;
  let pods: PodProcesses;

  beforeAll(async () => {
    kubernetes = await startKubernetes(WORKLOAD_CONTROLLERS);
    await makeNamespace(kubernetes, NAMESPACE);
    pods = await startPodProcesses(kubernetes, NAMESPACE);
    const props = { name: NAME, namespace: NAMESPACE, script: buildLeakyService(), replicas: 2, memoryLimit: '128Mi' };
    await apply(leakyDeployment(props));
  });
  afterAll(async () => {
    await pods?.stop();
    await kubernetes?.stop();
  });

  const apply = async (object: object) => {
    const { code, stderr } = await kubernetes.kubectlWith(object, 'apply');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  };
  const rolledOut = async () => {
    const args = ['rollout', 'status', `deployment/${NAME}`, `--namespace=${NAMESPACE}`, '--timeout=60s'];
    const { code, stderr } = await kubernetes.kubectl(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  };
  const pids = () => pods.running().map(({ pid }) => pid);

  it('are ready when their process answers', async () => {
    await rolledOut();
    const running = pods.running();
    expect(running).toHaveLength(2);
    expect(running.every(({ pid, ready }) => ready && isAlive(pid))).toBe(true);
    expect(new Set(running.map(({ url }) => url)).size).toBe(2);
    for (const process of running) {
      expect(await residentMebibytes(process)).toBeLessThan(100);
    }
  });

  it('are replaced by a restart, and their memory is low again', async () => {
    const before = pods.running();
    for (const process of before) {
      await fetch(`${process.url}/leak?mebibytes=${LEAKED_MEBIBYTES}`, { method: 'POST' });
    }
    await waitFor('the leak', async () => {
      const resident = await Promise.all(before.map(residentMebibytes));
      return resident.every((mebibytes) => mebibytes >= LEAKED_MEBIBYTES);
    });
    expect(
      (await kubernetes.kubectl('rollout', 'restart', `deployment/${NAME}`, `--namespace=${NAMESPACE}`)).code,
    ).toBe(0);
    await rolledOut();
    await waitFor('the old processes to end', async () => !before.some(({ pid }) => isAlive(pid)));
    const after = pods.running();
    expect(after).toHaveLength(2);
    expect(after.filter(({ pid }) => before.some((old) => old.pid === pid))).toEqual([]);
    for (const process of after) {
      expect(await residentMebibytes(process)).toBeLessThan(100);
    }
  });

  it('are added when minReplicas of an autoscaler rises', async () => {
    const autoscaler = (minReplicas: number) => ({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: `${NAME}-hpa`, namespace: NAMESPACE },
      spec: {
        minReplicas,
        maxReplicas: 5,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: NAME },
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
        ],
      },
    });
    await apply(autoscaler(2));
    const before = pids();
    await apply(autoscaler(3));
    await waitFor('the third replica', async () => pods.running().filter(({ ready }) => ready).length === 3);
    expect(pids()).toEqual(expect.arrayContaining(before));
  });

  it('fail when their process ends by itself, and are replaced', async () => {
    const [victim, ...others] = pods.running();
    process.kill(victim!.pid, 'SIGKILL');
    await waitFor('another pod', async () => {
      const ready = pods.running().filter(({ ready }) => ready);
      return ready.length === 3 && ready.every(({ pod }) => pod !== victim!.pod);
    });
    expect(pids()).toEqual(expect.arrayContaining(others.map(({ pid }) => pid)));
    const { stdout } = await kubernetes.kubectl('get', 'pod', victim!.pod, `--namespace=${NAMESPACE}`, '--output=json');
    expect(JSON.parse(stdout).status).toMatchObject({ phase: 'Failed', message: 'the process ended with SIGKILL' });
  });

  it('end with their pods', async () => {
    const before = pids();
    await kubernetes.kubectl('delete', 'deployment', NAME, `--namespace=${NAMESPACE}`);
    await waitFor('the processes to end', async () => pids().length === 0 && !before.some(isAlive));
  });
});
