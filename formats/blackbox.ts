/**
 * The file that the blackbox exporter reads. Every field is in `generated/blackbox.ts`.
 *
 * @see https://github.com/prometheus/blackbox_exporter/blob/master/CONFIGURATION.md
 */

export type {
  BlackboxConfig,
  DNSProbe,
  HTTPProbe,
  ICMPProbe,
  Module,
  TCPProbe,
} from './generated/blackbox';
