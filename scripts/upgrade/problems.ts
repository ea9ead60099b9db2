import { isDeepStrictEqual } from 'node:util';

/** A Kubernetes object, as read from a manifest. */
export interface ReleasedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

/** What `kubectl apply` of a new release cannot do, and what to do instead. */
export interface UpgradeProblem {
  /** `Kind namespace/name`. */
  readonly object: string;
  /** The field that cannot be changed, or `removed`. */
  readonly field: string;
  /** The commands or the section that help. */
  readonly fix: string;
}

/** Fields that the API server does not let anybody change, by kind, as it names them in its message. */
const IMMUTABLE: { readonly [kind: string]: { readonly fields: readonly string[]; readonly fix: string } } = {
  Deployment: { fields: ['spec.selector'], fix: 'delete it with --cascade=orphan, and apply again' },
  DaemonSet: { fields: ['spec.selector'], fix: 'delete it with --cascade=orphan, and apply again' },
  // Of other fields, StatefulSets take changes of some only: see `MUTABLE_OF_STATEFUL_SETS`.
  StatefulSet: { fields: [], fix: 'docs/operations.md, "Grow a volume"' },
  Service: {
    fields: ['spec.clusterIP', 'spec.ipFamilies.0'],
    fix: 'delete it, and apply again: its address changes',
  },
  PersistentVolumeClaim: {
    fields: ['spec.accessModes', 'spec.storageClassName', 'spec.volumeMode', 'spec.selector', 'spec.dataSource'],
    fix: 'copy the data into a new claim',
  },
  StorageClass: {
    fields: ['provisioner', 'parameters', 'reclaimPolicy', 'volumeBindingMode'],
    fix: 'delete it, and apply again',
  },
  PriorityClass: { fields: ['value', 'preemptionPolicy'], fix: 'delete it, and apply again' },
  RoleBinding: { fields: ['roleRef'], fix: 'delete it, and apply again' },
  ClusterRoleBinding: { fields: ['roleRef'], fix: 'delete it, and apply again' },
  Secret: { fields: ['type'], fix: 'delete it, and apply again' },
  Job: { fields: ['spec.template', 'spec.selector', 'spec.completions'], fix: 'delete it, and apply again' },
  CustomResourceDefinition: { fields: ['spec.scope', 'spec.group'], fix: 'save its objects, delete it, apply again' },
};

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/stateful-set-v1/ */
const MUTABLE_OF_STATEFUL_SETS = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
];

/** Values that the API server writes where a manifest has none. */
const DEFAULTS: { readonly [field: string]: unknown } = {
  'spec.podManagementPolicy': 'OrderedReady',
  'spec.volumeMode': 'Filesystem',
  preemptionPolicy: 'PreemptLowerPriority',
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'Immediate',
};

/**
 * Compares the manifests of two releases: fields that cannot be changed in place, and objects that `kubectl apply`
 * would leave behind.
 */
export function upgradeProblems(
  previous: readonly ReleasedObject[],
  next: readonly ReleasedObject[],
): readonly UpgradeProblem[] {
  const byName = new Map(next.map((object) => [nameOf(object), object]));
  return previous.flatMap((old): UpgradeProblem[] => {
    const object = nameOf(old);
    const now = byName.get(object);
    if (!now) {
      return [{ object, field: 'removed', fix: `kubectl delete ${commandName(old)}` }];
    }
    const fix = IMMUTABLE[old.kind]?.fix ?? 'delete it, and apply again';
    return immutableFields(old, now)
      .filter((field) => !isDeepStrictEqual(valueAt(old, field), valueAt(now, field)))
      .map((field) => ({ object, field, fix }));
  });
}

function immutableFields(old: ReleasedObject, now: ReleasedObject): readonly string[] {
  if (old.kind === 'StatefulSet') {
    const names = new Set([old, now].flatMap(({ spec }) => Object.keys(spec as object)));
    return [...names].filter((name) => !MUTABLE_OF_STATEFUL_SETS.includes(name)).map((name) => `spec.${name}`);
  }
  if (old.immutable === true) {
    return ['data', 'binaryData', 'immutable'];
  }
  return IMMUTABLE[old.kind]?.fields ?? [];
}

function valueAt(object: ReleasedObject, field: string): unknown {
  const value = field
    .split('.')
    .reduce<unknown>((parent, key) => (parent as { [key: string]: unknown } | undefined)?.[key], object);
  return value ?? DEFAULTS[field];
}

function nameOf({ kind, metadata }: ReleasedObject): string {
  return `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`;
}

function commandName({ kind, metadata }: ReleasedObject): string {
  const namespace = metadata.namespace ? ` --namespace ${metadata.namespace}` : '';
  return `${kind.toLowerCase()} ${metadata.name}${namespace}`;
}
