/** `config.yml` of the blackbox exporter, as far as this program writes it. */
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

export const HTTP_MODULE = 'http_2xx';

export function blackboxConfig(): BlackboxConfig {
  return {
    modules: {
      [HTTP_MODULE]: {
        prober: 'http',
        timeout: '8s',
        http: {
          valid_http_versions: ['HTTP/1.1', 'HTTP/2.0'],
          // Most clusters have no way out over IPv6, and the exporter would prefer it.
          preferred_ip_protocol: 'ip4',
          // A health page that redirects is a health page that moved.
          follow_redirects: false,
          fail_if_not_ssl: true,
        },
      },
    },
  };
}
