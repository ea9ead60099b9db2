import type { TimeInterval } from '../../formats/alertmanager';

type Ranges = TimeInterval['time_intervals'];

const DAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/**
 * Whether a moment is within one of the ranges, as Alertmanager decides it.
 *
 * @param time seconds of Unix time
 * @throws Error when a range has conditions other than `weekdays`, `times` and `location`
 */
export function isActive(ranges: Ranges, time: number): boolean {
  return ranges.some(({ weekdays, times, location, ...others }) => {
    if (Object.keys(others).length > 0) {
      throw new Error(`${Object.keys(others).join(', ')}: the simulation knows weekdays, times and location only`);
    }
    const { day, minute } = localTime(time, location ?? 'UTC');
    return (
      (weekdays?.some((days) => isWithinDays(days, day)) ?? true) &&
      (times?.some(({ start_time, end_time }) => minutesOf(start_time) <= minute && minute < minutesOf(end_time)) ??
        true)
    );
  });
}

/** Day of the week, from 0 for Sunday, and minute of the day in a time zone. */
export function localTime(time: number, timeZone: string): { readonly day: number; readonly minute: number } {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(time * 1000)
      .map(({ type, value }) => [type, value]),
  );
  return {
    day: DAYS.indexOf(parts.get('weekday')!.toLowerCase()),
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  };
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) {
    return known;
  }
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'long',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  formats.set(timeZone, format);
  return format;
}

function isWithinDays(days: string, day: number): boolean {
  const [first, last = first] = days.split(':').map((name) => DAYS.indexOf(name));
  return first! <= day && day <= last!;
}

function minutesOf(clock: string): number {
  const [hours, minutes] = clock.split(':').map(Number);
  return hours! * 60 + minutes!;
}
