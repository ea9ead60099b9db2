export { Jaeger } from './jaeger';
export type { ElasticsearchStorage, JaegerProps } from './jaeger-props';
export type { SamplingStrategies, SamplingStrategy } from './sampling-strategies';
