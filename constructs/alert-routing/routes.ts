import { CATEGORIES } from '../../rules';
import type { Route, TimeInterval, Timing } from './alertmanager-config';
import { LEVELS, type Level, type Teams } from './recipients';

/** Names of the receivers of the routes. */
export const receiverName = {
  level: (level: Level) => `level-${level}`,
  team: (category: string) => `team-${category}`,
  fallback: 'fallback',
  deadMansSwitch: 'dead-mans-switch',
  nobody: 'nobody',
} as const;

/**
 * Grouping and repetition by level. The first notification leaves most of the level's answer time.
 *
 * Keep `group_interval` at 30 s or more: the third replica waits that long for its peers' notifications (15 s for each
 * position, `--cluster.peer-timeout`). With a shorter interval it would send duplicates.
 */
const TIMING: { readonly [level in Level]: Required<Timing> } = {
  critical: { group_wait: '10s', group_interval: '1m', repeat_interval: '30m' },
  high: { group_wait: '30s', group_interval: '5m', repeat_interval: '2h' },
  medium: { group_wait: '1m', group_interval: '5m', repeat_interval: '8h' },
  low: { group_wait: '10m', group_interval: '30m', repeat_interval: '24h' },
};

const BUSINESS_HOURS = 'business-hours';

/** Hours in which teams with `businessHoursOnly` are notified, Monday to Friday. */
export interface BusinessHours {
  /** `HH:MM`. */
  readonly start: string;
  /** `HH:MM`. */
  readonly end: string;
  /** IANA name of the time zone. */
  readonly timeZone: string;
}

/** The business hours in Alertmanager's form. */
export function businessHoursInterval({ start, end, timeZone }: BusinessHours): TimeInterval {
  return {
    name: BUSINESS_HOURS,
    time_intervals: [
      { weekdays: ['monday:friday'], times: [{ start_time: start, end_time: end }], location: timeZone },
    ],
  };
}

export interface RouteTreeProps {
  readonly teams: Teams;
  /** Receivers of Watchdog, at least one. */
  readonly watchdog: readonly string[];
  /** Routes before those of teams and levels. */
  readonly extra: readonly Route[];
}

/**
 * The routing tree. An alert goes to its team and to its level, once each. An alert with an unknown severity goes to
 * the fallback.
 */
export function routeTree({ teams, watchdog, extra }: RouteTreeProps): Route {
  const categories = CATEGORIES.filter((category) => teams[category]);
  const businessHoursOnly = categories.filter((category) => teams[category]?.businessHoursOnly);
  return {
    receiver: receiverName.fallback,
    group_by: ['alertname', 'cluster', 'namespace'],
    ...TIMING.high,
    routes: [
      ...watchdog.map(watchdogRoute),
      ...extra,
      ...businessHoursOnly.map((category) => ({
        receiver: receiverName.team(category),
        matchers: [`category = "${category}"`],
        // Routes do not inherit time intervals.
        active_time_intervals: [BUSINESS_HOURS],
        routes: byLevel({ active_time_intervals: [BUSINESS_HOURS] }),
      })),
      ...categories
        .filter((category) => !businessHoursOnly.includes(category))
        .map((category) => ({
          receiver: receiverName.team(category),
          matchers: [`category = "${category}"`],
          continue: true,
          routes: byLevel({}),
        })),
      ...LEVELS.map((level) => ({
        receiver: receiverName.level(level),
        matchers: [`severity = "${level}"`],
        ...TIMING[level],
      })),
      // The root route catches only what no route matched, so not an alert that matched a team's route.
      { receiver: receiverName.fallback, matchers: [`severity !~ "${LEVELS.join('|')}"`] },
    ],
  };
}

/** A route for each level, with its timing and the parent's receiver. */
function byLevel(common: Route): Route[] {
  return LEVELS.map((level) => ({ ...common, matchers: [`severity = "${level}"`], ...TIMING[level] }));
}

/** Watchdog goes to every receiver in turn, and not on to teams and levels. */
function watchdogRoute(receiver: string, index: number, all: readonly string[]): Route {
  return {
    receiver,
    matchers: ['alertname = "Watchdog"'],
    continue: index < all.length - 1 ? true : undefined,
    group_wait: '0s',
    group_interval: '1m',
    repeat_interval: '1m',
  };
}
