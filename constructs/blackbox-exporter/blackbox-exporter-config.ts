import type { BlackboxConfig, Module } from '../../formats/blackbox';
import { httpModule } from './probe-modules';

export type { BlackboxConfig, Module } from '../../formats/blackbox';

/** Name of the module that expects a 2xx over verified TLS. */
export const HTTP_MODULE = 'http_2xx';

/** The configuration: the module for public URLs, then those that were added. */
export function blackboxConfig(modules: ReadonlyMap<string, Module>): BlackboxConfig {
  return { modules: { [HTTP_MODULE]: httpModule({ tls: 'required' }) as Module, ...Object.fromEntries(modules) } };
}
