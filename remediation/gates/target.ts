import { SkipError } from '../actions';
import { KEYS, type Phase, targetDigest } from '../record';
import type { Gate } from './gate';

/** Phases in which a record occupies its target. */
const OCCUPYING: readonly Phase[] = ['awaiting-approval', 'executing', 'verifying'];

/**
 * One record at a time per target and action. There is no queue: an alert that still fires triggers another attempt.
 */
export const targetGate: Gate = async ({ record, policy, target }, { store }) => {
  const open = await store.list({
    [KEYS.action]: policy.action,
    [KEYS.target]: targetDigest(target),
    [KEYS.open]: 'true',
  });
  const other = open.find(
    ({ metadata, status }) => metadata.name !== record.metadata.name && OCCUPYING.includes(status.phase),
  );
  if (other) {
    throw new SkipError('target-locked', `${other.metadata.name} occupies the target (${other.status.phase})`);
  }
};
