/** What constructs and charts need of the webhook: its policies and the rights that follow from them. */
export * from './actions';
export * from './policy';
export { KEYS, LEASE_PREFIX, REMEDIATION, REPORTER, SKIP_REASONS } from './record';
export * from './rights';
