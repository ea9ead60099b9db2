export * from './api';
export * from './client';
export * from './lease';
export * from './resources';
export * from './selector';
export type { KubernetesConnection, PoolOptions } from './transport';
export * from './watch';
