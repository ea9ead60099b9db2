import type { Labels } from '../../testing/logql/lines';
import { type Actor, actorOf, MOST_ACTORS, type Session } from './session';

/** An alert that fired. */
export interface FiredAlert {
  readonly alert: string;
  readonly labels: Labels;
}

/** A session with its addresses and accounts. */
export interface ActingSession {
  readonly session: Session;
  readonly actor: Actor;
}

/** The sessions, each with addresses and accounts of its own. `first` is the number of the first. */
export function acting(sessions: readonly Session[], first: number): readonly ActingSession[] {
  return sessions.map((session, n) => ({ session, actor: actorOf(first + n) }));
}

/** Names of the alerts about a session: of its address, its account, or the one that it names. */
export function alertsOf({ session, actor }: ActingSession, fired: readonly FiredAlert[]): readonly string[] {
  const numbers = Array.from({ length: MOST_ACTORS }, (_, n) => n);
  const addresses = new Set(numbers.map((n) => actor.ip(n)));
  const accounts = new Set(numbers.map((n) => actor.account(n)));
  const { found } = session;
  const names = fired
    .filter(
      ({ alert, labels }) =>
        addresses.has(labels.client_ip ?? '') ||
        accounts.has(labels.user ?? '') ||
        (found?.alert === alert && Object.entries(found.labels).every(([label, value]) => labels[label] === value)),
    )
    .map(({ alert }) => alert);
  return [...new Set(names)].sort();
}

/** A row of the table: the sessions of one kind. */
export interface ScoreRow {
  readonly kind: string;
  readonly sessions: number;
  readonly found: number;
  /** Names of the sessions that no alert is about. */
  readonly missed: readonly string[];
  readonly alerts: readonly string[];
}

/** The sessions by kind, with how many of them an alert is about. */
export function scoreOf(sessions: readonly ActingSession[], fired: readonly FiredAlert[]): readonly ScoreRow[] {
  const kinds = [...new Set(sessions.map(({ session }) => session.kind))];
  return kinds.map((kind) => {
    const ofKind = sessions.filter(({ session }) => session.kind === kind);
    const alerts = ofKind.map((each) => alertsOf(each, fired));
    return {
      kind,
      sessions: ofKind.length,
      found: alerts.filter((names) => names.length > 0).length,
      missed: ofKind.filter((_, n) => alerts[n]!.length === 0).map(({ session }) => session.name),
      alerts: [...new Set(alerts.flat())].sort(),
    };
  });
}

/** Share of the sessions that an alert is about. */
export function share(rows: readonly ScoreRow[]): number {
  const sum = (field: 'sessions' | 'found') => rows.reduce((total, row) => total + row[field], 0);
  return sum('found') / sum('sessions');
}
