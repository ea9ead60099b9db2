import { DAY, HOUR, MINUTE, random, START, traffic } from './calendar';
import type { Cluster, Pod } from './cluster';
import { postgres, redis, sqlQueries } from './databases';
import { keptByTime, Target, type WorldSeries, wandering } from './series';
import { PLATFORM } from './workloads';

const GIB = 2 ** 30;

/** What the pods of the monitoring platform and the exporters of the databases expose, and the probes of the public URLs. */
export function platformSeries(cluster: Cluster): readonly WorldSeries[] {
  const own = cluster.pods.filter(({ workload }) => workload.namespace === PLATFORM);
  const of = (name: string) => own.filter(({ workload }) => workload.name === name);
  return [
    ...of('prometheus').flatMap(prometheusOf),
    ...of('alertmanager').flatMap((pod) => alertmanagerOf(pod, of('alertmanager'))),
    ...of('grafana').flatMap(grafanaOf),
    ...of('remediation-webhook').flatMap(webhookOf),
    ...of('kube-state-metrics').flatMap((pod) => [...targetsOf(pod, 'kube-state-metrics'), ...telemetryOf(pod)]),
    ...of('blackbox-exporter').flatMap((pod) =>
      targetsOf(pod, 'blackbox-exporter', (target) =>
        target.gauge('blackbox_exporter_config_last_reload_successful', 1),
      ),
    ),
    ...probes(of('blackbox-exporter')),
    ...of('postgres-exporter').flatMap((pod) => targetsOf(pod, 'postgres-exporter', postgres)),
    ...of('sql-exporter').flatMap((pod) => targetsOf(pod, 'sql-exporter', sqlQueries)),
    ...of('redis-exporter').flatMap((pod) => targetsOf(pod, 'redis-exporter', redis)),
  ];
}

/** The target of a pod: it fails until the pod is ready, and its metrics exist from then on. */
function targetsOf(pod: Pod, job: string, fill: (target: Target) => Target = (target) => target): WorldSeries[] {
  const labels = {
    job,
    namespace: PLATFORM,
    service: pod.workload.name,
    pod: pod.name,
    node: pod.node.name,
    instance: `${pod.name}-${pod.born}:8080`,
  };
  const up = new Target(labels, pod.born, pod.gone).gauge('up', (time) => (time < pod.ready ? 0 : 1));
  return [...up.series, ...fill(new Target(labels, pod.ready, pod.gone)).series];
}

function prometheusOf(pod: Pod): WorldSeries[] {
  return targetsOf(pod, 'prometheus', (target) => {
    for (const index of [0, 1, 2]) {
      const alertmanager = { alertmanager: `http://alertmanager-${index}.alertmanager:9093/api/v2/alerts` };
      target
        .counter('prometheus_notifications_sent_total', 0.1, alertmanager)
        .counter('prometheus_notifications_errors_total', 0, alertmanager)
        .counter('prometheus_notifications_dropped_total', 0, alertmanager);
    }
    const group = { rule_group: '/etc/prometheus/rules/nodes.yaml;nodes' };
    const zero = [
      'prometheus_tsdb_compactions_failed_total',
      'prometheus_tsdb_reloads_failures_total',
      'prometheus_tsdb_wal_corruptions_total',
      'prometheus_target_scrapes_sample_duplicate_timestamp_total',
      'prometheus_target_scrapes_sample_out_of_order_total',
      'prometheus_target_scrapes_exceeded_sample_limit_total',
      'prometheus_target_scrape_pool_exceeded_label_limits_total',
      'prometheus_sd_kubernetes_failures_total',
      'prometheus_sd_refresh_failures_total',
    ];
    for (const name of zero) {
      target.counter(name, 0);
    }
    return (
      target
        .gauge('process_start_time_seconds', pod.born)
        .gauge('prometheus_ready', 1)
        .gauge('prometheus_config_last_reload_successful', 1)
        .gauge('prometheus_notifications_alertmanagers_discovered', 3)
        .gauge('prometheus_engine_queries', (time) => Math.floor(random(pod.name, time) * 5))
        .gauge('prometheus_engine_queries_concurrent_max', 20)
        .gauge('prometheus_sd_failed_configs', 0, { name: 'scrape' })
        .counter('prometheus_rule_evaluation_failures_total', 0, group)
        .gauge('prometheus_rule_group_interval_seconds', 15, group)
        .gauge('prometheus_rule_group_last_duration_seconds', 0.2, group)
        .counter('prometheus_tsdb_head_samples_appended_total', 3000)
        // Each rollout adds series; every two hours the head drops those of before.
        .gauge(
          'prometheus_tsdb_head_series',
          (time) => 40_000 + 8000 * traffic(time) + ((time % (2 * HOUR)) / HOUR) * 2000,
        )
        .gauge('prometheus_tsdb_lowest_timestamp_seconds', (time) => Math.max(START - 20 * DAY, time - 30 * DAY))
        .gauge('prometheus_tsdb_retention_limit_seconds', 30 * DAY)
        .gauge('prometheus_tsdb_retention_limit_bytes', 40 * GIB)
        .gauge('prometheus_tsdb_storage_blocks_bytes', (time) => Math.min(30 * GIB, GIB * (20 + (time - START) / DAY)))
        .gauge('prometheus_target_scrape_pool_targets', 12, { scrape_job: 'node-exporter' })
        .gauge('prometheus_target_scrape_pool_target_limit', 500, { scrape_job: 'node-exporter' })
    );
  });
}

function alertmanagerOf(pod: Pod, peers: readonly Pod[]): WorldSeries[] {
  return targetsOf(pod, 'alertmanager', (target) => {
    for (const integration of ['slack', 'email', 'pagerduty', 'webhook']) {
      target
        .counter('alertmanager_notifications_total', 1 / 60, { integration })
        .counter('alertmanager_notifications_failed_total', 0, { integration, reason: 'serverError' })
        .histogram('alertmanager_notification_latency_seconds', 1 / 60, { '1.0': 0.97, '10.0': 1 }, { integration });
    }
    return target
      .gauge('alertmanager_config_last_reload_successful', 1)
      .gauge('alertmanager_config_hash', 1234)
      .gauge('alertmanager_cluster_health_score', 0)
      .gauge(
        'alertmanager_cluster_members',
        (time) => peers.filter(({ ready, gone }) => ready <= time && time < gone).length,
      );
  });
}

function grafanaOf(pod: Pod): WorldSeries[] {
  return targetsOf(pod, 'grafana', (target) =>
    target
      .counter('grafana_plugin_request_total', (time) => 0.5 + 2 * traffic(time), {
        plugin_id: 'prometheus',
        endpoint: 'queryData',
        status: 'ok',
      })
      .counter('grafana_plugin_request_total', 0.002, {
        plugin_id: 'prometheus',
        endpoint: 'queryData',
        status: 'error',
      }),
  );
}

function webhookOf(pod: Pod): WorldSeries[] {
  const policies = ['restart-workload', 'scale-up', 'clear-cache', 'reset-connections', 'open-incident'];
  return targetsOf(pod, 'remediation-webhook', (target) => {
    for (const policy of policies) {
      target.gauge('remediation_budget_remaining', 3, { policy }).gauge('remediation_changes_left', 0, { policy });
      target.counter('remediation_actions_total', 0, { policy, action: policy, outcome: 'succeeded' });
    }
    return target
      .gauge('remediation_circuit_breaker_state', 0, {
        action: 'restart-workload',
        policy: 'restart-workload',
        target: '',
      })
      .gauge('remediation_watchdog_last_received_timestamp_seconds', (time) => time - 30)
      .counter('remediation_webhook_requests_total', 1 / MINUTE, { code: '200' })
      .counter('remediation_webhook_requests_total', 0, { code: '401' })
      .gauge('remediation_records', 0, { phase: 'awaiting-approval' })
      .gauge('remediation_kill_switch_engaged', 0)
      .gauge('remediation_dry_run_enabled', 0);
  });
}

function telemetryOf(pod: Pod): WorldSeries[] {
  return targetsOf(pod, 'kube-state-metrics-telemetry', (target) => {
    for (const resource of ['*v1.Pod', '*v1.Node', '*v1.Deployment']) {
      target
        .counter('kube_state_metrics_list_total', 0, { resource, result: 'success' })
        .counter('kube_state_metrics_watch_total', 1 / (7 * MINUTE), { resource, result: 'success' })
        .counter('kube_state_metrics_watch_total', 1 / (6 * HOUR), { resource, result: 'error' });
    }
    return target;
  });
}

function probes(exporters: readonly Pod[]): WorldSeries[] {
  const answers = keptByTime((time: number) => exporters.some(({ ready, gone }) => ready <= time && time < gone));
  return ['https://api.sightedit.com/health', 'https://cdn.sightedit.com/status'].flatMap((instance) => {
    // Renewed when a third of 90 days is left.
    const phase = random(instance) * 60 * DAY;
    const left = (time: number) => 90 * DAY - ((time - START + phase) % (60 * DAY));
    const here = (value: (time: number) => number) => (time: number) => (answers(time) ? value(time) : undefined);
    return (
      new Target({ job: 'blackbox-http', instance })
        .gauge('up', (time) => (answers(time) ? 1 : 0))
        // One probe in five thousand is lost on the Internet.
        .gauge(
          'probe_success',
          here((time) => (random(instance, time) < 0.0002 ? 0 : 1)),
        )
        .gauge('probe_duration_seconds', here(wandering(0.08, 0.3, 300, instance)))
        .gauge(
          'probe_ssl_earliest_cert_expiry',
          here((time) => time + left(time)),
        )
        .gauge(
          'probe_tls_version_info',
          here(() => 1),
          { version: 'TLS 1.3' },
        ).series
    );
  });
}
