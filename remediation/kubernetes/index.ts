export * from './client';
export * from './lease';
export * from './resources';
export * from './watch';
