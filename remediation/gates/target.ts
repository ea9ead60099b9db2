import { SkipError } from '../actions';
import { KEYS, targetDigest } from '../record';
import type { Gate } from './gate';

/** Phases in which a target belongs to a request. */
const OCCUPIED: readonly string[] = ['awaiting-approval', 'executing', 'verifying'];

/** One request at a time for a target and an action; the others are not queued, their alert asks again if it still fires. */
export const targetGate: Gate = async ({ record, policy, target }, { store }) => {
  const open = await store.list({
    [KEYS.action]: policy.action,
    [KEYS.target]: targetDigest(target),
    [KEYS.open]: 'true',
  });
  const other = open.find(
    ({ metadata, status }) => metadata.name !== record.metadata.name && OCCUPIED.includes(status.phase),
  );
  if (other) {
    throw new SkipError('target-locked', `${other.metadata.name} is at work on the target (${other.status.phase})`);
  }
};
