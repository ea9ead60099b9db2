import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';

const guarded = new WeakSet<object>();

/**
 * Makes the synth fail when two constructs write the same object. cdk8s does not look: with FILE_PER_CHART the second
 * object silently wins on the cluster.
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
    const key = `${kind}${apiGroup === 'core' ? '' : `.${apiGroup}`} ${metadata.namespace ? `${metadata.namespace}/` : ''}${name}`;
    owners.set(key, [...(owners.get(key) ?? []), object.node.path]);
  }
  return [...owners]
    .filter(([, paths]) => paths.length > 1)
    .map(([key, paths]) => `${key} is written by ${paths.join(' and ')}: give one of the constructs another name`);
}
