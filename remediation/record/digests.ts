import { createHash } from 'node:crypto';
import { LEASE_PREFIX, type RecordedAlert, type Target } from './remediation';

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

/** Name of the Lease that locks a target for an action. */
export function lockName(action: string, target: Target): string {
  return `${LEASE_PREFIX}${action}-${targetDigest(target)}`;
}

/** 16 hexadecimal digits: fits into a label value and into the name of an object. */
function digestOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
}
