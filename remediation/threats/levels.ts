/** How dangerous a feed says an address is. */
export type ThreatLevel = 'low' | 'medium' | 'high' | 'critical';

/** The levels, from least to most dangerous. */
export const THREAT_LEVELS: readonly ThreatLevel[] = ['low', 'medium', 'high', 'critical'];

/** The higher of two levels. */
export function higher(one: ThreatLevel, other: ThreatLevel): ThreatLevel {
  return THREAT_LEVELS.indexOf(one) >= THREAT_LEVELS.indexOf(other) ? one : other;
}
