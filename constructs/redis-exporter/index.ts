export { RedisExporter, type RedisExporterProps, type RedisTls } from './redis-exporter';
