export type {
  CollectorComponents,
  CollectorConfig,
  CollectorPipeline,
  CollectorSectionName,
  CollectorService,
  CollectorSettings,
} from '../../formats/otel-collector';
export { POD_ADDRESS } from './config-builder';
