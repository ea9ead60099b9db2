import {
  MASKED_METRICS_PORT,
  maskedCounter,
  type Sanitising,
  sanitising,
  sanitisingProcessors,
} from '../../rules/sanitising';
import { POD_ADDRESS } from '../otel-collector/config-builder';
import type { LogCollectorProps } from './log-collector-props';

/**
 * Props with which a `LogCollector` masks secrets and personal data, and counts what it has masked.
 *
 * @param patterns what is masked. @default - `sanitising()`
 * @example
 * new LogCollector(chart, 'logs', { loki, ...maskingProps(sanitising({ nationalIds: ['gb'] })) });
 */
export function maskingProps(patterns: Sanitising = sanitising()): Pick<LogCollectorProps, 'processors' | 'counter'> {
  return {
    processors: sanitisingProcessors('lines', patterns),
    counter: { ...maskedCounter('lines', patterns, POD_ADDRESS), port: MASKED_METRICS_PORT },
  };
}
