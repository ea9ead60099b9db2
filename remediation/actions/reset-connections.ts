import * as v from 'valibot';
import { type PolicyOptions, type RemediationPolicy, remediationPolicy, type Verification } from '../policy';
import { RecordAltered } from '../record';
import { positiveIntegerOr, type SchemasOf, text } from '../schema';
import { type Action, type Attempt, SkipError } from './action';

/** A PgBouncer in front of PostgreSQL. */
export interface PgBouncer {
  /** Name of the connection to the database `pgbouncer`, as one of its `admin_users`. */
  readonly connection: string;
  /** Name of the database in PgBouncer: letters, digits and `_`. */
  readonly database: string;
}

/** Parameters of `resetConnections()`. */
export interface ResetConnectionsParameters {
  /** Name of the connection to PostgreSQL, as the role of `rules/sql/remediation-grants.sql`. */
  readonly connection: string;
  /** Database whose sessions are ended. */
  readonly database: string;
  /** Role of the application. Sessions of other roles are never ended. */
  readonly role: string;
  /** Time after which a session that is idle in a transaction counts as abandoned, in seconds, 1 or more. @default 60 */
  readonly idleSeconds?: number;
  /** Largest number of sessions that an attempt ends, 1 or more. @default 10 */
  readonly maximumSessions?: number;
  /** A PgBouncer whose server connections are renewed as well. @default - the application connects directly */
  readonly pgBouncer?: PgBouncer;
}

/** Parameters and options of `resetConnections()`. */
export interface ResetConnectionsProps extends ResetConnectionsParameters, PolicyOptions {
  /** How the effect is verified. @default - the planned sessions must be gone */
  readonly verification?: Verification;
}

/** Parameters of `resetConnections()` with the defaults filled in. */
export interface ResetConnections extends Required<Omit<ResetConnectionsParameters, 'pgBouncer'>> {
  /** A PgBouncer whose server connections are renewed as well. @default - the application connects directly */
  readonly pgBouncer?: PgBouncer;
}

const pgBouncer = v.strictObject({
  connection: text,
  // The console has no parameters, so the name becomes part of a command.
  database: v.pipe(v.string(), v.regex(/^\w+$/, 'write only letters, digits and "_"')),
} satisfies SchemasOf<PgBouncer>);

const parameters = v.strictObject({
  connection: text,
  database: text,
  role: text,
  idleSeconds: v.optional(positiveIntegerOr('write after how many seconds a session counts as abandoned'), 60),
  maximumSessions: v.optional(positiveIntegerOr('write how many sessions an attempt may end'), 10),
  pgBouncer: v.optional(pgBouncer),
} satisfies SchemasOf<ResetConnectionsParameters>);

/**
 * Ends sessions that were abandoned in a transaction: they hold locks and connections that others wait for.
 *
 * The application must handle errors of its pool and of its clients: node-postgres otherwise ends the process when one
 * of its sessions is ended. The setting `idle_in_transaction_session_timeout` of the role prevents such sessions.
 *
 * @throws SettingError for a parameter or an option that cannot work
 */
export function resetConnections(
  props: ResetConnectionsProps,
): RemediationPolicy<'reset-connections', ResetConnections> {
  return remediationPolicy('reset-connections', parameters, props);
}

/** A session, or a server connection of a pool. PIDs are reused, so its start time identifies it too. */
interface Session {
  readonly pid: number;
  readonly since: string;
}

interface Details {
  readonly sessions: readonly Session[];
  /** Server connections of the pool. */
  readonly pooled: readonly Session[];
}

/** @internal */
export const resetConnectionsAction: Action<ResetConnections, Details> = {
  kind: 'reset-connections',
  parameters,

  describe: ({ database, role, idleSeconds, maximumSessions, pgBouncer: pool }) =>
    `Ends up to ${maximumSessions} sessions of ${role} in database ${database} that have been idle in a transaction for more than ` +
    `${idleSeconds} s, the longest first. No other session is touched.` +
    `${pool ? ' PgBouncer renews each of its server connections once it is released.' : ''}`,

  requirements: ({ connection, pgBouncer: pool }) => ({
    permissions: [],
    allowedUpdates: [],
    connections: [connection, ...(pool ? [pool.connection] : [])],
  }),

  targets: ({ database }) => [{ kind: 'Database', name: database }],

  async findTarget({ labels }, { database, role }) {
    for (const [label, allowed] of [
      ['datname', database],
      ['usename', role],
    ] as const) {
      const value = labels[label];
      if (value !== undefined && value !== allowed) {
        throw new SkipError('target-not-allowed', `the policy is for ${label} ${allowed}, not ${value}`);
      }
    }
    return { kind: 'Database', name: database };
  },

  async plan(attempt) {
    const { database, role, idleSeconds } = attempt.parameters;
    const [sessions, pooled] = await Promise.all([abandonedSessions(attempt), pooledConnections(attempt)]);
    const renewed = pooled.filter(({ marked }) => !marked).map(({ pid, since }) => ({ pid, since }));
    if (sessions.length === 0 && renewed.length === 0) {
      throw new SkipError(
        'nothing-to-do',
        `no session of ${role} in ${database} has been idle in a transaction for more than ${idleSeconds} s`,
      );
    }
    return { summary: summaryOf(sessions.length, renewed.length, role), details: { sessions, pooled: renewed } };
  },

  // The plan is stale as soon as a session ends. `execute()` ends only those that are still abandoned.
  async recheck({ parameters: { maximumSessions } }, plan) {
    const { sessions } = plan.details;
    if (sessions.length > maximumSessions) {
      throw new RecordAltered(`the plan has ${sessions.length} sessions, more than ${maximumSessions}`);
    }
    return plan;
  },

  async execute(attempt, { details: { sessions, pooled } }) {
    const ended = await count(attempt, sessions, attempt.dryRun ? 'true' : 'pg_terminate_backend(pid)');
    const renewed = await renewPool(attempt, pooled);
    return {
      summary: [
        ...(sessions.length > 0
          ? [`${attempt.dryRun ? 'would end' : 'ended'} ${ended} of ${sessions.length} sessions`]
          : []),
        ...(pooled.length > 0
          ? [renewed ? (attempt.dryRun ? 'would renew the pool' : 'renewed the pool') : 'the pool was already renewed']
          : []),
      ].join(', '),
    };
  },

  async verify(attempt, { details: { sessions, pooled } }) {
    const left = await count(attempt, sessions, 'true');
    return left === 0 && (await unmarked(attempt, pooled)) === 0 ? 1 : 0;
  },
};

/** The start time as text with microseconds, independent of the session's settings. */
const SINCE = `to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** A session that may be ended: $1 is the database, $2 the role, $3 the idle time in seconds. */
const IS_ABANDONED = `backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname = $1 AND usename = $2
  AND state IN ('idle in transaction', 'idle in transaction (aborted)')
  AND state_change < clock_timestamp() - make_interval(secs => $3)`;

function abandonedSessions(attempt: Attempt<ResetConnections>): Promise<readonly Session[]> {
  return ask<Session>(
    attempt,
    `SELECT pid, ${SINCE} AS since FROM pg_stat_activity WHERE ${IS_ABANDONED} ORDER BY state_change LIMIT $4`,
    attempt.parameters.maximumSessions,
  );
}

/**
 * Counts the sessions that are still abandoned and for which an expression holds. A session that has continued is left
 * alone, and so is a new session that reuses a PID.
 */
async function count(
  attempt: Attempt<ResetConnections>,
  sessions: readonly Session[],
  expression: string,
): Promise<number> {
  if (sessions.length === 0) {
    return 0;
  }
  const [row] = await ask<{ readonly count: number }>(
    attempt,
    `SELECT (count(*) FILTER (WHERE ${expression}))::int AS count FROM pg_stat_activity
      WHERE ${IS_ABANDONED} AND (pid, ${SINCE}) IN (SELECT * FROM unnest($4::int[], $5::text[]))`,
    sessions.map(({ pid }) => pid),
    sessions.map(({ since }) => since),
  );
  return row?.count ?? 0;
}

function ask<R>(
  { parameters, clients, signal }: Attempt<ResetConnections>,
  statement: string,
  ...values: readonly unknown[]
) {
  const { connection, database, role, idleSeconds } = parameters;
  return clients.database(connection).query<R>(statement, [database, role, idleSeconds, ...values], signal);
}

/** A row of `SHOW SERVERS`. https://www.pgbouncer.org/usage.html#show-servers */
interface PooledConnection {
  readonly database: string;
  readonly connect_time: string;
  readonly remote_pid: number;
  /** 1 when PgBouncer will close the connection once it is released. */
  readonly close_needed: number;
}

async function pooledConnections({ parameters, clients, signal }: Attempt<ResetConnections>) {
  const { pgBouncer: pool } = parameters;
  const rows = pool ? await clients.database(pool.connection).query<PooledConnection>('SHOW SERVERS', [], signal) : [];
  return rows
    .filter((row) => row.database === pool?.database)
    .map((row) => ({ pid: row.remote_pid, since: row.connect_time, marked: Number(row.close_needed) === 1 }));
}

/** Number of planned pool connections that still exist and will not be closed. */
async function unmarked(attempt: Attempt<ResetConnections>, planned: readonly Session[]): Promise<number> {
  const left = planned.length > 0 ? await pooledConnections(attempt) : [];
  return left.filter(
    ({ pid, since, marked }) => !marked && planned.some((other) => other.pid === pid && other.since === since),
  ).length;
}

/**
 * Makes PgBouncer close its server connections once they are released (`RECONNECT`). `KILL` would end them at once and
 * leave the database paused until somebody resumes it.
 *
 * @returns whether a connection was left to renew
 */
async function renewPool(attempt: Attempt<ResetConnections>, planned: readonly Session[]): Promise<boolean> {
  const { pgBouncer: pool } = attempt.parameters;
  if (!pool || (await unmarked(attempt, planned)) === 0) {
    return false;
  }
  if (!attempt.dryRun) {
    await attempt.clients.database(pool.connection).query(`RECONNECT ${pool.database}`, [], attempt.signal);
  }
  return true;
}

function summaryOf(sessions: number, pooled: number, role: string): string {
  return [
    ...(sessions > 0 ? [`end ${sessions} sessions of ${role} that are idle in a transaction`] : []),
    ...(pooled > 0 ? [`renew ${pooled} connections of the pool`] : []),
  ].join(', ');
}
