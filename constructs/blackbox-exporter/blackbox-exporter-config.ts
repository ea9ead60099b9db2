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
export function blackboxConfig(modules: ReadonlyMap<string, Module>, families: readonly IpFamily[]): BlackboxConfig {
  const all = { [HTTP_MODULE]: httpModule({ tls: 'required' }) as Module, ...Object.fromEntries(modules) };
  return {
    modules: Object.fromEntries(Object.entries(all).map(([name, module]) => [name, withFamily(module, families)])),
  };
}

/**
 * The module with the cluster's family, unless it names one. The exporter prefers IPv6, which clusters of IPv4 cannot
 * send to the Internet.
 */
function withFamily(module: Module, [primary]: readonly IpFamily[]): Module {
  const { prober } = module;
  const preferred = { preferred_ip_protocol: primary === 'IPv6' ? 'ip6' : 'ip4' } as const;
  return { ...module, [prober]: { ...preferred, ...(module[prober as keyof Module] as object) } };
}
