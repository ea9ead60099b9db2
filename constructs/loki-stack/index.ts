export type { LokiRule, LokiRuleGroup, LokiRules, LokiSettings } from '../../formats/loki';
export { DEFAULT_INDEX_LABELS, type IndexLabels, type LokiLimits } from './limits';
export {
  LOKI_DEFAULTS,
  type LokiCaches,
  type LokiRemoteWrite,
  type LokiRemoteWriteSettings,
  type LokiRole,
  type LokiRuleOptions,
  type LokiStackProps,
} from './loki-props';
export { LokiStack } from './loki-stack';
export type {
  AzureAccess,
  AzureStorage,
  GcsAccess,
  GcsStorage,
  ObjectStorage,
  S3Access,
  S3Storage,
} from './object-storage';
export type { LokiRetention, StreamRetention } from './retention';
export { type LokiLoad, type LokiMode, type LokiSize, sizeLoki } from './sizing';
