/** A host in a setting. */
export interface Address {
  readonly host: string;
  /** @default - neither the setting nor its scheme names one */
  readonly port?: number;
}

/** Default ports of schemes. */
const SCHEME_PORTS: { readonly [scheme: string]: number } = { http: 80, https: 443, redis: 6379, postgresql: 5432 };

const HOST = '[a-z0-9-]+(?:\\.[a-z0-9-]+)*';

/** `scheme://user@host:port`. */
const URL_PATTERN = new RegExp(`([a-z][a-z0-9+.-]*)://(?:[^\\s/@]*@)?(${HOST})(?::(\\d+))?`, 'gi');

/** `host:port` with a dot in the host, or as the whole value. */
const HOST_AND_PORT = /(?<![\w.-])((?:[a-z0-9-]+\.)+[a-z0-9-]+):(\d{1,5})(?!\d)|^([a-z][a-z0-9-]*):(\d{2,5})$/gi;

/** A name of the cluster's DNS without a port. */
const CLUSTER_NAME = /(?<![\w.-])((?:[a-z0-9-]+\.)+svc(?:\.cluster\.local)?)(?![\w.:-])/gi;

/** The hosts in a value: URLs, `host:port`, and names of the cluster's DNS. */
export function addressesIn(value: string): Address[] {
  const urls = [...value.matchAll(URL_PATTERN)].map(([, scheme, host, port]) => ({
    host: host!,
    port: port === undefined ? SCHEME_PORTS[scheme!.toLowerCase()] : Number(port),
  }));
  const rest = value.replaceAll(URL_PATTERN, ' ');
  const pairs = [...rest.matchAll(HOST_AND_PORT)].map(([, host, port, word, wordPort]) => ({
    host: host ?? word!,
    port: Number(port ?? wordPort),
  }));
  const names = [...rest.replaceAll(HOST_AND_PORT, ' ').matchAll(CLUSTER_NAME)].map(([, host]) => ({ host: host! }));
  return [...urls, ...pairs, ...names];
}
