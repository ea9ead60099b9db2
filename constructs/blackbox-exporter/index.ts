export { BlackboxExporter, type BlackboxExporterProps } from './blackbox-exporter';
