import { ANSWER_MINUTES, CATEGORIES } from '../../rules';
import type { Route, TimeInterval, Timing } from './alertmanager-config';
import { LEVELS, type LevelRecipients, type Levels, type Teams } from './recipients';

/** Names of the receivers of the routes. */
export const receiverName = {
  level: (level: string) => `level-${level}`,
  team: (category: string) => `team-${category}`,
  fallback: 'fallback',
  deadMansSwitch: 'dead-mans-switch',
  nobody: 'nobody',
} as const;

/**
 * Grouping and repetition by answer time: the entry with the longest time that is not longer counts. The first
 * notification leaves most of the answer time.
 *
 * Keep `group_interval` at 30 s or more: the third replica waits that long for its peers' notifications (15 s for each
 * position, `--cluster.peer-timeout`). With a shorter interval it would send duplicates.
 */
const TIMING: readonly { readonly fromMinutes: number; readonly timing: Required<Timing> }[] = [
  { fromMinutes: 0, timing: { group_wait: '10s', group_interval: '1m', repeat_interval: '30m' } },
  { fromMinutes: 30, timing: { group_wait: '30s', group_interval: '5m', repeat_interval: '2h' } },
  { fromMinutes: 120, timing: { group_wait: '1m', group_interval: '5m', repeat_interval: '8h' } },
  { fromMinutes: 1440, timing: { group_wait: '10m', group_interval: '30m', repeat_interval: '24h' } },
];

const DEFAULT_ANSWER_MINUTES = 30;

function timingOf(level: string, { answerWithinMinutes, timing }: LevelRecipients): Timing {
  const minutes = answerWithinMinutes ?? ANSWER_MINUTES.get(level) ?? DEFAULT_ANSWER_MINUTES;
  return { ...TIMING.findLast(({ fromMinutes }) => fromMinutes <= minutes)?.timing, ...timing };
}

/** Names in the order of their routes: those of the shipped rules first, then the others as you wrote them. */
export function inOrder(names: readonly string[], first: readonly string[]): readonly string[] {
  return [...first.filter((name) => names.includes(name)), ...names.filter((name) => !first.includes(name))];
}

const BUSINESS_HOURS = 'business-hours';

/** Hours in which teams with `businessHoursOnly` are notified, Monday to Friday. */
export interface BusinessHours {
  /** `HH:MM`. */
  readonly start: string;
  /** `HH:MM`. An end before the start is on the next day: `22:00` to `06:00` begins on Monday and ends on Saturday. */
  readonly end: string;
  /** IANA name of the time zone. */
  readonly timeZone: string;
}

/** The business hours in Alertmanager's form. */
export function businessHoursInterval({ start, end, timeZone }: BusinessHours): TimeInterval {
  const range = (weekdays: string, start_time: string, end_time: string) => ({
    weekdays: [weekdays],
    times: [{ start_time, end_time }],
    location: timeZone,
  });
  // A range of Alertmanager ends at midnight.
  const overnight = [
    range('monday:friday', start, '24:00'),
    ...(end === '00:00' ? [] : [range('tuesday:saturday', '00:00', end)]),
  ];
  return {
    name: BUSINESS_HOURS,
    time_intervals: start < end ? [range('monday:friday', start, end)] : overnight,
  };
}

export interface RouteTreeProps {
  readonly levels: Levels<string>;
  readonly teams: Teams<string>;
  /** Receivers of Watchdog, at least one. */
  readonly watchdog: readonly string[];
  /** Routes before those of teams and levels. */
  readonly extra: readonly Route[];
}

/**
 * The routing tree. An alert goes to its team and to its level, once each. An alert with an unknown severity goes to
 * the fallback.
 */
export function routeTree({ levels, teams, watchdog, extra }: RouteTreeProps): Route {
  const timings = levelTimings(levels);
  const categories = inOrder(Object.keys(teams), CATEGORIES).filter((category) => teams[category]);
  const businessHoursOnly = categories.filter((category) => teams[category]?.businessHoursOnly);
  return {
    receiver: receiverName.fallback,
    group_by: ['alertname', 'cluster', 'namespace'],
    ...timingOf('', {}),
    routes: [
      ...watchdog.map(watchdogRoute),
      ...extra,
      ...businessHoursOnly.map((category) => ({
        receiver: receiverName.team(category),
        matchers: [`category = "${category}"`],
        // Routes do not inherit time intervals.
        active_time_intervals: [BUSINESS_HOURS],
        routes: byLevel(timings, { active_time_intervals: [BUSINESS_HOURS] }),
      })),
      ...categories
        .filter((category) => !businessHoursOnly.includes(category))
        .map((category) => ({
          receiver: receiverName.team(category),
          matchers: [`category = "${category}"`],
          continue: true,
          routes: byLevel(timings, {}),
        })),
      ...timings.map(([level, timing]) => ({
        receiver: receiverName.level(level),
        matchers: [`severity = "${level}"`],
        ...timing,
      })),
      // The root route catches only what no route matched, so not an alert that matched a team's route.
      { receiver: receiverName.fallback, matchers: [`severity !~ "${timings.map(([level]) => level).join('|')}"`] },
    ],
  };
}

/** A route for each level, with its timing and the parent's receiver. */
function byLevel(timings: readonly (readonly [string, Timing])[], common: Route): Route[] {
  return timings.map(([level, timing]) => ({ ...common, matchers: [`severity = "${level}"`], ...timing }));
}

/** The levels in the order of their routes, each with its timing. */
function levelTimings(levels: Levels<string>): readonly (readonly [string, Timing])[] {
  return inOrder(Object.keys(levels), LEVELS).map((level) => [level, timingOf(level, levels[level]!)] as const);
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
