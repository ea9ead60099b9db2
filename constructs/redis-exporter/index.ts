export { RedisExporter, type RedisExporterProps } from './redis-exporter';
