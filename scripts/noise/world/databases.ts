import type { Labels } from '../alert-state';
import { DAY, HOUR, MINUTE, random, START, traffic } from './calendar';
import { isNightly } from './nodes';
import { sawtooth, type Target, wandering } from './series';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** What postgres_exporter exposes of a healthy server. */
export function postgres(target: Target): Target {
  const server = { server: 'postgres.sightedit.svc:5432' };
  const datname = 'sightedit_production';
  const database = { datname };
  const calls = (time: number) => 5 + 200 * traffic(time);
  for (const [user, share] of [
    ['sightedit_app', 1],
    ['sightedit_backup', 0.001],
  ] as const) {
    target
      .counter('pg_stat_statements_calls_total', (time) => calls(time) * share, { ...database, user, queryid: '1' })
      .sum('pg_stat_statements_seconds_total', (time) => calls(time) * share * 0.004, {
        ...database,
        user,
        queryid: '1',
      });
  }
  const session = (usename: string, state: string) => ({
    ...server,
    ...database,
    usename,
    state,
    backend_type: 'client backend',
  });
  for (const [relname, rows, hours] of [
    ['content_edits', 2_000_000, 30],
    ['sessions', 150_000, 4],
  ] as const) {
    const table = { ...database, schemaname: 'app', relname };
    target
      .gauge('pg_stat_user_tables_n_live_tup', rows, table)
      // Autovacuum starts at a fifth.
      .gauge('pg_stat_user_tables_n_dead_tup', sawtooth(0, rows * 0.21, hours * HOUR, relname), table);
  }
  for (const collector of ['locks', 'stat_statements', 'replication', 'stat_user_tables']) {
    target.gauge('pg_scrape_collector_success', 1, { collector });
  }
  return target
    .gauge('pg_up', 1)
    .gauge('pg_exporter_last_scrape_error', 0)
    .gauge('pg_postmaster_start_time_seconds', START - 40 * DAY, server)
    .gauge('pg_settings_max_connections', 200, server)
    .gauge('pg_settings_superuser_reserved_connections', 3, server)
    .gauge('pg_roles_connection_limit', 50, { rolname: 'sightedit_app' })
    .gauge('pg_stat_activity_count', (time) => Math.round(4 + 22 * traffic(time)), session('sightedit_app', 'active'))
    .gauge(
      'pg_stat_activity_count',
      (time) => (random('idle', time) < 0.3 ? 1 : 0),
      session('sightedit_app', 'idle in transaction'),
    )
    .gauge('pg_stat_activity_max_tx_duration', (time) => random('tx', time) * 20, session('sightedit_app', 'active'))
    .gauge(
      'pg_stat_activity_max_tx_duration',
      (time) => random('idle', time),
      session('sightedit_app', 'idle in transaction'),
    )
    .gauge(
      'pg_stat_activity_max_tx_duration',
      (time) => (isNightly(time) && (time % DAY) / HOUR >= 1.5 ? (time % DAY) - 1.5 * HOUR : 0),
      session('sightedit_backup', 'active'),
    )
    .gauge('pg_database_size_bytes', (time) => 20 * GIB + ((time - START) / DAY) * 0.05 * GIB, database)
    .gauge('pg_database_wraparound_age_datfrozenxid_seconds', sawtooth(5e7, 2e8, 20 * DAY, 'xid'), database)
    .gauge('pg_database_wraparound_age_datminmxid_seconds', 1e6, database)
    .counter('pg_stat_database_deadlocks', 1 / DAY, { ...database, datid: '16384' })
    .counter('pg_stat_database_blks_hit', (time) => 4000 + 30_000 * traffic(time), { ...database, datid: '16384' })
    .counter('pg_stat_database_blks_read', (time) => (isNightly(time) ? 1500 : 20 + 100 * traffic(time)), {
      ...database,
      datid: '16384',
    })
    .counter('pg_stat_database_xact_commit', calls, { ...database, datid: '16384' })
    .counter('pg_stat_database_xact_rollback', (time) => calls(time) * 0.004, { ...database, datid: '16384' })
    .counter('pg_stat_archiver_archived_count', 1 / (5 * MINUTE), server)
    .counter('pg_stat_archiver_failed_count', 1 / (5 * DAY), server)
    .counter('pg_stat_checkpointer_num_requested_total', (time) => (isNightly(time) ? 4 / HOUR : 0.2 / HOUR))
    .gauge('pg_stat_replication_pg_wal_lsn_diff', wandering(0, 8 * MIB, 120, 'lag'), {
      ...server,
      application_name: 'replica-0',
      state: 'streaming',
    })
    .gauge('pg_replication_slots_active', 1, { ...server, slot_name: 'replica_0', database: '' })
    .gauge('pg_replication_slots_pg_wal_lsn_diff', wandering(0, 64 * MIB, 120, 'slot'), {
      ...server,
      slot_name: 'replica_0',
    })
    .gauge('pg_replication_is_replica', 0);
}

/** What sql_exporter exposes of healthy contents. */
export function sqlQueries(target: Target): Target {
  const table: Labels = { schema_name: 'app', table_name: 'content_edits' };
  return target
    .counter('scrape_errors_total', 0, { collector: 'locks', query: 'blocked' })
    .gauge('sightedit_db_blocked_longest_wait_seconds', (time) => random('blocked', time) * 3, {
      datname: 'sightedit_production',
    })
    .gauge('sightedit_db_orphaned_rows', 0, { relation: 'app.sites' })
    .gauge('sightedit_db_audit_missing_rows', 0, { table_name: 'app.users' })
    .gauge('sightedit_db_expired_sessions_oldest_age_seconds', (time) => (time - HOUR) % DAY)
    .gauge('sightedit_db_table_size_bytes', 8 * GIB, table)
    .gauge('sightedit_db_table_bloat_bytes', sawtooth(0.4 * GIB, 2 * GIB, 5 * DAY, 'bloat'), table);
}

/** What redis_exporter exposes of a healthy cache. */
export function redis(target: Target): Target {
  const commands = (time: number) => 20 + 800 * traffic(time);
  for (const [cmd, share] of [
    ['get', 0.7],
    ['set', 0.3],
  ] as const) {
    target
      .counter('redis_commands_total', (time) => commands(time) * share, { cmd })
      .sum('redis_commands_duration_seconds_total', (time) => commands(time) * share * 0.000_02, { cmd });
  }
  return target
    .gauge('redis_up', 1)
    .gauge('redis_exporter_last_scrape_error', 0)
    .gauge('redis_uptime_in_seconds', (time) => time - START + 50 * DAY)
    .gauge('redis_instance_info', 1, { role: 'master', maxmemory_policy: 'allkeys-lru' })
    .gauge('redis_memory_max_bytes', 2 * GIB)
    .gauge('redis_memory_used_bytes', wandering(1.2 * GIB, 1.9 * GIB, 3 * HOUR, 'redis'))
    .gauge('redis_db_keys', wandering(300_000, 400_000, 3 * HOUR, 'keys'), { db: 'db0' })
    .counter('redis_evicted_keys_total', (time) => 10 * traffic(time))
    .gauge('redis_connected_clients', (time) => 10 + 60 * traffic(time))
    .gauge('redis_max_clients', 10_000)
    .gauge('redis_blocked_clients', 1)
    .counter('redis_rejected_connections_total', 0)
    .gauge('redis_connected_slaves', 1)
    .gauge('redis_connected_slave_lag_seconds', (time) => (random('redis lag', time) < 0.5 ? 0 : 1), {
      slave_ip: '10.0.9.9',
      slave_port: '6379',
      slave_state: 'online',
    })
    .gauge('redis_rdb_last_bgsave_status', 1)
    .gauge('redis_aof_last_write_status', 1)
    .gauge('redis_aof_last_bgrewrite_status', 1);
}
