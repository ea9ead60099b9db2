import { type KubernetesObject, RESOURCES } from '../kubernetes';
import { KEYS } from '../record';
import type { Attempt, Clients } from './action';
import type { Autoscaler } from './workload';

/** What is changed: minReplicas of an autoscaler, or the replicas of a Deployment that has none. */
export interface Change {
  readonly kind: 'HorizontalPodAutoscaler' | 'Deployment';
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

interface Scale extends KubernetesObject {
  readonly spec: { readonly replicas?: number };
}

/** The present value of what is to be changed. */
export interface Found {
  readonly value: number;
  readonly resourceVersion?: string;
  /** Annotation of an earlier raise: `6 from 4`. */
  readonly note?: string;
}

export async function read({ target, clients }: Attempt, { kind, name }: Change): Promise<Found> {
  const { namespace } = target;
  if (kind === 'Deployment') {
    const { spec, metadata } = await clients.kubernetes.get<Scale>(scaleOf(namespace, name));
    return { value: spec.replicas ?? 1, resourceVersion: metadata.resourceVersion };
  }
  const reference = { resource: RESOURCES.horizontalPodAutoscalers, namespace, name };
  return foundIn(await clients.kubernetes.get<Autoscaler>(reference));
}

export function foundIn({ spec, metadata }: Autoscaler): Found {
  const note = metadata.annotations?.[KEYS.raisedMinReplicas];
  return { value: spec.minReplicas ?? 1, resourceVersion: metadata.resourceVersion, note };
}

/**
 * The minReplicas that the owner of an autoscaler has set, from the note of an earlier raise: `6 from 4`. An autoscaler
 * that is raised twice returns to the value before the first raise.
 *
 * @returns `undefined` when the present value is the owner's
 */
export function ownersMinReplicas({ value, note }: Found): number | undefined {
  const [, raised, owners] = /^(\d+) from (\d+)$/.exec(note ?? '') ?? [];
  return Number(raised) === value ? Number(owners) : undefined;
}

/** What writing needs of an attempt. */
export interface Writer extends Pick<Attempt, 'target' | 'dryRun' | 'signal'> {
  readonly clients: Pick<Clients, 'kubernetes'>;
}

/** @param note is written to the autoscaler's annotation; `null` removes it */
export async function write(attempt: Writer, change: Change, found: Found, value: number, note: string | null) {
  const { clients, target, dryRun, signal } = attempt;
  const { namespace } = target;
  const { kind, name } = change;
  const { resourceVersion } = found;
  const [reference, body] =
    kind === 'Deployment'
      ? [scaleOf(namespace, name), { metadata: { resourceVersion }, spec: { replicas: value } }]
      : [
          { resource: RESOURCES.horizontalPodAutoscalers, namespace, name },
          {
            metadata: { resourceVersion, annotations: { [KEYS.raisedMinReplicas]: note } },
            spec: { minReplicas: value },
          },
        ];
  await clients.kubernetes.patch(reference, 'merge', body, { dryRun, signal });
}

function scaleOf(namespace: string | undefined, name: string) {
  return { resource: RESOURCES.deployments, namespace, name, subresource: 'scale' };
}
