import { Lazy } from 'cdk8s';

/**
 * A value that is produced when the manifests are written, after every `addXxx()` has been called.
 *
 * The property keeps its declared type, because cdk8s resolves the value before the typed objects are serialized.
 */
export function lazily<T>(produce: () => T): T {
  return Lazy.any({ produce });
}
