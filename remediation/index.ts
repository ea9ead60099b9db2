/** What constructs, charts and scripts need of the remediation server: its policies and what follows from them. */
export * from './actions';
export { OWN_ALERTS, type OwnAlertName, type OwnAlerts } from './audit/own-alerts';
export type { Limits } from './limits';
export * from './policy';
/** @internal */
export { FINAL_PHASES, KEYS, LEASE_PREFIX, type Phase, REMEDIATION, REPORTER, SKIP_REASONS } from './record';
/** @internal */
export * from './rights';
export { SettingError } from './setting-error';
