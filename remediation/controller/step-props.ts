import type { Metrics } from '../audit';
import type { RemediationPolicy } from '../policy';
import type { TransitionProps } from './transitions';

export interface StepProps extends TransitionProps {
  /** The policies by name. */
  readonly policies: ReadonlyMap<string, RemediationPolicy>;
  readonly metrics: Metrics;
  /** Whether attempts that start now are dry runs. */
  readonly dryRun: boolean;
}

/** Milliseconds until the next step of a record; `undefined` when no work is left. */
export type Next = number | undefined;

/** Wait before a step that the kill switch holds back is tried again. */
export const STOPPED_RETRY_MS = 10_000;

/** Milliseconds until a time (RFC 3339); negative when it has passed. */
export function millisecondsUntil(time: string, { context }: Pick<StepProps, 'context'>): number {
  return Date.parse(time) - context.clients.now().getTime();
}
