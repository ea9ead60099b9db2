export * from './charts';
export * from './constructs';
export * from './rules';
