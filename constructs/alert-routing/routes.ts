import { CATEGORIES } from '../../rules';
import type { Route, TimeInterval, Timing } from './alertmanager-config';
import { LEVELS, type Level, type Teams } from './audience';

/** Names of the receivers that the routes lead to. */
export const receiverName = {
  level: (level: Level) => `level-${level}`,
  team: (category: string) => `team-${category}`,
  fallback: 'fallback',
  deadMansSwitch: 'dead-mans-switch',
  nobody: 'nobody',
} as const;

/**
 * How long an alert waits for others like it, and when it is told again, by level. The time to the first notification
 * is a small part of the time in which the level wants an answer. No group interval is shorter than 30 s, which the last of
 * three members waits for the others before it speaks: it would not yet know that they have spoken.
 */
const TIMING: { readonly [level in Level]: Required<Timing> } = {
  critical: { group_wait: '10s', group_interval: '1m', repeat_interval: '30m' },
  high: { group_wait: '30s', group_interval: '5m', repeat_interval: '2h' },
  medium: { group_wait: '1m', group_interval: '5m', repeat_interval: '8h' },
  low: { group_wait: '10m', group_interval: '30m', repeat_interval: '24h' },
};

const BUSINESS_HOURS = 'business-hours';

/** When a team that keeps business hours is told. */
export interface BusinessHours {
  /** `HH:MM`. */
  readonly start: string;
  /** `HH:MM`. */
  readonly end: string;
  /** IANA name of the time zone. */
  readonly timeZone: string;
}

/** Monday to Friday between two hours. */
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
  /** Receivers that wait for Watchdog, one at least. */
  readonly watchdog: readonly string[];
  /** Routes that look at every alert first and let it pass on. */
  readonly extra: readonly Route[];
}

/**
 * The tree of routes. An alert goes to its team, then to its level, each of them once; one whose severity is unknown
 * goes to the catch-all.
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
        // A time interval is not inherited: each route says it.
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
      // An alert that a team's route let pass would not fall back to the root any more.
      { receiver: receiverName.fallback, matchers: [`severity !~ "${LEVELS.join('|')}"`] },
    ],
  };
}

/** The same receiver at the pace of each level. */
function byLevel(common: Route): Route[] {
  return LEVELS.map((level) => ({ ...common, matchers: [`severity = "${level}"`], ...TIMING[level] }));
}

/** Watchdog ends at the last of its listeners. */
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
