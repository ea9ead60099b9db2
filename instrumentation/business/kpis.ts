import type { Logger } from '../log/logger';
import type { Metrics } from '../metrics/metrics';
import type { ProcessRates } from './process-counts';

/** Time that key figures are about. */
export type KpiPeriod = 'day' | 'week' | 'month';

/** Key figures from the database. */
export interface DatabaseKpis {
  /** Users who edited within a day. */
  readonly dailyActiveUsers: number;
  /** Users who edited within seven days. */
  readonly weeklyActiveUsers: number;
  /** Users who edited within 30 days. */
  readonly monthlyActiveUsers: number;
  /** Share of the users who registered in the week before the period and edited within it. */
  readonly userRetentionRate: number;
  /** Seconds. @default - no session in the period */
  readonly averageSessionDuration?: number;
}

/** All key figures. */
export interface Kpis extends Omit<DatabaseKpis, 'averageSessionDuration'>, ProcessRates {}

/** Key figures where no database is set. */
export const noKpis: DatabaseKpis = {
  ...{ dailyActiveUsers: 0, weeklyActiveUsers: 0, monthlyActiveUsers: 0, userRetentionRate: 0 },
};

/** A query result of `pg`. */
export interface QueryResult {
  /** Rows, by column. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

/** What this library uses of a client of `pg.Pool`. */
export interface DatabaseClient {
  /** Runs a statement. */
  query(sql: string, values?: unknown[]): Promise<QueryResult>;
  /** Hears of the loss of the connection, which ends the process if nobody does. */
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** Returns the client to its pool. @param destroy closes its connection instead */
  release(destroy?: boolean): void;
}

/** What this library uses of a `pg.Pool`. */
export interface Database {
  /** A client of its own. */
  connect(): Promise<DatabaseClient>;
}

/** Settings of the key figures. */
export interface KpiOptions {
  /** The pool. Its role may call the functions of `instrumentation/business/kpis.sql`. */
  readonly database: Database;
  /** Milliseconds between two computations. @default 3600000 (an hour) */
  readonly intervalMs?: number;
}

/** @internal */
export interface KpiSource {
  read(period: KpiPeriod): Promise<DatabaseKpis>;
}

/** Days of the windows, and weeks of the cohorts: `week_1` registered one to two weeks ago. */
const WINDOWS = { day: 1, week: 7, month: 30 } as const;
const COHORTS = { week_1: 1, week_4: 4 } as const;

/** Of all programs that use advisory locks of this database, this one uses this number: "SEkp" in ASCII. */
const LOCK = 0x53456b70;
const TIMEOUT_MS = 60_000;

/**
 * Computes key figures. Of all replicas, the one that gets an advisory lock of PostgreSQL does it, and sets the gauges.
 * The lock ends with its connection, so that another replica takes over when this one dies.
 */
export class KpiComputation implements KpiSource {
  private timer: NodeJS.Timeout | undefined;
  private leader: DatabaseClient | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: KpiOptions,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
  ) {}

  /** Computes now, and then at each interval. */
  start(): void {
    const { intervalMs = 3_600_000 } = this.options;
    const next = () => {
      this.running = this.compute().finally(() => {
        if (this.timer) {
          // Another replica takes over within a minute. The interval is the leader's.
          this.timer = setTimeout(next, this.leader ? intervalMs : Math.min(intervalMs, 60_000)).unref();
        }
      });
    };
    this.timer = setTimeout(next, 0).unref();
  }

  /** Stops, and gives the lock back. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.running;
    this.resign();
  }

  /** Key figures for a period. Any replica may read them. */
  async read(period: KpiPeriod): Promise<DatabaseKpis> {
    const client = await this.options.database.connect();
    try {
      const users = await activeUsers(client);
      const retention = await number(client, 'SELECT monitoring.user_retention($1) AS value', [
        period === 'month' ? 4 : 1,
      ]);
      const session = await number(client, 'SELECT monitoring.session_seconds($1) AS value', [WINDOWS[period]]);
      return {
        ...{ dailyActiveUsers: users.day, weeklyActiveUsers: users.week, monthlyActiveUsers: users.month },
        userRetentionRate: retention ?? 0,
        ...(session === undefined ? {} : { averageSessionDuration: session }),
      };
    } finally {
      client.release();
    }
  }

  /** Computes the gauges, if this replica has the lock or gets it. */
  async compute(): Promise<void> {
    try {
      const leader = this.leader ?? (await this.elect());
      if (leader) {
        await this.measure(leader);
      }
    } catch (error) {
      this.resign();
      this.metrics.increment('sightedit_errors_total', { error_type: 'kpi_computation_failed' });
      this.logger.error('the business metrics could not be computed', { error });
    }
  }

  private async elect(): Promise<DatabaseClient | undefined> {
    const client = await this.options.database.connect();
    client.on('error', () => {
      if (this.leader === client) {
        this.resign();
      }
    });
    try {
      await client.query(`SET statement_timeout = ${TIMEOUT_MS}`);
      const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS elected', [LOCK]);
      if (rows[0]?.elected === true) {
        this.leader = client;
        return client;
      }
    } catch (error) {
      client.release(true);
      throw error;
    }
    client.release(true);
    return undefined;
  }

  private async measure(client: DatabaseClient): Promise<void> {
    const users = await activeUsers(client);
    for (const [window, value] of Object.entries(users)) {
      this.metrics.set('sightedit_active_users', { window }, value);
    }
    this.succeeded('sightedit_active_users');
    for (const [cohort, weeks] of Object.entries(COHORTS)) {
      const ratio = await number(client, 'SELECT monitoring.user_retention($1) AS value', [weeks]);
      // Nobody registered in that week: there is no share of nobody.
      if (ratio !== undefined) {
        this.metrics.set('sightedit_user_retention_ratio', { cohort }, ratio);
      }
    }
    this.succeeded('sightedit_user_retention_ratio');
  }

  private succeeded(metric: string): void {
    const name = 'sightedit_business_metrics_last_success_timestamp_seconds';
    this.metrics.set(name, { metric }, Math.floor(Date.now() / 1000));
  }

  /** Closing the connection ends its lock, whatever state it is in. */
  private resign(): void {
    this.leader?.release(true);
    this.leader = undefined;
  }
}

async function activeUsers(client: DatabaseClient): Promise<Record<KpiPeriod, number>> {
  const count = async (days: number) =>
    (await number(client, 'SELECT monitoring.editing_users($1) AS value', [days])) ?? 0;
  return { day: await count(WINDOWS.day), week: await count(WINDOWS.week), month: await count(WINDOWS.month) };
}

/** PostgreSQL sends bigint and numeric as text. */
async function number(client: DatabaseClient, sql: string, values: unknown[]): Promise<number | undefined> {
  const value = (await client.query(sql, values)).rows[0]?.value;
  return value === null || value === undefined ? undefined : Number(value);
}
