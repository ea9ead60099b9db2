export * from './catalogue';
export * from './metric-use';
export * from './promql';
export * from './rule';
export * from './runbook';
export * from './slo';
