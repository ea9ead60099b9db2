/** How much a feed says about an address, from least to most. */
export const THREAT_LEVELS = ['low', 'medium', 'high', 'critical'] as const;
export type ThreatLevel = (typeof THREAT_LEVELS)[number];

/** The higher of two levels. */
export function higher(one: ThreatLevel, other: ThreatLevel): ThreatLevel {
  return THREAT_LEVELS.indexOf(one) >= THREAT_LEVELS.indexOf(other) ? one : other;
}
