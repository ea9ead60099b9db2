export * from './catalogue';
export * from './metric-use';
export { checkSlo, type ServiceLevelIndicator, type ServiceLevelObjective } from './objective';
export * from './promql';
export * from './rule';
export * from './runbook';
export * from './slo';
