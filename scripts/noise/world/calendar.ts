import { localTime } from '../time-intervals';

/**
 * Start of the month, in seconds of Unix time: a Monday. The clocks go back on 26 October in Europe and on 2 November
 * in the United States. 31 October is a holiday in Germany, 11 November in the United States.
 */
export const START = Date.UTC(2025, 9, 13) / 1000;
export const DAYS = 30;

export const MINUTE = 60;
export const HOUR = 3600;
export const DAY = 86_400;

/** The offices whose editors use SightEdit, with their share of the traffic and their holiday. */
const OFFICES: readonly { readonly timeZone: string; readonly share: number; readonly holiday: number }[] = [
  { timeZone: 'Europe/Berlin', share: 0.45, holiday: Date.UTC(2025, 9, 31) / 1000 },
  { timeZone: 'America/New_York', share: 0.4, holiday: Date.UTC(2025, 10, 11) / 1000 },
  { timeZone: 'Asia/Singapore', share: 0.15, holiday: Date.UTC(2025, 9, 20) / 1000 },
];

const NIGHT = 0.06;
const WEEKEND = 0.25;

/** Traffic at a time, as a share of the highest: working hours in three time zones, quiet nights and weekends. */
export function traffic(time: number): number {
  const quarter = Math.floor(time / 900) * 900;
  const known = shares.get(quarter) ?? shareAt(quarter);
  shares.set(quarter, known);
  const next = shares.get(quarter + 900) ?? shareAt(quarter + 900);
  shares.set(quarter + 900, next);
  // Busy minutes and quiet ones.
  return (known + ((next - known) * (time - quarter)) / 900) * (0.9 + 0.2 * random('traffic', Math.floor(time / 120)));
}

const shares = new Map<number, number>();

function shareAt(time: number): number {
  return OFFICES.reduce((sum, { timeZone, share, holiday }) => {
    const { day, minute } = localTime(time, timeZone);
    const isHoliday = time >= holiday && time < holiday + DAY;
    const isFree = day === 0 || day === 6 || isHoliday;
    return sum + share * Math.max(NIGHT, workingHours(minute / 60) * (isFree ? WEEKEND : 1));
  }, 0);
}

/** People arrive from 7:00 to 9:30, are half away at noon, and leave from 16:30 to 19:00. */
function workingHours(hour: number): number {
  const ramp = (from: number, to: number) => Math.min(1, Math.max(0, (hour - from) / (to - from)));
  const noon = 1 - 0.35 * Math.max(0, 1 - Math.abs(hour - 12.5));
  return ramp(7, 9.5) * (1 - ramp(16.5, 19)) * noon;
}

/** A number from 0 up to 1 that is always the same for the same arguments. */
export function random(...seeds: readonly (string | number)[]): number {
  let hash = 2_166_136_261;
  for (const seed of seeds) {
    const text = String(seed);
    for (let index = 0; index < text.length; index++) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
    }
    hash = Math.imul(hash ^ 0x9e37, 16_777_619);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
