import { createHash } from 'node:crypto';
import { LEASE_PREFIX, type Plan, type RecordedAlert, type Target } from './remediation';

/**
 * Identifies what an alert reports: equal for every delivery of it, from any Alertmanager. An alert that was resolved
 * and fires again has another start time, and so another digest.
 */
export function alertDigest(policy: string, { fingerprint, startsAt }: RecordedAlert): string {
  return digestOf(policy, fingerprint, new Date(startsAt).toISOString());
}

/** Identifies a target: the object that would be changed, never one of its pods and never the alert. */
export function targetDigest({ kind, namespace = '', name }: Target): string {
  return digestOf(kind, namespace, name);
}

/**
 * Identifies a target and what is planned for it. The summary is left out: it may count what changes all the time, such
 * as the keys of a cache.
 */
export function planDigest({ kind, namespace = '', name, uid = '' }: Target, { details }: Plan): string {
  return digestOf(kind, namespace, name, uid, JSON.stringify(sorted(details)));
}

/** A value with the keys of its objects in order. The API server returns them in another order than they were sent. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, sorted(each)]));
}

/** Name of the Lease that locks a target for an action. */
export function lockName(action: string, target: Target): string {
  return `${LEASE_PREFIX}${action}-${targetDigest(target)}`;
}

/** 16 hexadecimal digits: fits into a label value and into the name of an object. */
function digestOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
}
