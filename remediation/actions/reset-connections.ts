import {
  checkCount,
  ParameterError,
  type RemediationPolicy,
  type ResponseOptions,
  remediationPolicy,
  type Verification,
} from '../policy';
import type { Plan } from '../record';
import { type Action, type Run, SkipError } from './action';

export interface ResetConnections {
  /** Name of the connection to PostgreSQL, as the role of `rules/sql/remediation-grants.sql`. */
  readonly connection: string;
  /** Database whose sessions are ended. */
  readonly database: string;
  /** Role of the application; the sessions of others are never touched. */
  readonly role: string;
  /** A session that has been idle in its transaction for longer than this was forgotten, in seconds. @default 60 */
  readonly idleSeconds?: number;
  /** Sessions that a run ends at the most. @default 10 */
  readonly maximumSessions?: number;
  /** A pool whose server connections are renewed as well. @default - the application connects directly */
  readonly pgBouncer?: PgBouncer;
}

/** A PgBouncer, by its console. */
export interface PgBouncer {
  /** Name of the connection to the database `pgbouncer`, as one of its `admin_users`. */
  readonly connection: string;
  /** The database as PgBouncer calls it. */
  readonly database: string;
}

/**
 * Ends sessions that were forgotten in the middle of a transaction: they hold locks and connections that others wait for.
 *
 * The application must listen for errors of its pool and of its clients: node-postgres otherwise ends the process when a
 * session is ended under it. What prevents such sessions is `idle_in_transaction_session_timeout` of the role.
 */
export function resetConnections(
  props: ResetConnections & ResponseOptions & { readonly verification?: Verification },
): RemediationPolicy<'reset-connections'> {
  const { connection, database, role, idleSeconds, maximumSessions, pgBouncer, verification, ...options } = props;
  if (pgBouncer && !NAME.test(pgBouncer.database)) {
    throw new ParameterError('pgBouncer.database', pgBouncer.database, 'write letters, digits and "_" alone');
  }
  checkCount('idleSeconds', idleSeconds, 'write after how many seconds a session counts as forgotten');
  checkCount('maximumSessions', maximumSessions, 'write how many sessions a run ends at the most');
  const parameters = { connection, database, role, idleSeconds, maximumSessions, pgBouncer };
  return remediationPolicy('reset-connections', parameters, options, verification);
}

const DEFAULT_IDLE_SECONDS = 60;
const DEFAULT_MAXIMUM_SESSIONS = 10;

/** PgBouncer's console has no parameters: a name becomes part of the command. */
const NAME = /^\w+$/;

/** A session, or a connection of a pool: numbers are used again, so the time that it began belongs to it. */
interface Session {
  readonly pid: number;
  readonly since: string;
}

interface Details {
  readonly sessions: readonly Session[];
  /** Connections of the pool to the server. */
  readonly pooled: readonly Session[];
}

export const resetConnectionsAction: Action<ResetConnections> = {
  kind: 'reset-connections',

  describe: ({ database, role, idleSeconds, maximumSessions, pgBouncer }) =>
    `Ends up to ${maximumSessions ?? DEFAULT_MAXIMUM_SESSIONS} sessions of ${role} in database ${database} that have been idle in a transaction for more than ` +
    `${idleSeconds ?? DEFAULT_IDLE_SECONDS} s, the longest first; no other session is touched.` +
    `${pgBouncer ? ' PgBouncer renews each of its connections as soon as nobody uses it.' : ''}`,

  requirements: ({ connection, pgBouncer }) => ({
    permissions: [],
    allowedUpdates: [],
    connections: [connection, ...(pgBouncer ? [pgBouncer.connection] : [])],
  }),

  targets: ({ database }) => [{ kind: 'Database', name: database }],

  async findTarget({ labels }, { database, role }) {
    for (const [label, allowed] of [
      ['datname', database],
      ['usename', role],
    ] as const) {
      const value = labels[label];
      if (value !== undefined && value !== allowed) {
        throw new SkipError('target-not-allowed', `the response is for ${label} ${allowed}, not ${value}`);
      }
    }
    return { kind: 'Database', name: database };
  },

  async plan(run) {
    const { database, role, idleSeconds = DEFAULT_IDLE_SECONDS } = run.parameters;
    const [sessions, pooled] = await Promise.all([forgottenSessions(run), pooledConnections(run)]);
    const renewed = pooled.filter(({ marked }) => !marked).map(({ pid, since }) => ({ pid, since }));
    if (sessions.length === 0 && renewed.length === 0) {
      const what = `no session of ${role} in ${database} has been idle in a transaction for more than ${idleSeconds} s`;
      throw new SkipError('nothing-to-do', what);
    }
    return { summary: summaryOf(sessions.length, renewed.length, role), details: { sessions, pooled: renewed } };
  },

  async execute(run, plan) {
    const { sessions, pooled } = detailsOf(plan);
    const ended = await count(run, sessions, run.dryRun ? 'true' : 'pg_terminate_backend(pid)');
    const renewed = await renewPool(run, pooled);
    return {
      summary: [
        ...(sessions.length > 0
          ? [`${run.dryRun ? 'would end' : 'ended'} ${ended} of ${sessions.length} sessions`]
          : []),
        ...(pooled.length > 0
          ? [renewed ? `${run.dryRun ? 'would have' : 'had'} the pool renewed` : 'the pool was renewed before']
          : []),
      ].join(', '),
    };
  },

  async verify(run, plan) {
    const { sessions, pooled } = detailsOf(plan);
    const left = await count(run, sessions, 'true');
    return left === 0 && (await unmarked(run, pooled)) === 0 ? 1 : 0;
  },
};

/** The time as text, exact to the microsecond whatever the settings of the session are. */
const SINCE = `to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** A session that may be ended: $1 is the database, $2 the role, $3 the time in seconds. */
const IS_FORGOTTEN = `backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname = $1 AND usename = $2
  AND state IN ('idle in transaction', 'idle in transaction (aborted)')
  AND state_change < clock_timestamp() - make_interval(secs => $3)`;

function forgottenSessions(run: Run<ResetConnections>): Promise<readonly Session[]> {
  return ask<Session>(
    run,
    `SELECT pid, ${SINCE} AS since FROM pg_stat_activity WHERE ${IS_FORGOTTEN} ORDER BY state_change LIMIT $4`,
    run.parameters.maximumSessions ?? DEFAULT_MAXIMUM_SESSIONS,
  );
}

/**
 * Counts those of the sessions that are still as they were found, and for which an expression holds. One that has gone on
 * working is left alone, and so is a new one that has got the number of an old one.
 */
async function count(run: Run<ResetConnections>, sessions: readonly Session[], expression: string): Promise<number> {
  if (sessions.length === 0) {
    return 0;
  }
  const [row] = await ask<{ readonly count: number }>(
    run,
    `SELECT (count(*) FILTER (WHERE ${expression}))::int AS count FROM pg_stat_activity
      WHERE ${IS_FORGOTTEN} AND (pid, ${SINCE}) IN (SELECT * FROM unnest($4::int[], $5::text[]))`,
    sessions.map(({ pid }) => pid),
    sessions.map(({ since }) => since),
  );
  return row?.count ?? 0;
}

function ask<R>(
  { parameters, tools, signal }: Run<ResetConnections>,
  statement: string,
  ...values: readonly unknown[]
) {
  const { connection, database, role, idleSeconds = DEFAULT_IDLE_SECONDS } = parameters;
  return tools.database(connection).query<R>(statement, [database, role, idleSeconds, ...values], signal);
}

/** A row of `SHOW SERVERS`. https://www.pgbouncer.org/usage.html#show-servers */
interface PooledConnection {
  readonly database: string;
  readonly connect_time: string;
  readonly remote_pid: number;
  /** 1 when it will be closed as soon as nobody uses it. */
  readonly close_needed: number;
}

async function pooledConnections({ parameters, tools, signal }: Run<ResetConnections>) {
  const { pgBouncer } = parameters;
  const rows = pgBouncer
    ? await tools.database(pgBouncer.connection).query<PooledConnection>('SHOW SERVERS', [], signal)
    : [];
  return rows
    .filter((row) => row.database === pgBouncer?.database)
    .map((row) => ({ pid: row.remote_pid, since: row.connect_time, marked: Number(row.close_needed) === 1 }));
}

/** Planned connections of the pool that are still there and will stay. */
async function unmarked(run: Run<ResetConnections>, planned: readonly Session[]): Promise<number> {
  const left = planned.length > 0 ? await pooledConnections(run) : [];
  return left.filter(
    ({ pid, since, marked }) => !marked && planned.some((other) => other.pid === pid && other.since === since),
  ).length;
}

/**
 * Has PgBouncer close its connections as they are released. `KILL` would end them at once, and leave the database paused
 * until somebody resumes it.
 *
 * @returns whether something was left to renew
 */
async function renewPool(run: Run<ResetConnections>, planned: readonly Session[]): Promise<boolean> {
  const { pgBouncer } = run.parameters;
  if (!pgBouncer || (await unmarked(run, planned)) === 0) {
    return false;
  }
  if (!run.dryRun) {
    await run.tools.database(pgBouncer.connection).query(`RECONNECT ${pgBouncer.database}`, [], run.signal);
  }
  return true;
}

function summaryOf(sessions: number, pooled: number, role: string): string {
  return [
    ...(sessions > 0 ? [`end ${sessions} sessions of ${role} that are idle in a transaction`] : []),
    ...(pooled > 0 ? [`renew ${pooled} connections of the pool`] : []),
  ].join(', ');
}

function detailsOf({ details }: Plan): Details {
  return details as unknown as Details;
}
