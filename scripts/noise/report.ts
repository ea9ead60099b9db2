import type { AlertmanagerConfig } from '../../formats/alertmanager';
import type { Episode } from './alert-state';
import { type Message, PROGRAM } from './alertmanager';

/** Integrations that wake somebody up. */
const PAGERS = ['pagerduty', 'sns', 'opsgenie', 'victorops'];
/** Fewer notifications than this must reach a team in any week. */
export const WEEKLY_LIMIT = 5;

/** Notifications of one alert to one receiver. Channels of a receiver get the same ones; they count once. */
export interface NoiseRow {
  readonly receiver: string;
  readonly alert: string;
  readonly severity: string;
  /** How often the alert fired. */
  readonly firings: number;
  /** Notifications that it fires, repetitions included. */
  readonly notifications: number;
  /** Notifications that it is over, and nothing else. */
  readonly resolved: number;
}

export interface Noise {
  readonly rows: readonly NoiseRow[];
  readonly pages: number;
  /** The highest number of notifications in a week, by receiver. */
  readonly busiest: ReadonlyMap<string, number>;
}

const WEEK = 7 * 86_400;

/** Counts the notifications that people get. */
export function noiseOf(messages: readonly Message[], episodes: readonly Episode[], start: number): Noise {
  const human = messages.filter(({ receiver }) => !PROGRAM.test(receiver));
  const once = [...new Map(human.map((message) => [identityOf(message), message])).values()];
  const rows = new Map<string, NoiseRow>();
  const weeks = new Map<string, number>();
  for (const { receiver, time, firing, resolved } of once) {
    // The route groups by alertname: a message has one alert.
    const { alertname, severity } = (firing[0] ?? resolved[0])!;
    const key = `${receiver} ${alertname}`;
    const row = rows.get(key) ?? {
      receiver,
      alert: alertname!,
      severity: severity!,
      firings: episodes.filter(({ labels }) => labels.alertname === alertname).length,
      notifications: 0,
      resolved: 0,
    };
    const isOver = firing.length === 0;
    rows.set(key, {
      ...row,
      notifications: row.notifications + (isOver ? 0 : 1),
      resolved: row.resolved + (isOver ? 1 : 0),
    });
    const week = `${receiver} ${Math.floor((time - start) / WEEK)}`;
    weeks.set(week, (weeks.get(week) ?? 0) + (isOver ? 0 : 1));
  }
  const busiest = new Map<string, number>();
  for (const [week, count] of weeks) {
    const receiver = week.split(' ')[0]!;
    busiest.set(receiver, Math.max(busiest.get(receiver) ?? 0, count));
  }
  return {
    rows: [...rows.values()].sort((one, other) => other.notifications - one.notifications),
    pages: human.filter(({ integration, firing }) => PAGERS.includes(integration) && firing.length > 0).length,
    busiest,
  };
}

/** The teams of a configuration: every receiver of people. */
export function teamsOf({ receivers }: AlertmanagerConfig): readonly string[] {
  return receivers.map(({ name }) => name).filter((name) => !PROGRAM.test(name) && name !== 'nobody');
}

/** Whether nobody was paged and every team had a quiet week. */
export function isQuiet({ pages, busiest }: Noise): boolean {
  return pages === 0 && [...busiest.values()].every((count) => count < WEEKLY_LIMIT);
}

function identityOf({ receiver, time, firing, resolved }: Message): string {
  return JSON.stringify([receiver, time, firing, resolved]);
}
