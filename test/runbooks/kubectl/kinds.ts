/** A kind of object, and its names on the command line. */
export interface Kind {
  readonly kind: string;
  readonly names: readonly string[];
  readonly namespaced: boolean;
}

/** A kind with its singular, its plural and its other names. */
const kind = (namespaced: boolean, name: string, others: readonly string[]): Kind => {
  const singular = name.toLowerCase();
  const plural = singular.endsWith('s') ? `${singular}es` : `${singular}s`.replace(/ys$/, 'ies');
  return { kind: name, names: [singular, plural, ...others], namespaced };
};
const namespaced = (name: string, ...others: readonly string[]) => kind(true, name, others);
const clusterWide = (name: string, ...others: readonly string[]) => kind(false, name, others);

/** The kinds that runbooks may name. */
export const KINDS: readonly Kind[] = [
  namespaced('ConfigMap', 'cm'),
  namespaced('ControllerRevision'),
  namespaced('CronJob', 'cj'),
  namespaced('DaemonSet', 'ds'),
  namespaced('Deployment', 'deploy'),
  namespaced('EndpointSlice', 'endpointslices.discovery.k8s.io'),
  namespaced('Event', 'ev'),
  namespaced('HorizontalPodAutoscaler', 'hpa'),
  namespaced('Ingress', 'ing'),
  namespaced('Job'),
  namespaced('Lease'),
  namespaced('LimitRange'),
  namespaced('NetworkPolicy', 'netpol'),
  namespaced('PersistentVolumeClaim', 'pvc'),
  namespaced('Pod', 'po'),
  namespaced('PodDisruptionBudget', 'pdb'),
  namespaced('Remediation'),
  namespaced('ReplicaSet', 'rs'),
  namespaced('ResourceQuota', 'quota'),
  namespaced('Role'),
  namespaced('RoleBinding'),
  namespaced('Secret'),
  namespaced('Service', 'svc'),
  namespaced('ServiceAccount', 'sa'),
  namespaced('StatefulSet', 'sts'),
  clusterWide('APIService'),
  clusterWide('CertificateSigningRequest', 'csr'),
  clusterWide('CSIDriver'),
  clusterWide('ClusterRole'),
  clusterWide('ClusterRoleBinding'),
  clusterWide('MutatingWebhookConfiguration'),
  clusterWide('Namespace', 'ns'),
  clusterWide('Node', 'no'),
  clusterWide('PersistentVolume', 'pv'),
  clusterWide('PriorityClass'),
  clusterWide('PriorityLevelConfiguration'),
  clusterWide('FlowSchema'),
  clusterWide('StorageClass', 'sc'),
  clusterWide('TokenReview', 'tokenreviews.authentication.k8s.io'),
  clusterWide('ValidatingAdmissionPolicy'),
  clusterWide('ValidatingWebhookConfiguration'),
  clusterWide('VolumeAttachment'),
];

/** The kind with a name on the command line. */
export function kindOf(word: string): Kind | undefined {
  return KINDS.find(({ names }) => names.includes(word.toLowerCase()));
}
