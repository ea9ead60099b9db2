import { type Plan, planDigest, RecordAltered, type Target } from '../record';

/**
 * The plan that would be made now.
 *
 * @throws RecordAltered when it is not the stored one
 */
export function requireSamePlan<D>(target: Target, stored: Plan<D>, now: Plan<D>): Plan<D> {
  if (planDigest(target, stored) !== planDigest(target, now)) {
    throw new RecordAltered(`the plan would be another one now: ${now.summary}`);
  }
  return now;
}
