export * from './catalogue';
export * from './metric-use';
export * from './playbook';
export * from './promql';
export * from './rule';
export * from './slo';
