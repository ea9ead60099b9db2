/** A kind of object, and what people call it on the command line. */
export interface Kind {
  readonly kind: string;
  readonly names: readonly string[];
  readonly namespaced: boolean;
}

const namespaced = (kind: string, ...names: readonly string[]): Kind => ({ kind, names, namespaced: true });
const clusterWide = (kind: string, ...names: readonly string[]): Kind => ({ kind, names, namespaced: false });

/** Kinds of Kubernetes and of our own that playbooks may name. */
export const KINDS: readonly Kind[] = [
  namespaced('ConfigMap', 'configmap', 'configmaps', 'cm'),
  namespaced('ControllerRevision', 'controllerrevision', 'controllerrevisions'),
  namespaced('CronJob', 'cronjob', 'cronjobs', 'cj'),
  namespaced('DaemonSet', 'daemonset', 'daemonsets', 'ds'),
  namespaced('Deployment', 'deployment', 'deployments', 'deploy'),
  namespaced('EndpointSlice', 'endpointslice', 'endpointslices', 'endpointslices.discovery.k8s.io'),
  namespaced('Event', 'event', 'events', 'ev'),
  namespaced('HorizontalPodAutoscaler', 'horizontalpodautoscaler', 'horizontalpodautoscalers', 'hpa'),
  namespaced('Ingress', 'ingress', 'ingresses', 'ing'),
  namespaced('Job', 'job', 'jobs'),
  namespaced('Lease', 'lease', 'leases'),
  namespaced('LimitRange', 'limitrange', 'limitranges'),
  namespaced('NetworkPolicy', 'networkpolicy', 'networkpolicies', 'netpol'),
  namespaced('PersistentVolumeClaim', 'persistentvolumeclaim', 'persistentvolumeclaims', 'pvc'),
  namespaced('Pod', 'pod', 'pods', 'po'),
  namespaced('PodDisruptionBudget', 'poddisruptionbudget', 'poddisruptionbudgets', 'pdb'),
  namespaced('Remediation', 'remediation', 'remediations'),
  namespaced('ReplicaSet', 'replicaset', 'replicasets', 'rs'),
  namespaced('ResourceQuota', 'resourcequota', 'resourcequotas', 'quota'),
  namespaced('Role', 'role', 'roles'),
  namespaced('RoleBinding', 'rolebinding', 'rolebindings'),
  namespaced('Secret', 'secret', 'secrets'),
  namespaced('Service', 'service', 'services', 'svc'),
  namespaced('ServiceAccount', 'serviceaccount', 'serviceaccounts', 'sa'),
  namespaced('StatefulSet', 'statefulset', 'statefulsets', 'sts'),
  clusterWide('APIService', 'apiservice', 'apiservices'),
  clusterWide('CertificateSigningRequest', 'certificatesigningrequest', 'certificatesigningrequests', 'csr'),
  clusterWide('CSIDriver', 'csidriver', 'csidrivers'),
  clusterWide('ClusterRole', 'clusterrole', 'clusterroles'),
  clusterWide('ClusterRoleBinding', 'clusterrolebinding', 'clusterrolebindings'),
  clusterWide('MutatingWebhookConfiguration', 'mutatingwebhookconfiguration', 'mutatingwebhookconfigurations'),
  clusterWide('Namespace', 'namespace', 'namespaces', 'ns'),
  clusterWide('Node', 'node', 'nodes', 'no'),
  clusterWide('PersistentVolume', 'persistentvolume', 'persistentvolumes', 'pv'),
  clusterWide('PriorityClass', 'priorityclass', 'priorityclasses'),
  clusterWide('PriorityLevelConfiguration', 'prioritylevelconfiguration', 'prioritylevelconfigurations'),
  clusterWide('FlowSchema', 'flowschema', 'flowschemas'),
  clusterWide('StorageClass', 'storageclass', 'storageclasses', 'sc'),
  clusterWide('TokenReview', 'tokenreview', 'tokenreviews', 'tokenreviews.authentication.k8s.io'),
  clusterWide('ValidatingAdmissionPolicy', 'validatingadmissionpolicy', 'validatingadmissionpolicies'),
  clusterWide('ValidatingWebhookConfiguration', 'validatingwebhookconfiguration', 'validatingwebhookconfigurations'),
  clusterWide('VolumeAttachment', 'volumeattachment', 'volumeattachments'),
];

/** The kind that a word of the command line means. */
export function kindOf(word: string): Kind | undefined {
  return KINDS.find(({ names }) => names.includes(word.toLowerCase()));
}
