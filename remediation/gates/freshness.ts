import { SkipError } from '../actions';
import { createdAt, isApproved, isResolved } from '../record';
import type { Gate, GateInput } from './gate';

/**
 * A record that waited too long, e.g. because no replica ran, describes the past. A record whose alert is resolved
 * describes a problem that is over. How long the alert itself has been firing does not matter.
 */
export const freshnessGate: Gate<Pick<GateInput, 'record'>> = async ({ record }, { limits, clients }) => {
  if (isResolved(record)) {
    throw new SkipError('alert-resolved', 'the alert was resolved before anything was changed');
  }
  const age = Math.floor((clients.now().getTime() - createdAt(record)) / 1000);
  const limit = isApproved(record) ? limits.approvalSeconds : limits.freshnessSeconds;
  if (age > limit) {
    throw new SkipError('alert-stale', `the remediation has waited ${age} s, longer than ${limit} s`);
  }
};
