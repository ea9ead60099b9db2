export type { PromtailStage } from '../../formats/promtail';
export type { LogStream } from './line-format';
export { LogCollector } from './log-collector';
export {
  LOG_COLLECTOR_DEFAULTS,
  type LogAgent,
  type LogCollectorProps,
  type LogCounter,
  type LogStore,
} from './log-collector-props';
export { maskingProps } from './masking-props';
export type { LogParsing } from './parsing';
