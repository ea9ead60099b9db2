import { repeated } from '../../../rules/checks';
import { describeManifest, type Manifest, ofKind } from '../../../testing/manifests';
import { roleOf } from '../graph/grants';
import { CREDENTIALS_SECRET } from '../graph/outside';
import { type Check, type Part, type Pods, podsOf } from '../graph/pods';

/** An object that a pod refers to. */
interface Reference {
  readonly kind: string;
  readonly name: string;
  /** Keys of a ConfigMap or Secret that the pod reads. @default - every key */
  readonly keys?: readonly string[];
  readonly optional: boolean;
}

/** Every ConfigMap, Secret, claim and ServiceAccount that a pod refers to exists. */
export function podReferences(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests).flatMap((pods) =>
    referencesOf(pods).flatMap((reference) => {
      const problem = missing(manifests, pods.namespace, reference);
      return problem ? [`${pods.name} refers to ${reference.kind} ${reference.name}, ${problem}`] : [];
    }),
  );
}

/** Every ConfigMap, claim and ServiceAccount is used: a pod mounts it, or a Role names it. */
export function unusedObjects(manifests: readonly Manifest[]): string[] {
  const used = new Set(
    podsOf(manifests).flatMap((pods) =>
      referencesOf(pods).map(({ kind, name }) => `${kind} ${pods.namespace}/${name}`),
    ),
  );
  for (const { metadata, rules } of ofKind(manifests, 'Role')) {
    for (const { resources = [], resourceNames = [] } of rules as readonly Part[]) {
      if (resources.includes('configmaps')) {
        for (const name of resourceNames) {
          used.add(`ConfigMap ${metadata.namespace}/${name}`);
        }
      }
    }
  }
  return ['ConfigMap', 'PersistentVolumeClaim', 'ServiceAccount']
    .flatMap((kind) => ofKind(manifests, kind))
    .map(describeManifest)
    .filter((object) => !used.has(object))
    .map((object) => `${object} is used by no pod`);
}

/** Every key that a pod reads from the Secret is in `.env.example`. */
export function credentialKeys(names: readonly string[]): Check {
  return (manifests) =>
    secretKeys(manifests)
      .filter(({ key }) => !names.includes(key))
      .map(({ pods, key }) => `${pods} reads ${key} of the Secret, which .env.example does not name`);
}

/** Keys of the Secret, with the pods that read them. */
export function secretKeys(manifests: readonly Manifest[]): { readonly pods: string; readonly key: string }[] {
  return podsOf(manifests).flatMap((pods) =>
    referencesOf(pods)
      .filter(({ kind }) => kind === 'Secret')
      .flatMap(({ keys = ['every key'] }) => keys)
      .map((key) => ({ pods: pods.name, key })),
  );
}

/** Every mount has a volume, and every volume is mounted. */
export function volumeMounts(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests).flatMap(({ name, workload, spec, containers }) => {
    const volumes: string[] = [
      ...(spec.volumes ?? []).map((volume: Part) => volume.name),
      ...(workload.spec.volumeClaimTemplates ?? []).map((claim: Part) => claim.metadata.name),
    ];
    const mounts: string[] = containers.flatMap((container) =>
      (container.volumeMounts ?? []).map((mount: Part) => mount.name),
    );
    return [
      ...mounts
        .filter((mount) => !volumes.includes(mount))
        .map((mount) => `${name} mounts ${mount}, which is not one of its volumes`),
      ...volumes
        .filter((volume) => !mounts.includes(volume))
        .map((volume) => `${name} does not mount volume ${volume}`),
      ...repeated(volumes).map((volume) => `${name} has two volumes ${volume}`),
    ];
  });
}

/** Every binding has an existing role and an existing ServiceAccount, and every role has a binding. */
export function roleBindings(manifests: readonly Manifest[]): string[] {
  const bindings = ['RoleBinding', 'ClusterRoleBinding'].flatMap((kind) => ofKind(manifests, kind));
  const roles = ['Role', 'ClusterRole'].flatMap((kind) => ofKind(manifests, kind));
  const accounts = ofKind(manifests, 'ServiceAccount').map(describeManifest);
  const bound = new Set(bindings.map((binding) => roleOf(manifests, binding)));
  return [
    ...bindings
      .filter((binding) => !roleOf(manifests, binding))
      .map(
        (binding) =>
          `${describeManifest(binding)} binds ${binding.roleRef.kind} ${binding.roleRef.name}, which does not exist`,
      ),
    ...bindings.flatMap((binding) =>
      binding.subjects
        .map(({ kind, namespace, name }: Part) => `${kind} ${namespace}/${name}`)
        .filter((subject: string) => !accounts.includes(subject))
        .map((subject: string) => `${describeManifest(binding)} is for ${subject}, which does not exist`),
    ),
    ...roles.filter((role) => !bound.has(role)).map((role) => `${describeManifest(role)} has no binding`),
  ];
}

function referencesOf({ spec, containers }: Pods): Reference[] {
  return [
    { kind: 'ServiceAccount', name: spec.serviceAccountName ?? 'default', optional: false },
    ...(spec.volumes ?? []).flatMap(volumeReferences),
    ...containers.flatMap(({ env = [], envFrom = [] }) => [
      ...env.flatMap(({ valueFrom = {} }: Part) => [
        ...keyReference('ConfigMap', valueFrom.configMapKeyRef),
        ...keyReference('Secret', valueFrom.secretKeyRef),
      ]),
      ...envFrom.flatMap(({ configMapRef, secretRef }: Part) => [
        ...sourceReference('ConfigMap', configMapRef),
        ...sourceReference('Secret', secretRef),
      ]),
    ]),
  ];
}

function volumeReferences({ configMap, secret, persistentVolumeClaim, projected }: Part): Reference[] {
  return [
    ...sourceReference('ConfigMap', configMap),
    ...sourceReference('Secret', secret && { ...secret, name: secret.secretName ?? secret.name }),
    ...sourceReference('PersistentVolumeClaim', persistentVolumeClaim && { name: persistentVolumeClaim.claimName }),
    ...(projected?.sources ?? []).flatMap(volumeReferences),
  ];
}

function sourceReference(kind: string, source: Part): Reference[] {
  return source
    ? [
        {
          kind,
          name: source.name,
          keys: source.items?.map(({ key }: Part) => key),
          optional: source.optional === true,
        },
      ]
    : [];
}

function keyReference(kind: string, source: Part): Reference[] {
  return source ? sourceReference(kind, { ...source, items: [{ key: source.key }] }) : [];
}

/** The problem with a reference. */
function missing(
  manifests: readonly Manifest[],
  namespace: string,
  { kind, name, keys = [], optional }: Reference,
): string | undefined {
  if (kind === 'Secret') {
    return name === CREDENTIALS_SECRET ? undefined : `which nothing creates: the only Secret is ${CREDENTIALS_SECRET}`;
  }
  const object = ofKind(manifests, kind).find(
    ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
  );
  if (!object) {
    return optional ? undefined : 'which does not exist and is not optional';
  }
  const absent = keys.filter((key) => object.data?.[key] === undefined);
  return absent.length > 0 ? `which has no ${absent.join(', ')}` : undefined;
}
