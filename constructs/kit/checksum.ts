import { SettingError } from './errors';
import type { Manifest } from './plain';

/** Annotation of pods whose value changes with the content of the mounted files, so that the pods restart. */
export const CHECKSUM = 'checksum/config';

/**
 * Returns the patched manifest.
 *
 * @throws SettingError when the patches removed the checksum: the pods would not restart when their files change
 */
export function withChecksum(before: Manifest, after: Manifest): Manifest {
  if (checksumOf(before) !== undefined && checksumOf(after) === undefined) {
    const { kind, metadata } = after as { readonly kind: string; readonly metadata: { readonly name: string } };
    throw new SettingError(
      `the annotation ${CHECKSUM} in the patches of ${kind}/${metadata.name}`,
      undefined,
      'keep it, or the pods do not restart when their files change: use the option annotations of pod, or merge fields',
    );
  }
  return after;
}

function checksumOf(manifest: Manifest): unknown {
  const { spec } = manifest as { spec?: { template?: { metadata?: { annotations?: Manifest } } } };
  return spec?.template?.metadata?.annotations?.[CHECKSUM];
}
