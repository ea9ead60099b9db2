import type { Module } from '../../formats/blackbox';
import { SettingError, type WithSecretKeys } from '../kit';

/**
 * How targets are probed, as the blackbox exporter reads it: any of its settings. A field that names a file takes a key of
 * a Secret. `httpModule()`, `tcpModule()`, `dnsModule()` and `icmpModule()` write the usual ones.
 * https://github.com/prometheus/blackbox_exporter/blob/master/CONFIGURATION.md
 */
export type ProbeModule = WithSecretKeys<Module>;

/** Options of `httpModule()`. */
export interface HttpModuleOptions {
  /** Status codes of a healthy answer. @default - 200 to 299; with `redirectTo`, those of a redirect */
  readonly statusCodes?: readonly number[];
  /**
   * Where the answer must redirect to: the beginning of its `Location`, e.g. `https://shop.example.com/`.
   * @default - a redirect is a failure
   */
  readonly redirectTo?: string;
  /** Follow redirects, and judge the last answer. @default false */
  readonly followRedirects?: boolean;
  /** Whether the answer must come over TLS, whose certificate is verified. @default optional */
  readonly tls?: 'required' | 'optional' | 'refused';
  /** Seconds until the probe fails, less than the job's scrape timeout. @default 8 */
  readonly timeoutSeconds?: number;
  /** Any other settings of the prober, over those above, e.g. `method`, `headers` or `basic_auth`. @default - none */
  readonly config?: NonNullable<ProbeModule['http']>;
}

/** Options of `tcpModule()`. */
export interface TcpModuleOptions {
  /** Do a TLS handshake, and verify the certificate. @default false */
  readonly tls?: boolean;
  /** Seconds until the probe fails, less than the job's scrape timeout. @default 8 */
  readonly timeoutSeconds?: number;
  /** Any other settings of the prober, over those above, e.g. `query_response`. @default - none */
  readonly config?: NonNullable<ProbeModule['tcp']>;
}

/** Options of `dnsModule()`. The targets are the servers that are asked. */
export interface DnsModuleOptions {
  /** Name to ask for, e.g. `shop.example.com`. */
  readonly name: string;
  /** Type of the records. @default A */
  readonly type?: string;
  /** RE2 expression that one of the answers must match, as `dig` prints them. @default - any answer */
  readonly answer?: string;
  /** Protocol. @default udp */
  readonly transport?: 'udp' | 'tcp';
  /** Seconds until the probe fails, less than the job's scrape timeout. @default 8 */
  readonly timeoutSeconds?: number;
  /** Any other settings of the prober, over those above, e.g. `dns_over_tls`. @default - none */
  readonly config?: Partial<NonNullable<ProbeModule['dns']>>;
}

/** Options of `icmpModule()`. */
export interface IcmpModuleOptions {
  /** Seconds until the probe fails, less than the job's scrape timeout. @default 8 */
  readonly timeoutSeconds?: number;
  /** Any other settings of the prober, over those above, e.g. `payload_size`. @default - none */
  readonly config?: NonNullable<ProbeModule['icmp']>;
}

/** Less than the scrape timeout, 10 s, of which the exporter keeps half a second for itself. */
const TIMEOUT_SECONDS = 8;

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * HTTP, with or without TLS. The targets are URLs.
 *
 * @example
 * httpModule({ redirectTo: 'https://shop.example.com/' });
 * httpModule({ statusCodes: [401], config: { method: 'HEAD' } });
 * @throws SettingError for `redirectTo` of a probe that follows redirects
 */
export function httpModule(options: HttpModuleOptions = {}): ProbeModule {
  const { redirectTo, followRedirects = false, tls = 'optional', config } = options;
  if (redirectTo !== undefined && followRedirects) {
    throw new SettingError(
      'redirectTo',
      redirectTo,
      'a probe that follows redirects does not see them: remove one of them',
    );
  }
  const statusCodes = options.statusCodes ?? (redirectTo === undefined ? undefined : REDIRECTS);
  return {
    prober: 'http',
    timeout: seconds(options.timeoutSeconds),
    http: {
      valid_http_versions: ['HTTP/1.1', 'HTTP/2.0'],
      // A health check that redirects has moved: report it.
      follow_redirects: followRedirects,
      ...(tls === 'required' ? { fail_if_not_ssl: true } : {}),
      ...(tls === 'refused' ? { fail_if_ssl: true } : {}),
      ...(statusCodes ? { valid_status_codes: statusCodes } : {}),
      ...(redirectTo === undefined
        ? {}
        : { fail_if_header_not_matches: [{ header: 'Location', regexp: `^${escaped(redirectTo)}` }] }),
      ...config,
    },
  };
}

/** A TCP connection, with or without a TLS handshake. The targets are `host:port`. */
export function tcpModule({ tls, timeoutSeconds, config }: TcpModuleOptions = {}): ProbeModule {
  return {
    prober: 'tcp',
    timeout: seconds(timeoutSeconds),
    tcp: { ...(tls ? { tls } : {}), ...config },
  };
}

/**
 * A DNS query. The targets are the servers that are asked: `host` or `host:port`.
 *
 * @example
 * dnsModule({ name: 'kubernetes.default.svc.cluster.local', answer: '10\\.96\\.0\\.1$' });
 */
export function dnsModule({
  name,
  type = 'A',
  answer,
  transport,
  timeoutSeconds,
  config,
}: DnsModuleOptions): ProbeModule {
  return {
    prober: 'dns',
    timeout: seconds(timeoutSeconds),
    dns: {
      ...(transport ? { transport_protocol: transport } : {}),
      query_name: name,
      query_type: type,
      // An answer without records would pass otherwise.
      validate_answer_rrs: { fail_if_none_matches_regexp: [answer ?? '.'] },
      ...config,
    },
  };
}

/**
 * An ICMP echo request. The targets are hosts. The exporter needs no capability: its pod gets the sysctl
 * `net.ipv4.ping_group_range`, which Pod Security `restricted` admits.
 */
export function icmpModule({ timeoutSeconds, config }: IcmpModuleOptions = {}): ProbeModule {
  return { prober: 'icmp', timeout: seconds(timeoutSeconds), icmp: { ...config } };
}

function seconds(timeout = TIMEOUT_SECONDS): string {
  return `${timeout}s`;
}

/** The text as an RE2 expression. */
function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
