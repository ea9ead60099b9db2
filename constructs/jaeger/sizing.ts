const GIBIBYTE = 2 ** 30;

/**
 * Bytes of a span on Badger's volume: 450 were measured for spans with four attributes, and spans of real services have
 * three times as many. Badger frees the space of deleted spans later.
 */
const SPAN_BYTES = 1500;

/** Size of Badger's volume, as a quantity. At least 5Gi. */
export function badgerVolume(spansPerSecond: number, retentionDays: number): string {
  const bytes = spansPerSecond * retentionDays * 24 * 3600 * SPAN_BYTES;
  return `${Math.max(5, Math.ceil(bytes / GIBIBYTE))}Gi`;
}
