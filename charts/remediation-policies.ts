import {
  blockAddress,
  clearCache,
  type LogLink,
  openIncident,
  type RemediationPolicy,
  resetConnections,
  restartWorkload,
  scaleUp,
} from '../remediation';
import { LOGS_UID } from './logs';
import type { MonitoringSettings } from './settings';

/** Names of the connections that the policies use. */
export const DATABASE_CONNECTION = 'postgres';
export const CACHE_CONNECTION = 'redis';

/** Nothing is restarted, scaled or cleared while the database is down: it would return to a rush of requests. */
const DATABASE_DOWN = {
  name: 'database-down',
  query: 'ALERTS{alertname="PostgresDown", alertstate="firing"}',
};

const CACHE_IS_SOUND = 'sum(increase(sightedit_cache_integrity_errors_total{job="sightedit-pods"}[5m])) == bool 0';

/** Below 90 % of its limit. Without a limit, the second line yields 1 while Redis is up. */
const CACHE_HAS_ROOM = `max(redis_memory_used_bytes{job="redis-exporter"}) / (max(redis_memory_max_bytes{job="redis-exporter"}) > 0) < bool 0.9
  or 0 * max(redis_memory_used_bytes{job="redis-exporter"}) + 1`;

/**
 * What the three alerts of this policy read: connections are free, few sessions are idle in a transaction, none waits.
 */
const poolIsSound = (database: string) =>
  [
    '(max(job:postgres_connections_used:ratio) < bool 0.85)',
    `(sum(pg_stat_activity_count{datname="${database}", state=~"idle in transaction.*"}) <= bool 5)`,
    '(max(min_over_time(db_client_connection_pending_requests{job="sightedit-pods"}[2m])) == bool 0)',
  ].join(' * ');

/** The address of a label, and no longer one that it is a part of. */
const address = (label: string) => `|~ "(^|[^0-9a-fA-F:.])$${label}([^0-9a-fA-F:.]|$)"`;

/** Lines of the application that an incident holds: about the address of the alert, or else those of security. */
function incidentLogs({ application, links, logs }: MonitoringSettings): LogLink | undefined {
  if (logs.mode === 'off') {
    return undefined;
  }
  const lines = `{namespace="${application.namespace}"}`;
  return {
    grafanaUrl: links.grafana,
    datasource: LOGS_UID,
    query: [
      `${lines} ${address('client_ip')}`,
      `${lines} ${address('source_ip')}`,
      `{namespace="${application.namespace}", stream="security"}`,
    ],
  };
}

/**
 * SightEdit's policies. The label `remediation` of an alert names one of them. Each verification reads what its alerts
 * read, with a slightly stricter threshold, so that a verified alert does not fire again at once.
 */
export function remediationPolicies(settings: MonitoringSettings): RemediationPolicy[] {
  const { application, remediation } = settings;
  const { namespace, database } = application;
  const { deployments, autoscalers, maxReplicas, cachePrefixes, neverBlock, loadBalancers = [] } = remediation;
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
        // The query covers five minutes, so an earlier verification would still see the time before the change.
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
      loadBalancers,
      cooldownSeconds: 300,
      budgetPerHour: 5,
    }),
    openIncident({
      logs: incidentLogs(settings),
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
