export * from './contract';
export * from './metric';
