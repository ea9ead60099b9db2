export type { Coverage } from './absence';
export * from './catalogue';
export * from './metric-use';
export { checkSlo, type ServiceLevelIndicator, type ServiceLevelObjective } from './objective';
/** @internal */
export * from './promql';
export * from './rule';
export * from './runbook';
export * from './slo';
