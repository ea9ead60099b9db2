import type { IpFamily } from '../kit';

/**
 * `config.yml` of the blackbox exporter: the parts that this program writes.
 * https://github.com/prometheus/blackbox_exporter/blob/master/CONFIGURATION.md
 */
export interface BlackboxConfig {
  readonly modules: {
    readonly [name: string]: {
      readonly prober: 'http' | 'tcp' | 'dns' | 'icmp';
      readonly timeout: string;
      readonly http?: {
        readonly valid_http_versions: readonly string[];
        readonly preferred_ip_protocol: 'ip4' | 'ip6';
        readonly follow_redirects: boolean;
        readonly fail_if_not_ssl: boolean;
      };
    };
  };
}

/** Name of the module that expects a 2xx over verified TLS. */
export const HTTP_MODULE = 'http_2xx';

/**
 * The configuration: one module, for HTTP.
 *
 * @param families address families of the cluster, the primary one first
 */
export function blackboxConfig([primary]: readonly IpFamily[]): BlackboxConfig {
  return {
    modules: {
      [HTTP_MODULE]: {
        prober: 'http',
        timeout: '8s',
        http: {
          valid_http_versions: ['HTTP/1.1', 'HTTP/2.0'],
          // The exporter prefers IPv6, which clusters of IPv4 cannot send to the Internet.
          preferred_ip_protocol: primary === 'IPv6' ? 'ip6' : 'ip4',
          // A health check that redirects has moved: report it.
          follow_redirects: false,
          fail_if_not_ssl: true,
        },
      },
    },
  };
}
