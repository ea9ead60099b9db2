import type { ApiObject } from 'cdk8s';
import { transform } from './patch';

/**
 * Removes the namespace from a cluster-scoped object: cdk8s stamps the chart's namespace on every object, and strict
 * validators reject it here.
 */
export function clusterScoped<T extends ApiObject>(object: T): T {
  transform(object, (manifest) => {
    const { namespace: _, ...metadata } = manifest.metadata as { readonly namespace?: string };
    return { ...manifest, metadata };
  });
  return object;
}
