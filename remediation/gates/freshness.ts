import { SkipError } from '../actions';
import { hasApproval, isResolved } from '../record';
import { describeTime, secondsSince } from '../times';
import type { Gate, GateInput } from './gate';

/**
 * A record that waited too long, e.g. because no replica ran, describes the past. A record whose alert is resolved
 * describes a problem that is over. How long the alert itself has been firing does not matter.
 */
export const freshnessGate: Gate<Pick<GateInput, 'record'>> = async ({ record }, { limits, clients }) => {
  if (isResolved(record)) {
    throw new SkipError('alert-resolved', 'the alert was resolved before anything was changed');
  }
  const { creationTimestamp } = record.metadata;
  const age = secondsSince(creationTimestamp, clients.now());
  if (age === undefined) {
    const time = describeTime(creationTimestamp);
    throw new SkipError('alert-stale', `the age of the record is unknown: its creation time is ${time}`);
  }
  const limit = hasApproval(record) ? limits.approvalSeconds : limits.freshnessSeconds;
  if (age > limit) {
    throw new SkipError('alert-stale', `the remediation has waited ${Math.floor(age)} s, longer than ${limit} s`);
  }
};
