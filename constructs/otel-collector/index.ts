export type {
  CollectorComponents,
  CollectorConfig,
  CollectorPipeline,
  CollectorSectionName,
  CollectorService,
  CollectorSettings,
} from '../../formats/otel-collector';
export { POD_ADDRESS } from './config-builder';
export type { GatewayPipeline } from './gateway-config';
export type { Autoscaling, OtelCollectorProps, OutsideAccess } from './gateway-props';
export { OtelCollector, type StoreOptions } from './otel-collector';
export type { TraceSampling } from './tail-sampling';
export type { DatadogVendor, NewRelicVendor, SentryVendor, Signal, Vendors } from './vendors';
