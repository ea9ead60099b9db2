import { clusterVariables, type Dashboard, defineDashboard } from './kit';
import { infrastructureOverview } from './sections/infrastructure-overview';
import { kubernetesApi } from './sections/kubernetes-api';
import { nodes } from './sections/nodes';
import { probes } from './sections/probes';
import { volumes } from './sections/volumes';
import { workloads } from './sections/workloads';

/** The cluster that the application runs on: nodes, workloads, volumes, public URLs, the Kubernetes API. */
export function infrastructure(): Dashboard {
  return defineDashboard({
    uid: 'infrastructure',
    title: 'Infrastructure',
    folder: 'Platform',
    description: 'Is the cluster healthy, what is running out, and what will run out soon?',
    tags: ['infrastructure'],
    variables: [clusterVariables.namespace, clusterVariables.node],
    annotations: [
      {
        // A rollout creates a ReplicaSet; scaling does not. A rollback reuses an old one, so it is not shown.
        name: 'Rollouts',
        times:
          '1000 * max by (namespace, replicaset) (kube_replicaset_created{namespace=~"$namespace"} > time() - 600)',
        text: '{{namespace}}/{{replicaset}}',
      },
    ],
    sections: [infrastructureOverview, nodes, workloads, volumes, probes, kubernetesApi],
  });
}
