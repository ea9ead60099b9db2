import { stored } from '../../../memo';
import { SettingError } from '../errors';

/** Durations of Prometheus and Alertmanager. https://prometheus.io/docs/prometheus/latest/configuration/configuration/ */
const DURATION = /^(?!$)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;

/** Durations of Go, which Kubernetes objects have. https://pkg.go.dev/time#ParseDuration */
const GO_DURATION = /^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/;

/**
 * Checks a duration of Prometheus or Alertmanager, e.g. `1h30m`.
 *
 * @throws SettingError
 */
export function checkDuration(setting: string, duration: string): void {
  if (duration !== '0' && !DURATION.test(duration)) {
    throw new SettingError(setting, duration, 'write a duration, e.g. 30s, 5m or 1h30m');
  }
}

/** Seconds of a duration that `checkDuration()` accepts. */
export function secondsOf(duration: string): number {
  const units: Readonly<Record<string, number>> = {
    ms: 0.001,
    s: 1,
    m: 60,
    h: 3600,
    d: 86_400,
    w: 604_800,
    y: 31_536_000,
  };
  return [...duration.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * units[unit!]!,
    0,
  );
}

/**
 * Checks a duration in a Kubernetes object, e.g. `1h30m`. It has no days.
 *
 * @throws SettingError
 */
export function checkGoDuration(setting: string, duration: string): void {
  if (duration !== '0' && !GO_DURATION.test(duration)) {
    throw new SettingError(setting, duration, 'write a duration in hours, minutes or seconds, e.g. 1h or 30m');
  }
}

/** Hours of a day, and the time zone that they are in. */
export interface Hours {
  readonly start: string;
  readonly end: string;
  readonly timeZone: string;
}

/**
 * Checks hours as Alertmanager takes them: `HH:MM` from 00:00 to 24:00. An end before the start is on the next day.
 * https://prometheus.io/docs/alerting/latest/configuration/#time_interval-0
 *
 * @throws SettingError
 */
export function checkHours(setting: string, { start, end, timeZone }: Hours): void {
  for (const [name, time] of Object.entries({ start, end })) {
    if (!/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/.test(time)) {
      throw new SettingError(`${setting}.${name}`, time, 'write HH:MM from 00:00 to 24:00, e.g. 09:00');
    }
  }
  if (start === '24:00') {
    throw new SettingError(`${setting}.start`, start, 'write 00:00 for midnight at the start');
  }
  if (start === end) {
    throw new SettingError(`${setting}.end`, end, 'write another time than the start; the whole day is 00:00 to 24:00');
  }
  checkTimeZone(`${setting}.timeZone`, timeZone);
}

/** The name that a time zone resolves to, or `null` for an unknown one. The first look-up loads the zones' data. */
const canonicalTimeZone = stored('canonicalTimeZone', (timeZone: string): string | null => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
});

/** Checks an IANA time zone. Alertmanager reads it from files, so upper and lower case matter. */
function checkTimeZone(setting: string, timeZone: string): void {
  const fix = 'write the IANA name of a time zone, e.g. Europe/Berlin or UTC';
  const known = canonicalTimeZone(timeZone);
  if (known === null) {
    throw new SettingError(setting, timeZone, fix);
  }
  // An alias, such as Asia/Kolkata, resolves to another name.
  const alias = known.toLowerCase() !== timeZone.toLowerCase();
  if (!/^[A-Z][\w+-]*(\/[A-Z][\w+-]*)*$/.test(timeZone) || (!alias && known !== timeZone)) {
    throw new SettingError(setting, timeZone, fix);
  }
}
