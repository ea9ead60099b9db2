import { isDeepStrictEqual } from 'node:util';
import { KubernetesError, type KubernetesObject, type Reference, type Resource } from '../../remediation/kubernetes';

/** Any object, as far as the API server itself reads it. */
export interface Stored extends KubernetesObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: unknown;
}

/** How the API server treats a resource. */
interface Traits {
  /** The status of a new object. A write to the object leaves its status alone. @default - it has no status */
  readonly status?: object;
  /** What `metadata.generation` counts the changes of. @default - it has none */
  readonly counts?: 'spec' | 'spec and annotations';
  /** Whether an update can create an object, which then must not have the identity of another. @default false */
  readonly createdByUpdate?: boolean;
  /** Whether an update must carry the resourceVersion that it was made from. @default false */
  readonly conditional?: boolean;
  /** Whether a definition makes it: it takes no strategic patch. @default false */
  readonly custom?: boolean;
}

const TRAITS: { readonly [plural: string]: Traits } = {
  deployments: { status: {}, counts: 'spec and annotations' },
  replicasets: { status: {}, counts: 'spec' },
  pods: { status: {} },
  horizontalpodautoscalers: { status: {} },
  poddisruptionbudgets: { status: {}, counts: 'spec' },
  leases: { conditional: true, createdByUpdate: true },
  remediations: { status: { phase: 'accepted' }, counts: 'spec', conditional: true, custom: true },
  ciliumcidrgroups: { counts: 'spec', conditional: true, custom: true },
};

export function traitsOf({ plural }: Resource): Traits {
  return TRAITS[plural] ?? {};
}

/** What a subresource shows of an object. */
export function viewOf(object: Stored, subresource: string | undefined): Stored {
  if (subresource !== 'scale') {
    return object;
  }
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const metadata = { name, namespace, uid, resourceVersion, creationTimestamp };
  return { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata, spec: { replicas: object.spec?.replicas } };
}

/**
 * An object with those of its edited parts that a request for it, or for one of its subresources, may change.
 *
 * @throws KubernetesError when it was edited in another version
 */
export function editedOf(reference: Reference, known: Stored, edited: Stored): Stored {
  const { name, namespace, creationTimestamp, ...own } = known.metadata;
  const { resourceVersion = own.resourceVersion, uid = own.uid } = edited.metadata;
  if (resourceVersion !== own.resourceVersion || uid !== own.uid) {
    throw conflict(reference, 'Conflict', 'the object has been modified');
  }
  const traits = traitsOf(reference.resource);
  const generationOf = (spec: unknown, annotations: unknown = own.annotations) => {
    const isSame = isDeepStrictEqual(spec, known.spec);
    const hasSameAnnotations = traits.counts === 'spec' || isDeepStrictEqual(annotations, own.annotations);
    return traits.counts && !(isSame && hasSameAnnotations) ? (own.generation ?? 0) + 1 : own.generation;
  };
  switch (reference.subresource) {
    case 'status':
      return { ...known, status: edited.status };
    case 'scale': {
      const spec = { ...known.spec, replicas: edited.spec?.replicas };
      return { ...known, metadata: { ...known.metadata, generation: generationOf(spec) }, spec };
    }
    default: {
      const generation = generationOf(edited.spec, edited.metadata.annotations);
      const system = { name, namespace, uid, resourceVersion, creationTimestamp, generation };
      const status = traits.status ? { status: known.status } : {};
      return { ...edited, metadata: { ...edited.metadata, ...system }, ...status };
    }
  }
}

/** Understands `key=value`, `key!=value`, `key` and `!key`, joined by commas. */
export function matches(selector: string | undefined, { metadata: { labels = {} } }: Stored): boolean {
  return (selector ?? '').split(',').every((requirement) => {
    const [, not, key = '', unequal, value] = /^(!?)([^=!]*)(?:(!?)=(.*))?$/.exec(requirement) ?? [];
    if (value === undefined) {
      return key === '' || key in labels === (not === '');
    }
    return (labels[key] === value) === (unequal === '');
  });
}

export function notFound({ resource, name }: Reference): KubernetesError {
  return new KubernetesError(404, 'NotFound', `404 ${groupOf(resource)} "${name}" not found`);
}

export function conflict(
  { resource, name }: Reference,
  reason: 'Conflict' | 'AlreadyExists',
  message: string,
): KubernetesError {
  return new KubernetesError(409, reason, `409 ${groupOf(resource)} "${name}": ${message}`);
}

export function invalid(message: string): KubernetesError {
  return new KubernetesError(422, 'Invalid', `422 ${message}`);
}

/** Name of a resource with its group. The versions of a group show the same objects. */
export function groupOf({ group, plural }: Resource): string {
  return group ? `${plural}.${group}` : plural;
}

/** As it would come over the wire. */
export function clone<T>(value: T): T {
  return value === undefined ? value : (JSON.parse(JSON.stringify(value)) as T);
}
