import {
  blockAddress,
  clearCache,
  openIncident,
  type RemediationPolicy,
  resetConnections,
  restartWorkload,
  scaleUp,
} from '../remediation';
import type { MonitoringSettings } from './settings';

/** Names of the connections that the policies use. */
export const DATABASE_CONNECTION = 'postgres';
export const CACHE_CONNECTION = 'redis';

/** Nothing is restarted, scaled or emptied while the database is away: it would come back to a rush. */
const DATABASE_DOWN = {
  name: 'database-down',
  query: 'ALERTS{alertname="PostgresDown", alertstate="firing"}',
};

const CACHE_IS_SOUND = 'sum(increase(sightedit_cache_integrity_errors_total{job="sightedit-pods"}[5m])) == bool 0';

/** Below 90 % of its limit; where it has none, the second line says that it is there. */
const CACHE_HAS_ROOM = `max(redis_memory_used_bytes{job="redis-exporter"}) / (max(redis_memory_max_bytes{job="redis-exporter"}) > 0) < bool 0.9
  or 0 * max(redis_memory_used_bytes{job="redis-exporter"}) + 1`;

/** What the three alerts read that ask for it: connections are left, few sessions are forgotten, and nobody waits for one. */
const poolIsSound = (database: string) =>
  [
    '(max(job:postgres_connections_used:ratio) < bool 0.85)',
    `(sum(pg_stat_activity_count{datname="${database}", state=~"idle in transaction.*"}) <= bool 5)`,
    '(max(min_over_time(db_client_connection_pending_requests{job="sightedit-pods"}[2m])) == bool 0)',
  ].join(' * ');

/**
 * What is done about which of SightEdit's alerts: their label `remediation` names one of these. The proofs read what the
 * alerts read, a little stricter, so that an alert does not come back at once.
 */
export function remediationPolicies({ application, remediation }: MonitoringSettings): RemediationPolicy[] {
  const { namespace, database } = application;
  const { deployments, autoscalers, maxReplicas, cachePrefixes, neverBlock } = remediation;
  return [
    restartWorkload({
      namespace,
      deployments,
      skipWhile: [DATABASE_DOWN],
      verification: {
        query:
          'max(namespace_workload_pod:process_resident_memory:ratio{namespace="$namespace", workload="$name"}) < bool 0.8',
        stabilisationSeconds: 180,
      },
    }),
    scaleUp({
      namespace,
      deployments,
      autoscalers,
      maxReplicas,
      skipWhile: [DATABASE_DOWN],
      verification: {
        query: 'max(namespace:http_server_request_duration_seconds:p95_rate5m{namespace="$namespace"}) < bool 1',
        // The latency is that of five minutes: earlier it still tells of the time before.
        stabilisationSeconds: 420,
        withinSeconds: 1800,
      },
    }),
    resetConnections({
      connection: DATABASE_CONNECTION,
      database,
      role: 'sightedit_app',
      skipWhile: [DATABASE_DOWN],
      verification: { query: poolIsSound(database), stabilisationSeconds: 180 },
    }),
    clearCache({
      connection: CACHE_CONNECTION,
      prefixes: cachePrefixes,
      skipWhile: [DATABASE_DOWN],
      verification: {
        query: `(${CACHE_IS_SOUND}) * on () (${CACHE_HAS_ROOM})`,
        stabilisationSeconds: 360,
      },
    }),
    blockAddress({
      denylist: { kind: 'redis-denylist', connection: CACHE_CONNECTION },
      neverBlock,
      cooldownSeconds: 300,
      budgetPerHour: 5,
    }),
    openIncident({
      queries: {
        'security events by type':
          'sum by (type, severity) (increase(sightedit_security_events_total{job="sightedit-pods"}[15m])) > 0',
        'failed logins in 15 minutes':
          'sum(increase(sightedit_auth_attempts_total{job="sightedit-pods", status="failed"}[15m]))',
        'violations by type':
          'sum by (type) (increase(sightedit_security_violations_total{job="sightedit-pods"}[15m])) > 0',
      },
    }),
  ];
}
