export * from './aws';
export * from './cache';
export * from './connections';
export * from './database';
export * from './loki';
export * from './prometheus';
export * from './settings';
export * from './threats';
