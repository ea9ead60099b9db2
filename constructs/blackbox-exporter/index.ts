/** Every field of the blackbox exporter's `config.yml`, e.g. `BlackboxFile.HTTPProbe`. */
export type * as BlackboxFile from '../../formats/generated/blackbox';
export { BlackboxExporter, type BlackboxExporterProps } from './blackbox-exporter';
export {
  type DnsModuleOptions,
  dnsModule,
  type HttpModuleOptions,
  httpModule,
  type IcmpModuleOptions,
  icmpModule,
  type ProbeModule,
  type TcpModuleOptions,
  tcpModule,
} from './probe-modules';
export type { ProbedPods, ProbeTarget } from './probe-targets';
