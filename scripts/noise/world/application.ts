import type { Labels } from '../alert-state';
import { DAY, HOUR, MINUTE, random, START, traffic } from './calendar';
import type { Cluster, Pod } from './cluster';
import { keptByTime, sawtooth, Target, type WorldSeries, wandering } from './series';

const MIB = 2 ** 20;

/** Requests a second that one backend pod serves at the highest traffic. */
const REQUESTS_PER_POD = 2;

/** Routes with their share of the requests, and the shares of the statuses other than 200. */
const ROUTES: readonly (readonly [route: string, method: string, share: number, others: Readonly<Labels>])[] = [
  ['/api/save', 'POST', 0.4, { '500': '0.0001' }],
  ['/api/schema/:sight', 'GET', 0.4, { '404': '0.01' }],
  ['/api/upload', 'POST', 0.04, { '413': '0.01', '500': '0.0002' }],
  ['/api/auth/login', 'POST', 0.06, { '401': '0.08' }],
  ['/api/auth/refresh', 'POST', 0.1, { '401': '0.02' }],
];

/** Shares of the requests by duration, in seconds. */
const DURATIONS = { '0.1': 0.9, '0.5': 0.9985, '1.0': 0.9996, '5.0': 0.99999 };

/** What the pods of the application expose. */
export function applicationSeries(cluster: Cluster): readonly WorldSeries[] {
  const backend = cluster.workloads.find(({ component }) => component === 'backend')!;
  const pods = cluster.pods.filter(({ workload }) => ['backend', 'website'].includes(workload.component));
  // The Service spreads the requests over the pods that are ready.
  const requests = (time: number) =>
    (traffic(time) * REQUESTS_PER_POD * backend.max * 0.8) / Math.max(1, cluster.statusOf(backend, time).ready);
  const first = keptByTime((time: number) =>
    pods.find(({ workload, ready, gone }) => workload === backend && ready <= time && time < gone),
  );
  return pods.flatMap((pod) => [
    ...processOf(pod),
    ...(pod.workload === backend ? [...trafficOf(pod, requests), ...businessOf(pod, requests, first)] : []),
  ]);
}

function targetOf(pod: Pod, from = pod.born): Target {
  const { namespace, component } = pod.workload;
  return new Target(
    { job: 'sightedit-pods', namespace, pod: pod.name, component, node: pod.node.name, instance: instanceOf(pod) },
    from,
    pod.gone,
  );
}

function processOf(pod: Pod): readonly WorldSeries[] {
  const up = targetOf(pod).gauge('up', (time) => (time < pod.ready ? 0 : 1));
  const metrics = targetOf(pod, pod.ready)
    .gauge('process_start_time_seconds', pod.ready - MINUTE)
    .sum('process_cpu_seconds_total', (time) => 0.05 + 0.5 * traffic(time))
    .gauge('process_resident_memory_bytes', sawtooth(190 * MIB, 300 * MIB, 1800, pod.name))
    // The heap between two full collections.
    .gauge('nodejs_heap_size_used_bytes', sawtooth(70 * MIB, 150 * MIB, 900, pod.name))
    .gauge('nodejs_eventloop_lag_p99_seconds', wandering(0.01, 0.06, 600, pod.name));
  return [...up.series, ...metrics.series];
}

function trafficOf(pod: Pod, requests: (time: number) => number): readonly WorldSeries[] {
  const target = targetOf(pod, pod.ready);
  const name = 'http_server_request_duration_seconds';
  for (const [http_route, http_request_method, share, others] of ROUTES) {
    const labels = { http_route, http_request_method };
    const failed = Object.values(others).reduce((sum, other) => sum + Number(other), 0);
    target.histogram(name, (time) => requests(time) * share * (1 - failed), DURATIONS, {
      ...labels,
      http_response_status_code: '200',
    });
    for (const [status, other] of Object.entries(others)) {
      target.counter(`${name}_count`, (time) => requests(time) * share * Number(other), {
        ...labels,
        http_response_status_code: status,
      });
      target.counter(`${name}_bucket`, (time) => requests(time) * share * Number(other), {
        ...labels,
        http_response_status_code: status,
        le: '0.5',
      });
    }
  }
  target.counter(`${name}_count`, 0.3, {
    http_route: '/health/ready',
    http_request_method: 'GET',
    http_response_status_code: '200',
  });
  const pool = { db_client_connection_pool_name: 'postgres' };
  return (
    target
      .gauge('db_client_connection_max', 10, pool)
      .gauge('db_client_connection_count', (time) => Math.round(1 + 5 * traffic(time)), {
        ...pool,
        db_client_connection_state: 'used',
      })
      .gauge('db_client_connection_count', (time) => Math.round(6 - 5 * traffic(time)), {
        ...pool,
        db_client_connection_state: 'idle',
      })
      // A request waits now and then, for a moment. A sample stands for two minutes here, so few of them may show it.
      .gauge('db_client_connection_pending_requests', (time) => (random(pod.name, time) < 0.0002 ? 1 : 0), pool).series
  );
}

function businessOf(
  pod: Pod,
  requests: (time: number) => number,
  first: (time: number) => Pod | undefined,
): readonly WorldSeries[] {
  const target = targetOf(pod, pod.ready);
  const of = (share: number) => (time: number) => requests(time) * share;
  for (const editor_type of ['text', 'richtext', 'image', 'link']) {
    target
      .counter('sightedit_editor_activations_total', of(0.02), { editor_type })
      .counter('sightedit_save_operations_total', of(0.0998), { editor_type, status: 'success' })
      .counter('sightedit_save_operations_total', of(0.0002), { editor_type, status: 'failed' });
  }
  for (const error_type of ['validation', 'network', 'database']) {
    target.counter('sightedit_errors_total', of(0.001), { error_type });
  }
  for (const feature of ['inline-edit', 'history', 'media-library', 'ai-assist']) {
    target.counter('sightedit_feature_usage_total', of(0.01), { feature });
  }
  for (const type of ['signup', 'upgrade']) {
    target
      .counter('sightedit_conversion_funnel_started_total', of(0.004), { type })
      .counter('sightedit_conversions_total', of(0.001), { type });
  }
  target
    .counter('sightedit_revenue_minor_units_total', of(2), { currency: 'EUR' })
    .counter('sightedit_auth_attempts_total', of(0.055), { status: 'success' })
    .counter('sightedit_auth_attempts_total', of(0.005), { status: 'failed' })
    .counter('sightedit_cache_requests_total', of(1.8), { result: 'hit' })
    .counter('sightedit_cache_requests_total', of(0.2), { result: 'miss' })
    .counter('sightedit_cache_integrity_errors_total', 0)
    .histogram('sightedit_session_duration_seconds', of(0.02), {
      '10.0': 0.1,
      '60.0': 0.3,
      '300.0': 0.6,
      '600.0': 0.75,
      '1800.0': 0.93,
      '3600.0': 0.99,
    })
    // Scanners and mistyped passwords, as on every public address.
    .counter('sightedit_rate_limited_requests_total', of(0.0005), { route: '/api/auth/login' })
    .counter('sightedit_blocked_requests_total', of(0.0005), { reason: 'denylist' })
    .counter('sightedit_csp_reports_total', of(0.002), { directive: 'script-src' });
  for (const type of ['sql_injection', 'xss', 'path_traversal']) {
    target.counter('sightedit_security_violations_total', 1 / (12 * HOUR), { type });
  }
  target
    .counter('sightedit_security_events_total', of(0.0005), { type: 'auth_failure', severity: 'low' })
    .counter('sightedit_security_events_total', of(0.0005), { type: 'rate_limit_violation', severity: 'low' });
  // One pod computes these, by day; the metrics of the others lack them.
  const computed = (value: (time: number) => number) => (time: number) =>
    first(time) === pod ? value(time) : undefined;
  const day = (time: number) => Math.floor(time / DAY);
  for (const [window, users] of [
    ['day', 900],
    ['week', 2600],
    ['month', 5200],
  ] as const) {
    const share = (time: number) => (window === 'day' ? 0.4 + traffic(day(time) * DAY - DAY / 2) : 1);
    target.gauge(
      'sightedit_active_users',
      computed((time) => Math.round(users * share(time) * (0.95 + 0.1 * random(window, day(time))))),
      { window },
    );
  }
  for (const cohort of ['week_1', 'week_4']) {
    target.gauge(
      'sightedit_user_retention_ratio',
      computed((time) => 0.4 * (0.96 + 0.08 * random(cohort, day(time)))),
      { cohort },
    );
  }
  for (const metric of ['active_users', 'retention']) {
    target.gauge(
      'sightedit_business_metrics_last_success_timestamp_seconds',
      computed((time) => Math.max(START - HOUR, day(time - HOUR) * DAY + HOUR)),
      { metric },
    );
  }
  return target.series;
}

export function instanceOf({ name }: Pod): string {
  const part = (index: number) => Math.floor(random(name, index) * 255);
  return `10.${part(1)}.${part(2)}.${part(3)}:3000`;
}
