import { SkipError } from '../actions';
import { createdAt, KEYS } from '../record';
import type { Gate } from './gate';

/**
 * A request that waited long, e.g. because no replica ran, tells of a moment that has passed; and one whose alert is
 * resolved of trouble that is over. How long the alert itself has been firing does not matter.
 */
export const freshnessGate: Gate = async ({ record }, { limits, tools }) => {
  if (record.metadata.annotations?.[KEYS.resolved]) {
    throw new SkipError('alert-resolved', 'the alert was resolved before anything was done');
  }
  const age = Math.floor((tools.now().getTime() - createdAt(record)) / 1000);
  const approved = record.metadata.annotations?.[KEYS.approved] === 'true';
  const limit = approved ? limits.approvalSeconds : limits.freshnessSeconds;
  if (age > limit) {
    throw new SkipError('alert-stale', `the request is ${age} s old, more than ${limit} s`);
  }
};
