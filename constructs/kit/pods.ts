import type { Labels } from './labels';

/** Pods as a peer of a NetworkPolicy. */
export interface Pods {
  /** Their namespace. */
  readonly namespace: string;
  /** Labels that select them. */
  readonly labels: Labels;
}

/** A port of a pod. */
export interface PodPort {
  /** Port of the pods. */
  readonly port: number;
  /** Protocol of the port. @default TCP */
  readonly protocol?: 'TCP' | 'UDP';
}
