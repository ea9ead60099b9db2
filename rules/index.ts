export * from './catalogue';
export * from './promql';
export * from './rule';
export * from './slo';
