import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';

const guarded = new WeakSet<object>();

/**
 * Fails synthesis when two constructs write the same object. cdk8s does not check; on the cluster, the second object
 * would overwrite the first.
 */
export function guardObjectNames(construct: Construct): void {
  const { root } = construct.node;
  if (guarded.has(root)) {
    return;
  }
  guarded.add(root);
  root.node.addValidation({ validate: () => duplicates(root.node.findAll()) });
}

function duplicates(constructs: readonly object[]): string[] {
  const owners = new Map<string, string[]>();
  for (const object of constructs.filter((construct) => construct instanceof ApiObject)) {
    const { apiGroup, kind, name, metadata } = object;
    const group = apiGroup === 'core' ? '' : `.${apiGroup}`;
    const namespace = metadata.namespace ? `${metadata.namespace}/` : '';
    const key = `${kind}${group} ${namespace}${name}`;
    owners.set(key, [...(owners.get(key) ?? []), object.node.path]);
  }
  return [...owners]
    .filter(([, paths]) => paths.length > 1)
    .map(([key, paths]) => `duplicate object ${key}, written by ${paths.join(' and ')}: rename one of them`);
}
