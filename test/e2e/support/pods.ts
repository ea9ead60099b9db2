import { KubernetesClient, RESOURCES } from '../../../remediation/kubernetes';
import type { Kubernetes } from '../../../testing/kubernetes';

interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const loops = new Set<() => Promise<void>>();
afterAll(() => Promise.all([...loops].map((stop) => stop())));

/**
 * Marks every pod of a namespace as running and ready, in the place of a kubelet. Nothing runs, but the real
 * controllers complete their rollouts. It ends with the test.
 */
export function readyPods({ connection }: Kubernetes, namespace: string): void {
  const client = new KubernetesClient(connection);
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      const pods = await client.list<Pod>(RESOURCES.pods, namespace).catch(() => []);
      for (const { metadata, status } of pods) {
        if (!status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')) {
          const reference = { resource: RESOURCES.pods, namespace, name: metadata.name, subresource: 'status' };
          await client.patch(reference, 'strategic', { status: READY }).catch(() => {});
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  loops.add(async () => {
    stopped = true;
    await loop;
    client.close();
  });
}

const READY = {
  phase: 'Running',
  conditions: ['Ready', 'ContainersReady', 'Initialized', 'PodScheduled'].map((type) => ({ type, status: 'True' })),
};
