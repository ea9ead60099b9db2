import { repeated } from '../../../rules/checks';
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
 * Largest object, as JSON. A client-side `kubectl apply` copies the object into an annotation, and the annotations of
 * an object may have 262,144 bytes together.
 */
const MAX_BYTES = 200_000;

/** No field is null: the API server drops null, and the next `kubectl apply` would report a change. */
export function nullValues(manifests: readonly Manifest[]): string[] {
  return manifests.flatMap((manifest) =>
    nullPaths(manifest, []).map((path) => `${describeManifest(manifest)}: ${path} is null`),
  );
}

/** No object is written twice. */
export function objectNames(manifests: readonly Manifest[]): string[] {
  const names = manifests.map(
    (manifest) => `${manifest.apiVersion.replace(/\/[^/]+$/, '')} ${describeManifest(manifest)}`,
  );
  return repeated(names).map((name) => `duplicate object ${name}`);
}

/** Namespaced objects name their namespace, cluster-scoped ones do not, and every namespace exists. */
export function objectNamespaces(manifests: readonly Manifest[]): string[] {
  const known = [
    ...ofKind(manifests, 'Namespace').map(({ metadata }) => metadata.name),
    APPLICATION_NAMESPACE,
    ...SYSTEM_NAMESPACES,
  ];
  return manifests.flatMap((manifest) => {
    const { namespace } = manifest.metadata;
    const problem = CLUSTER_SCOPED.includes(manifest.kind)
      ? namespace !== undefined && 'is cluster-scoped but has a namespace'
      : namespace === undefined
        ? 'has no namespace'
        : !known.includes(namespace) && `is in namespace ${namespace}, which nothing creates`;
    return problem ? [`${describeManifest(manifest)} ${problem}`] : [];
  });
}

/** No Secret is written: credentials do not belong in the repository. */
export function secretObjects(manifests: readonly Manifest[]): string[] {
  return ofKind(manifests, 'Secret').map((secret) => `${describeManifest(secret)} is written to dist`);
}

/** Every object fits into the annotation of `kubectl apply`. */
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
