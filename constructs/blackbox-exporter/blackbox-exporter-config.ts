import type { BlackboxConfig, Module } from '../../formats/blackbox';
import type { IpFamily } from '../kit';
import { httpModule } from './probe-modules';

export type { BlackboxConfig, Module } from '../../formats/blackbox';

/** Name of the module that expects a 2xx over verified TLS. */
export const HTTP_MODULE = 'http_2xx';

/**
 * The configuration: the module for public URLs, then those that were added.
 *
 * @param families address families of the cluster, the primary one first
 */
export function blackboxConfig(modules: ReadonlyMap<string, Module>, [primary]: readonly IpFamily[]): BlackboxConfig {
  const all = { [HTTP_MODULE]: httpModule({ tls: 'required' }) as Module, ...Object.fromEntries(modules) };
  // The exporter prefers IPv6, which clusters of IPv4 cannot send to the Internet.
  const preferred = primary === 'IPv6' ? 'ip6' : 'ip4';
  return {
    modules: Object.fromEntries(Object.entries(all).map(([name, module]) => [name, preferring(preferred, module)])),
  };
}

/** The module with the preferred protocol, unless it states its own. */
function preferring(protocol: 'ip4' | 'ip6', module: Module): Module {
  const prober = module.prober as 'http' | 'tcp' | 'dns' | 'icmp';
  return { ...module, [prober]: { preferred_ip_protocol: protocol, ...module[prober] } };
}
