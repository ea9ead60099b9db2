import { type ApiObject, JsonPatch } from 'cdk8s';

/**
 * Removes the namespace from a cluster-scoped object: cdk8s stamps the chart's namespace on every object, and strict
 * validators reject it here.
 */
export function clusterScoped<T extends ApiObject>(object: T): T {
  object.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
  return object;
}
