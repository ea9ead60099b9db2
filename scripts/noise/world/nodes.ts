import { DAY, HOUR, MINUTE, START, traffic } from './calendar';
import type { Cluster, Node } from './cluster';
import { sawtooth, Target, type WorldSeries, wandering } from './series';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** What the kubelet, cAdvisor, node-exporter and the API server expose. */
export function nodeSeries(cluster: Cluster): readonly WorldSeries[] {
  return [...cluster.nodes.flatMap((node) => [...hostOf(node), ...kubeletOf(cluster, node)]), ...controlPlane(cluster)];
}

/** Targets of a node exist until its object is deleted, and fail when the kubelet has stopped. */
function targetOf(node: Node, job: string): { readonly up: Target; readonly metrics: Target } {
  const labels = { job, node: node.name, instance: node.name };
  const born = node.born + MINUTE;
  return {
    up: new Target(labels, born, node.gone).gauge('up', (time) => (time < node.stopped ? 1 : 0)),
    metrics: new Target(labels, born, node.stopped),
  };
}

function hostOf(node: Node): readonly WorldSeries[] {
  const { up, metrics } = targetOf(node, 'node-exporter');
  const busy = (time: number) => 0.15 + 0.5 * traffic(time);
  for (const cpu of ['0', '1', '2', '3']) {
    metrics
      .sum('node_cpu_seconds_total', (time) => 1 - busy(time) - 0.02, { cpu, mode: 'idle' })
      .sum('node_cpu_seconds_total', (time) => (isNightly(time) ? 0.02 : 0.005), { cpu, mode: 'iowait' });
  }
  const disk = { device: 'nvme0n1' };
  const filesystem = { device: '/dev/nvme0n1p1', fstype: 'ext4', mountpoint: '/' };
  metrics
    .gauge('node_load5', (time) => 4 * busy(time) + 0.3)
    .gauge('node_memory_MemTotal_bytes', 16 * GIB)
    .gauge('node_memory_MemAvailable_bytes', (time) => (10 - 4 * traffic(time)) * GIB)
    .counter('node_vmstat_pgmajfault', 2)
    .gauge('node_filesystem_size_bytes', 100 * GIB, filesystem)
    // Images pile up until the kubelet removes them.
    .gauge('node_filesystem_avail_bytes', descending(70 * GIB, 30 * GIB, 5 * DAY, node.name), filesystem)
    .gauge('node_filesystem_files', 6_500_000, filesystem)
    .gauge('node_filesystem_files_free', 6_000_000, filesystem)
    .gauge('node_filesystem_readonly', 0, filesystem)
    .sum('node_disk_io_time_seconds_total', (time) => (isNightly(time) ? 0.85 : 0.2), disk)
    .sum('node_disk_io_time_weighted_seconds_total', (time) => (isNightly(time) ? 8 : 0.6), disk)
    .gauge('node_filefd_allocated', wandering(8000, 15_000, HOUR, node.name))
    .gauge('node_filefd_maximum', 1_600_000)
    .gauge('node_nf_conntrack_entries', (time) => 5000 + 60_000 * traffic(time))
    .gauge('node_nf_conntrack_entries_limit', 262_144)
    .gauge('node_time_seconds', (time) => time + 0.01)
    .gauge('node_timex_offset_seconds', wandering(-0.002, 0.002, HOUR, node.name))
    .gauge('node_timex_sync_status', 1)
    .gauge('node_timex_maxerror_seconds', 0.05);
  for (const device of ['eth0']) {
    metrics
      .counter('node_network_receive_packets_total', (time) => 200 + 5000 * traffic(time), { device })
      .counter('node_network_transmit_packets_total', (time) => 200 + 5000 * traffic(time), { device })
      .counter('node_network_receive_errs_total', 0.0002, { device })
      .counter('node_network_transmit_errs_total', 0, { device });
  }
  for (const collector of ['cpu', 'filesystem', 'meminfo', 'timex', 'diskstats', 'netdev', 'loadavg', 'conntrack']) {
    metrics.gauge('node_scrape_collector_success', 1, { collector });
  }
  return [...up.series, ...metrics.series];
}

function kubeletOf(cluster: Cluster, node: Node): readonly WorldSeries[] {
  const { up, metrics } = targetOf(node, 'kubelet');
  const cadvisor = targetOf(node, 'cadvisor');
  const pods = cluster.pods.filter((pod) => pod.node === node);
  const name = node.name;
  metrics
    .gauge('kubelet_running_pods', (time) => pods.filter(({ born, gone }) => born <= time && time < gone).length + 6)
    .histogram('kubelet_pleg_relist_duration_seconds', 1, { '0.1': 0.95, '1.0': 0.9999, '5.0': 1 })
    // The kubelet renews its certificates when a fifth of the year is left.
    .gauge('kubelet_certificate_manager_client_ttl_seconds', (time) => 200 * DAY - (time - START))
    .gauge('kubelet_certificate_manager_server_ttl_seconds', (time) => 200 * DAY - (time - START))
    .counter('kubelet_certificate_manager_client_expiration_renew_errors', 0)
    .counter('kubelet_server_expiration_renew_errors', 0);
  const volumes = new Map(
    pods.filter(({ workload }) => workload.kind === 'StatefulSet').map((pod) => [pod.name, pod] as const),
  );
  for (const pod of volumes.keys()) {
    const claim = { namespace: 'sightedit-monitoring', persistentvolumeclaim: `data-${pod}` };
    const mounted = pods.filter((candidate) => candidate.name === pod);
    const here = (value: (time: number) => number) => (time: number) =>
      mounted.some(({ born, gone }) => born + MINUTE <= time && time < gone) ? value(time) : undefined;
    const used = (time: number) => 8 * GIB + ((time - START) / DAY) * 0.02 * GIB;
    metrics
      .gauge(
        'kubelet_volume_stats_capacity_bytes',
        here(() => 50 * GIB),
        claim,
      )
      .gauge('kubelet_volume_stats_used_bytes', here(used), claim)
      .gauge(
        'kubelet_volume_stats_available_bytes',
        here((time) => 50 * GIB - used(time)),
        claim,
      )
      .gauge(
        'kubelet_volume_stats_inodes',
        here(() => 3_000_000),
        claim,
      )
      .gauge(
        'kubelet_volume_stats_inodes_free',
        here(() => 2_900_000),
        claim,
      );
  }
  const containers = pods.flatMap((pod) => {
    const exists = new Target(
      {
        job: 'cadvisor',
        instance: name,
        node: name,
        namespace: pod.workload.namespace,
        pod: pod.name,
        container: pod.workload.component,
      },
      Math.max(pod.born, node.born) + MINUTE,
      Math.min(pod.gone, node.stopped),
    );
    const load = (time: number) => 0.2 + 0.6 * traffic(time);
    return exists
      .gauge('container_memory_working_set_bytes', sawtooth(200 * MIB, 330 * MIB, 1500, pod.name))
      .counter('container_cpu_cfs_periods_total', (time) => 10 * load(time))
      .counter('container_cpu_cfs_throttled_periods_total', (time) => 0.4 * load(time))
      .gauge('container_memory_rss', sawtooth(180 * MIB, 300 * MIB, 1500, pod.name)).series;
  });
  return [...up.series, ...metrics.series, ...cadvisor.up.series, ...containers];
}

function controlPlane(cluster: Cluster): readonly WorldSeries[] {
  const rate = (time: number) => 20 + 0.3 * cluster.pods.length ** 0.5 + 40 * traffic(time);
  return [0, 1, 2].flatMap((index) => {
    const target = (job: string) =>
      new Target({
        job,
        instance: `10.0.0.${index}:443`,
        pod: `${job}-control-plane-${index}`,
        node: `control-plane-${index}`,
        namespace: 'kube-system',
      }).gauge('up', 1);
    const apiserver = target('apiserver').gauge('aggregator_unavailable_apiservice', 0, {
      name: 'v1beta1.metrics.k8s.io',
    });
    for (const verb of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
      const shares = { '0.1': 0.97, '0.4': 0.995, '1.0': 0.9995, '5.0': 1 };
      apiserver
        .histogram('apiserver_request_sli_duration_seconds', (time) => rate(time) / 5, shares, {
          verb,
          scope: 'resource',
        })
        .counter('apiserver_request_total', (time) => rate(time) / 5, { verb, code: '200' })
        .counter('apiserver_request_total', 0.001, { verb, code: '500' });
    }
    apiserver
      .counter('apiserver_flowcontrol_dispatched_requests_total', rate, { priority_level: 'workload-low' })
      .counter('apiserver_flowcontrol_rejected_requests_total', 0, {
        priority_level: 'workload-low',
        reason: 'queue-full',
      })
      .histogram('apiserver_client_certificate_expiration_seconds', 1, { '604800.0': 0, '2592000.0': 0.2 });
    const etcd = target('etcd')
      .gauge('etcd_server_has_leader', 1)
      .counter('etcd_server_leader_changes_seen_total', 1 / (12 * DAY))
      .gauge('etcd_server_quota_backend_bytes', 8 * GIB)
      .gauge('etcd_mvcc_db_total_size_in_bytes', sawtooth(0.4 * GIB, 0.7 * GIB, 2 * DAY, `etcd-${index}`))
      .histogram('etcd_disk_wal_fsync_duration_seconds', 20, { '0.01': 0.98, '0.1': 0.9999, '0.5': 1 });
    return [
      ...apiserver.series,
      ...etcd.series,
      ...target('kube-scheduler').series,
      ...target('kube-controller-manager').series,
    ];
  });
}

/** From 1:00 to 3:00 UTC jobs and the backup run. */
export function isNightly(time: number): boolean {
  const hour = (time % DAY) / HOUR;
  return hour >= 1 && hour < 3;
}

function descending(high: number, low: number, period: number, seed: string): (time: number) => number {
  const rising = sawtooth(0, high - low, period, seed);
  return (time) => high - rising(time);
}
