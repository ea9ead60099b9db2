export type { Coverage } from './absence';
export * from './catalogue';
export { CatalogueError } from './catalogue-error';
export type { AlertChange } from './change';
export type { ForeignDocument, ForeignOptions } from './foreign';
export { GENERAL_TOPICS, type GeneralNames, type GeneralOptions, type GeneralTopic } from './general';
export type { ExistingJobs, JobNames } from './jobs';
/** @internal */
export { isLogTopic } from './log-checks';
export * from './metric-use';
export { checkSlo, type ServiceLevelIndicator, type ServiceLevelObjective } from './objective';
/** @internal */
export * from './promql';
export type { CatalogueSource } from './read';
export * from './rule';
export * from './runbook';
export * from './slo';
