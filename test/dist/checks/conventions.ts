import { describeManifest, type Manifest, ofKind } from '../../../testing/manifests';
import { APPLICATION_NAMESPACE, SYSTEM_NAMESPACES } from '../graph/outside';

/** Kinds without a namespace. */
const CLUSTER_SCOPED = [
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'Namespace',
  'PersistentVolume',
  'PriorityClass',
  'StorageClass',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
];

/**
 * Largest object, as JSON. A client-side `kubectl apply` keeps a copy of the object in an annotation, whose limit is
 * 262,144 bytes.
 */
const MAX_BYTES = 200_000;

/** Nothing is null: the API server drops it, and the next `kubectl apply` finds a change. */
export function nullValues(manifests: readonly Manifest[]): string[] {
  return manifests.flatMap((manifest) =>
    nullPaths(manifest, []).map((path) => `${describeManifest(manifest)}: ${path} is null`),
  );
}

/** Every object is written once. */
export function objectNames(manifests: readonly Manifest[]): string[] {
  const names = manifests.map(
    (manifest) => `${manifest.apiVersion.replace(/\/[^/]+$/, '')} ${describeManifest(manifest)}`,
  );
  return names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} is written twice`);
}

/** Namespaced objects say in which namespace they are, others do not, and every namespace is made by someone. */
export function objectNamespaces(manifests: readonly Manifest[]): string[] {
  const known = [
    ...ofKind(manifests, 'Namespace').map(({ metadata }) => metadata.name),
    APPLICATION_NAMESPACE,
    ...SYSTEM_NAMESPACES,
  ];
  return manifests.flatMap((manifest) => {
    const { namespace } = manifest.metadata;
    const problem = CLUSTER_SCOPED.includes(manifest.kind)
      ? namespace !== undefined && 'is cluster-scoped but carries a namespace'
      : namespace === undefined
        ? 'carries no namespace'
        : !known.includes(namespace) && `is in namespace ${namespace}, which nobody makes`;
    return problem ? [`${describeManifest(manifest)} ${problem}`] : [];
  });
}

/** No Secret is written: credentials reach the cluster another way. */
export function secretObjects(manifests: readonly Manifest[]): string[] {
  return ofKind(manifests, 'Secret').map((secret) => `${describeManifest(secret)} is written to dist`);
}

/** Every object fits into the annotation in which kubectl keeps it. */
export function objectSizes(manifests: readonly Manifest[]): string[] {
  return manifests
    .map((manifest) => ({ manifest, bytes: Buffer.byteLength(JSON.stringify(manifest)) }))
    .filter(({ bytes }) => bytes >= MAX_BYTES)
    .map(({ manifest, bytes }) => `${describeManifest(manifest)} has ${bytes} bytes, not less than ${MAX_BYTES}`);
}

function nullPaths(node: unknown, path: readonly string[]): string[] {
  return node === null
    ? [path.join('.')]
    : typeof node === 'object'
      ? Object.entries(node).flatMap(([key, child]) => nullPaths(child, [...path, key]))
      : [];
}
