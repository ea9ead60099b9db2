import { clusterVariables, type Dashboard, defineDashboard } from './kit';
import { kubernetesApi } from './sections/kubernetes-api';
import { nodes } from './sections/nodes';
import { infrastructureOverview } from './sections/overview';
import { probes } from './sections/probes';
import { volumes } from './sections/volumes';
import { workloads } from './sections/workloads';

/** The cluster under the application: nodes, workloads, volumes, public addresses, the Kubernetes API. */
export function infrastructure(): Dashboard {
  return defineDashboard({
    uid: 'infrastructure',
    title: 'Infrastructure',
    folder: 'Platform',
    description: 'Is the cluster healthy, what is short, and what will be short soon?',
    tags: ['infrastructure'],
    variables: [clusterVariables.namespace, clusterVariables.node],
    annotations: [
      {
        // A rollout makes a ReplicaSet; a scaling does not. A roll-back takes an old one and is not seen.
        name: 'Rollouts',
        times:
          '1000 * max by (namespace, replicaset) (kube_replicaset_created{namespace=~"$namespace"} > time() - 600)',
        text: '{{namespace}}/{{replicaset}}',
      },
    ],
    sections: [infrastructureOverview, nodes, workloads, volumes, probes, kubernetesApi],
  });
}
