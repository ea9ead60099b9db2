import { type Labels, NODES, PODS, PODS_PER_DEPLOYMENT, pods } from './pods';
import { ROUTES } from './routes';

/** Pods that wait or have terminated. Only for these does kube-state-metrics report a reason. */
const FAULTY_PODS = 20;

/** Number of objects of each kind, apart from pods and nodes. */
const OBJECTS: Readonly<Record<string, number>> = {
  deployment: PODS / PODS_PER_DEPLOYMENT,
  replicaset: (3 * PODS) / PODS_PER_DEPLOYMENT,
  horizontalpodautoscaler: PODS / PODS_PER_DEPLOYMENT,
  poddisruptionbudget: PODS / PODS_PER_DEPLOYMENT,
  persistentvolumeclaim: 30,
  persistentvolume: 30,
  statefulset: 5,
  daemonset: 5,
  job_name: 20,
  cronjob: 5,
  resourcequota: 2,
};

/** Number of targets of a scrape job, where it is neither 1 nor the number of nodes or of application pods. */
export const TARGETS: Readonly<Record<string, number>> = {
  prometheus: 2,
  alertmanager: 3,
  'remediation-webhook': 2,
  apiserver: 3,
  etcd: 3,
  'kube-scheduler': 3,
  'kube-controller-manager': 3,
  'blackbox-http': 10,
};

/** The targets of a scrape job, with the labels that the job gives them. */
export function targetsOf(job: string): readonly Labels[] {
  switch (job) {
    case 'sightedit-pods':
      return pods
        .filter(({ component }) => component in ROUTES)
        .map(({ component, node, labels: { namespace, pod } }) => ({
          job,
          component,
          node,
          namespace: namespace!,
          pod: pod!,
          instance: `${pod}:3000`,
        }));
    case 'kubelet':
    case 'cadvisor':
    case 'node-exporter':
      return Array.from({ length: NODES }, (_, index) => ({ job, node: `node-${index}`, instance: `node-${index}` }));
    case 'blackbox-http':
      return Array.from({ length: TARGETS[job]! }, (_, index) => ({ job, instance: `https://site-${index}.example` }));
    default:
      return Array.from({ length: TARGETS[job] ?? 1 }, (_, index) => ({
        job,
        namespace: 'sightedit-monitoring',
        service: job,
        pod: `${job}-${index}`,
        node: `node-${index}`,
        instance: `${job}-${index}:8080`,
      }));
  }
}

/** Labels of the objects that a target reports with a metric of these labels. Most targets report only themselves. */
export function objectsOf(job: string, target: Labels, labels: readonly string[]): readonly Labels[] {
  if (job === 'cadvisor') {
    return pods.filter(({ node }) => node === target.node).map((pod) => pod.labels);
  }
  if (job === 'kubelet' && labels.includes('persistentvolumeclaim')) {
    return target.node === 'node-0' ? objectsOfKind('persistentvolumeclaim') : [];
  }
  if (job !== 'kube-state-metrics') {
    return [{}];
  }
  if (labels.includes('pod') && !labels.includes('persistentvolumeclaim')) {
    const reported = labels.includes('reason') ? pods.slice(0, FAULTY_PODS) : pods;
    return reported.map((pod) => ({ ...pod.labels, node: pod.node }));
  }
  if (labels.includes('node')) {
    return Array.from({ length: NODES }, (_, index) => ({ node: `node-${index}` }));
  }
  const kind = Object.keys(OBJECTS).find((candidate) => labels.includes(candidate));
  return kind ? objectsOfKind(kind) : [{ namespace: 'sightedit' }];
}

function objectsOfKind(kind: string): readonly Labels[] {
  if (kind === 'replicaset') {
    const owners = new Map(pods.map(({ labels: { namespace, owner_name } }) => [owner_name!, namespace!]));
    return [...owners].map(([replicaset, namespace]) => ({
      namespace,
      replicaset,
      owner_is_controller: 'true',
      owner_kind: 'Deployment',
      owner_name: replicaset.replace(/-[^-]+$/, ''),
    }));
  }
  return Array.from({ length: OBJECTS[kind]! }, (_, index) => ({
    namespace: 'sightedit',
    [kind]: `${kind}-${index}`,
    owner_is_controller: 'true',
    owner_kind: 'CronJob',
    owner_name: `${kind}-${index % 5}`,
  }));
}
