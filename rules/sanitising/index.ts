export * from './collector';
export * from './pattern';
export * from './promtail';
export * from './read';
export * from './sanitising';
