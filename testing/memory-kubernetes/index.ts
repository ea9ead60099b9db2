export { MemoryKubernetes, type Write } from './api';
export type { Fault, Verb } from './faults';
