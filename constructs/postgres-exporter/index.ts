export { PostgresExporter, type PostgresExporterProps } from './postgres-exporter';
export type { PostgresTls, SqlExporterConfig } from './postgres-exporter-config';
