import { isAlertingRule, RuleCatalogue, rulesOf, selectorsIn } from '../../../rules';
import { STALE } from '../../../scripts/bench/remote-write';
import { DAY, DAYS, HOUR, START, World } from '../../../scripts/noise/world';
import { traffic } from '../../../scripts/noise/world/calendar';
import { Cluster } from '../../../scripts/noise/world/cluster';

/** Metrics that a healthy cluster of this kind does not have, with the reason. */
const ABSENT: Readonly<Record<string, string>> = {
  kube_job_failed: 'no Job fails',
  kube_persistentvolume_info: 'no volume is Released',
  kube_pod_container_status_last_terminated_reason: 'no container has terminated',
  kube_pod_container_status_last_terminated_timestamp: 'no container has terminated',
  kube_pod_init_container_status_waiting_reason: 'no pod has an init container',
  pg_stat_bgwriter_checkpoints_req_total: 'PostgreSQL before 17',
  prometheus_remote_storage_queue_highest_sent_timestamp_seconds: 'no remote write',
  prometheus_remote_storage_samples_failed_total: 'no remote write',
  prometheus_remote_storage_samples_total: 'no remote write',
  redis_master_link_up: 'the exporter reads the master',
};

const end = START + 2 * DAY;
const STEP = 120;
const worldOf = (size: number) => new World({ size, start: START, end, step: STEP });

describe('The healthy system', () => {
  it('has every metric that alerts read', () => {
    const { metrics } = worldOf(5);
    const rules = rulesOf(RuleCatalogue.sightEdit().files);
    const recorded = new Set(rules.flatMap((rule) => (isAlertingRule(rule) ? [] : [rule.record])));
    const read = new Set(rules.flatMap(({ expr }) => selectorsIn(expr).flatMap(({ name }) => name ?? [])));
    const missing = [...read].filter((name) => !recorded.has(name) && !metrics.has(name));
    expect(missing.filter((name) => !(name in ABSENT))).toEqual([]);
    expect(Object.keys(ABSENT).filter((name) => metrics.has(name))).toEqual([]);
  });

  it('has more series with more pods', () => {
    const sizes = [5, 50].map((size) => {
      const world = worldOf(size);
      return world.samples(START, START).length;
    });
    expect(sizes[1]).toBeGreaterThan(1.2 * sizes[0]!);
  });

  it('ends each series with a marker, and begins again with the next pod', () => {
    const world = worldOf(5);
    const ended = new Set<string>();
    let restarted = 0;
    let repeated = 0;
    for (let from = START; from < end; from += HOUR) {
      for (const { labels, samples } of world.samples(from, from + HOUR - STEP)) {
        repeated += samples.length - new Set(samples.map(({ timestamp }) => timestamp)).size;
        if (samples.some(({ value }) => value === STALE)) {
          ended.add(labels.join());
        } else if (ended.has(labels.join())) {
          restarted++;
        }
      }
    }
    expect(repeated).toBe(0);
    expect(ended.size).toBeGreaterThan(100);
    expect(restarted).toBeGreaterThan(0);
  });
});

describe('Its cluster', () => {
  const cluster = new Cluster(50, START, START + 10 * DAY);
  const backend = cluster.workloads.find(({ component }) => component === 'backend')!;
  const at = (time: number) => cluster.statusOf(backend, time);

  it('deploys every hour', () => {
    const deployments = cluster.workloads
      .filter(({ namespace }) => namespace === 'sightedit')
      .reduce((sum, workload) => sum + cluster.statusOf(workload, Number.POSITIVE_INFINITY).revision - 1, 0);
    expect(deployments).toBe(10 * 24);
  });

  it('follows the traffic', () => {
    const noon = START + 14 * HOUR;
    const night = START + 4 * HOUR;
    expect(traffic(noon)).toBeGreaterThan(3 * traffic(night));
    expect(at(noon).desired).toBeGreaterThan(2 * at(night).desired);
    expect(at(noon).desired).toBeLessThan(backend.max);
  });

  it('never lacks more than one pod', () => {
    const shortages = Array.from({ length: 10 * 24 * 60 }, (_, minute) => at(START + minute * 60)).map(
      ({ desired, ready }) => desired - ready,
    );
    // The autoscaler asks for pods that are not ready yet.
    const steady = shortages.filter((shortage) => shortage <= 1).length;
    expect(steady / shortages.length).toBeGreaterThan(0.95);
  });

  it('replaces every node within the month', () => {
    const month = new Cluster(5, START, START + DAYS * DAY);
    const first = month.nodes.filter(({ isDedicated, born }) => !isDedicated && born < START);
    expect(first.length).toBeGreaterThan(2);
    expect(first.every(({ gone }) => gone < START + 8 * DAY)).toBe(true);
  });
});

describe('Its traffic', () => {
  const share = (time: number) =>
    Array.from({ length: 60 }, (_, minute) => traffic(time + minute * 60)).reduce((sum, one) => sum + one / 60, 0);

  it('is low at weekends, at night and on holidays', () => {
    const tuesday = START + DAY + 14 * HOUR;
    const saturday = START + 5 * DAY + 14 * HOUR;
    // 11 November, in the afternoon of New York.
    const holiday = Date.UTC(2025, 10, 11, 19) / 1000;
    expect(share(saturday)).toBeLessThan(0.5 * share(tuesday));
    expect(share(holiday)).toBeLessThan(0.5 * share(holiday - 7 * DAY));
  });

  it('moves with the clocks', () => {
    // The hour in which Berlin arrives, before and after 26 October.
    const summer = Date.UTC(2025, 9, 23, 6) / 1000;
    const winter = Date.UTC(2025, 9, 27, 6) / 1000;
    expect(share(winter)).toBeLessThan(0.8 * share(summer));
    expect(share(winter + HOUR)).toBeGreaterThan(0.9 * share(summer));
  });
});
