import type { ApiObject } from 'cdk8s';
import { transform } from './patch';

/**
 * Kinds of Kubernetes itself that belong to no namespace, as `kubectl api-resources --namespaced=false` lists them, and
 * those of the operators that these constructs know.
 */
const CLUSTER_KINDS: ReadonlySet<string> = new Set([
  'APIService.apiregistration.k8s.io',
  'CertificateSigningRequest.certificates.k8s.io',
  'ClusterIssuer.cert-manager.io',
  'ClusterRole.rbac.authorization.k8s.io',
  'ClusterRoleBinding.rbac.authorization.k8s.io',
  'ClusterSecretStore.external-secrets.io',
  'ClusterTrustBundle.certificates.k8s.io',
  'CSIDriver.storage.k8s.io',
  'CSINode.storage.k8s.io',
  'CustomResourceDefinition.apiextensions.k8s.io',
  'DeviceClass.resource.k8s.io',
  'FlowSchema.flowcontrol.apiserver.k8s.io',
  'GatewayClass.gateway.networking.k8s.io',
  'IngressClass.networking.k8s.io',
  'IPAddress.networking.k8s.io',
  'MutatingAdmissionPolicy.admissionregistration.k8s.io',
  'MutatingAdmissionPolicyBinding.admissionregistration.k8s.io',
  'MutatingWebhookConfiguration.admissionregistration.k8s.io',
  'Namespace.core',
  'Node.core',
  'PersistentVolume.core',
  'PriorityClass.scheduling.k8s.io',
  'PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io',
  'ResourceSlice.resource.k8s.io',
  'RuntimeClass.node.k8s.io',
  'ServiceCIDR.networking.k8s.io',
  'StorageClass.storage.k8s.io',
  'ValidatingAdmissionPolicy.admissionregistration.k8s.io',
  'ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io',
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
  'VolumeAttachment.storage.k8s.io',
  'VolumeAttributesClass.storage.k8s.io',
]);

const marked = new WeakSet<ApiObject>();

/**
 * Removes the namespace from a cluster-scoped object: cdk8s stamps the chart's namespace on every object, and strict
 * validators reject it here.
 */
export function clusterScoped<T extends ApiObject>(object: T): T {
  marked.add(object);
  transform(object, (manifest) => {
    const { namespace: _, ...metadata } = manifest.metadata as { readonly namespace?: string };
    return { ...manifest, metadata };
  });
  return object;
}

/** Whether an object belongs to no namespace, though cdk8s may have stamped the chart's namespace on it. */
export function isClusterScoped(object: ApiObject): boolean {
  return marked.has(object) || CLUSTER_KINDS.has(`${object.kind}.${object.apiGroup}`);
}
