import { Lazy } from 'cdk8s';

/**
 * A value that is produced when the manifests are written, after every `addXxx()` has been called.
 *
 * cdk8s resolves it before the typed objects serialize, so the property keeps its declared type.
 */
export function lazily<T>(produce: () => T): T {
  return Lazy.any({ produce });
}
