import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics';

/** Sets the metrics of the process at each scrape. */
export function measureProcess(metrics: Metrics): void {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  metrics.collect('nodejs_eventloop_lag_p99_seconds', () => {
    // NaN before the first sample, and in nanoseconds afterwards.
    metrics.set('nodejs_eventloop_lag_p99_seconds', {}, (delay.percentile(99) || 0) / 1e9);
    delay.reset();
  });
  metrics.collect('nodejs_heap_size_used_bytes', () => {
    const { heapUsed, heapTotal } = process.memoryUsage();
    metrics.set('nodejs_heap_size_used_bytes', {}, heapUsed);
    metrics.set('nodejs_heap_size_total_bytes', {}, heapTotal);
  });
  metrics.collect('process_resident_memory_bytes', () => {
    metrics.set('process_resident_memory_bytes', {}, process.memoryUsage.rss());
  });
  let counted = 0;
  metrics.collect('process_cpu_seconds_total', () => {
    const { user, system } = process.cpuUsage();
    const seconds = (user + system) / 1e6;
    metrics.increment('process_cpu_seconds_total', {}, Math.max(0, seconds - counted));
    counted = seconds;
  });
  metrics.set('process_start_time_seconds', {}, Math.round(Date.now() / 1000 - process.uptime()));
}

/** What this library reads of a `pg.Pool`. */
export interface ObservedPool {
  /** Open connections. */
  readonly totalCount: number;
  /** Open connections that nobody uses. */
  readonly idleCount: number;
  /** Requests that wait for a connection. */
  readonly waitingCount: number;
  /** Settings of the pool. */
  readonly options: {
    /** Maximum number of connections. */
    readonly max?: number;
  };
}

/** pg's own default. https://node-postgres.com/apis/pool */
const PG_MAX = 10;

/** Sets the metrics of a connection pool at each scrape. */
export function measurePool(metrics: Metrics, name: string, pool: ObservedPool): void {
  const labels = { db_client_connection_pool_name: name };
  metrics.collect('db_client_connection_count', () => {
    const state = (value: string) => ({ ...labels, db_client_connection_state: value });
    metrics.set('db_client_connection_count', state('idle'), pool.idleCount);
    metrics.set('db_client_connection_count', state('used'), pool.totalCount - pool.idleCount);
    metrics.set('db_client_connection_pending_requests', labels, pool.waitingCount);
    metrics.set('db_client_connection_max', labels, pool.options.max ?? PG_MAX);
  });
}
