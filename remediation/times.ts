/** Clocks of the replicas, of the API server and of Prometheus may differ by this many seconds. */
export const CLOCK_TOLERANCE_SECONDS = 60;

/**
 * Seconds since a time (RFC 3339), 0 or more. Records and Leases can be written by others, so a gate must fail when
 * their times prove nothing.
 *
 * @returns `undefined` when the time is missing, invalid, or further in the future than clocks may differ
 */
export function secondsSince(time: string | undefined, now: Date): number | undefined {
  const seconds = (now.getTime() - Date.parse(time ?? '')) / 1000;
  return seconds >= -CLOCK_TOLERANCE_SECONDS ? Math.max(0, seconds) : undefined;
}

/** A time that proves nothing, for messages: `missing`, `in the future (2099-01-01T00:00:00Z)`. */
export function describeTime(time: string | undefined): string {
  if (time === undefined) {
    return 'missing';
  }
  return Number.isNaN(Date.parse(time)) ? `invalid (${time})` : `in the future (${time})`;
}
