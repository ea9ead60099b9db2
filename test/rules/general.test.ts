import { applicationJobs, metricLists } from '../../metrics';
import { GENERAL_TOPICS, type GeneralOptions, isAlertingRule, RuleCatalogue, rulesOf } from '../../rules';
import { JOBS_ON_REQUEST } from '../metrics/sightedit';

const general = (options?: GeneralOptions) => RuleCatalogue.general(options);
const everything = general({ names: { backupCronJob: 'nightly-dump' } });
const topicsOf = ({ files }: RuleCatalogue) => files.map(({ topic }) => topic);
const namesOf = ({ alerts }: RuleCatalogue) => alerts.map(({ alert }) => alert);
const alertOf = (catalogue: RuleCatalogue, name: string) => catalogue.alerts.find(({ alert }) => alert === name)!;

describe('The general rules', () => {
  it('name nothing of SightEdit', () => {
    expect(JSON.stringify([everything.files, everything.inhibitions])).not.toMatch(/sightedit/i);
    const exprs = everything.uses.map(({ expr }) => expr).join('\n');
    expect(exprs).not.toMatch(/sightedit_(monitor|backup)|postgres-backup/);
  });

  it('and those of SightEdit are all rules of the package', () => {
    const all = RuleCatalogue.sightEdit();
    const own = topicsOf(all.without(GENERAL_TOPICS));
    expect(own).toEqual([
      'application',
      'business',
      'cache',
      'database',
      'security',
      'slo-api-availability',
      'slo-api-latency',
      'slo-save-success',
    ]);
    expect([...topicsOf(everything), ...own].sort()).toEqual(topicsOf(all));
    expect([...namesOf(everything), ...namesOf(all.without(GENERAL_TOPICS))].sort()).toEqual(namesOf(all).sort());
  });

  it('each read a metric of SightEdit if they are not general', () => {
    const application = Object.values(applicationJobs('sightedit'));
    const own = RuleCatalogue.sightEdit().without(GENERAL_TOPICS);
    const strange = rulesOf(own.files).filter(
      ({ expr }) => !/sightedit|http_server|nodejs_|process_|db_client|slo:|v8js|namespace[a-z_]*:/.test(expr),
    );
    expect(strange.map((rule) => (isAlertingRule(rule) ? rule.alert : rule.record))).toEqual([]);
    expect(application).toContain('sightedit-pods');
  });

  it('are all covered when their metrics disappear', () => {
    expect(everything.coverage.length).toBeGreaterThan(everything.alerts.length);
    expect(everything.coverage.filter(({ coveredBy }) => coveredBy === undefined)).toEqual([]);
  });

  it.each(GENERAL_TOPICS)('on %s read no record of another topic, so that each topic can be used alone', (topic) => {
    const alone = general({ topics: [topic], names: { backupCronJob: 'nightly-dump' } });
    expect(topicsOf(alone)).toEqual([topic]);
    const records = new Set(rulesOf(alone.files).flatMap((rule) => (isAlertingRule(rule) ? [] : [rule.record])));
    const read = rulesOf(alone.files).flatMap(({ expr }) => expr.match(/\b[a-z_]+:[a-z0-9_]+:[a-z0-9_]+\b/g) ?? []);
    expect(read.filter((name) => !records.has(name))).toEqual(RECORDED_ELSEWHERE[topic] ?? []);
  });

  it('are those of the topics that you name, with the inhibitions between them', () => {
    const nodes = general({ topics: ['nodes'] });
    expect(topicsOf(nodes)).toEqual(['nodes']);
    expect(nodes.inhibitions.length).toBeGreaterThan(0);
    expect(nodes.inhibitions.flatMap(({ source, targets }) => [source, ...targets])).toEqual(
      expect.not.arrayContaining(['KubeletDown']),
    );
  });

  it('have alerts on backups only of a CronJob that you name', () => {
    expect(topicsOf(general())).not.toContain('backups');
    expect(alertOf(everything, 'BackupMissing').expr).toContain('cronjob="nightly-dump"');
    expect(() => general({ topics: ['backups'] })).toThrow('the topic backups needs a CronJob: write names: {');
  });

  it('leave out the connections and statements of the roles that you name', () => {
    const named = general({ names: { monitoringRole: 'exporter', backupRole: 'dump' } });
    expect(alertOf(named, 'PostgresRoleConnectionsSaturated').expr).toContain('usename!~"|exporter"');
    expect(alertOf(named, 'PostgresLongRunningTransaction').expr).toContain('usename!="dump"');
    expect(alertOf(named, 'PostgresSlowStatements').expr).toContain('user!~"exporter|dump"');
  });

  it('have no other topics', () => {
    const topics = ['node', 'application'] as never[];
    expect(() => general({ topics })).toThrow(
      /topics names node: write nodes or .*\n.*topics names application: write/,
    );
  });
});

/** Records that a topic reads of another one, which then must be loaded too. */
const RECORDED_ELSEWHERE: { readonly [topic: string]: readonly string[] } = {};

describe('Your names of scrape jobs', () => {
  const jobs = { 'postgres-exporter': 'postgres', 'redis-exporter': 'valkey' };
  const renamed = general({ jobs });

  it('replace ours in every expression, also in runbooks', () => {
    const exprs = renamed.uses.map(({ expr }) => expr).join('\n');
    expect(exprs).toContain('job="valkey"');
    expect(exprs).toContain('up{job="postgres"}');
    expect(exprs).not.toMatch(/job="(redis|postgres)-exporter"/);
    expect(exprs).toContain('deployment="redis-exporter"');
  });

  it('decide where metrics come from', () => {
    const metrics = renamed.coverage.map(({ metric }) => metric);
    expect(metrics).toContain('pg_stat_activity_count{job="postgres"}');
    expect(renamed.coverage.filter(({ coveredBy }) => coveredBy === undefined)).toEqual([]);
  });

  it('are those of the lists of metrics, too', () => {
    const names = metricLists({ jobs }).map(({ job }) => job);
    expect(names).toEqual(metricLists().map(({ job }) => new Map(Object.entries(jobs)).get(job) ?? job));
  });

  it('stand for jobs that the rules read', () => {
    expect(() => general({ jobs: { 'postgress-exporter': 'postgres' } })).toThrow(
      'jobs names postgress-exporter, which no shipped rule reads: write one of postgres-exporter',
    );
  });

  it('can be given later, and leave other rules alone', () => {
    const theirs = RuleCatalogue.foreign([
      {
        topic: 'theirs',
        document: { groups: [{ name: 'x', rules: [{ alert: 'X', expr: 'up{job="redis-exporter"}' }] }] },
      },
    ]);
    const both = general().with(theirs).withJobs(jobs);
    expect(alertOf(both, 'X').expr).toBe('up{job="redis-exporter"}');
    expect(alertOf(both, 'RedisDown')).toEqual(alertOf(renamed, 'RedisDown'));
  });
});

describe('The rules for the jobs that exist', () => {
  const JOBS = ['prometheus', 'kube-state-metrics', 'orders-pods', 'files'];
  const few = general().forJobs({ jobs: JOBS, optional: ['files'] });

  it('have no alert on other jobs', () => {
    const names = namesOf(few);
    expect(names).toEqual(
      expect.arrayContaining(['PrometheusReplicaDown', 'PodCrashLooping', 'Watchdog', 'TargetDown']),
    );
    expect(
      names.filter((name) => /^(Redis|Postgres|Etcd|Alertmanager|Grafana|Remediation|Kubelet)/.test(name)),
    ).toEqual([]);
    const exprs = few.files.flatMap((file) => rulesOf([file]).map(({ expr }) => expr)).join('\n');
    expect(exprs).not.toMatch(/absent\([^)]*job="(?!prometheus|kube-state-metrics"|orders-pods)/);
  });

  it('miss each job that must have a target', () => {
    expect(alertOf(few, 'ScrapeTargetMissing').expr).toBe(
      'absent(up{job="kube-state-metrics"})\nor absent(up{job="orders-pods"})\nor absent(up{job="prometheus"})\n',
    );
  });

  it('have no alert on missing targets when another alert misses each job', () => {
    const optional = general().forJobs({ jobs: ['files'], optional: ['files'] });
    expect(namesOf(optional)).not.toContain('ScrapeTargetMissing');
  });

  it('miss a job that has its own alert only there', () => {
    const all = RuleCatalogue.sightEdit().forJobs({ jobs: ['remediation-webhook', 'prometheus'] });
    expect(alertOf(all, 'RemediationWebhookDown').expr).toContain('absent(up{job="remediation-webhook"}');
    expect(alertOf(all, 'ScrapeTargetMissing').expr).toBe('absent(up{job="prometheus"})\n');
  });

  it('have no alert that only its missing job would keep quiet', () => {
    expect(namesOf(few)).not.toContain('NodeExporterMissing');
    expect(namesOf(general().forJobs({ jobs: ['kube-state-metrics', 'kubelet'] }))).toContain('KubeletDown');
  });

  it('drop an alert with a job that one of its operands reads', () => {
    const expr = (jobs: string[]) => alertOf(general().forJobs({ jobs }), 'ContainerMemoryNearLimit')?.expr;
    expect(expr(['cadvisor'])).toBeUndefined();
    expect(expr(['cadvisor', 'kube-state-metrics'])).toBe(alertOf(general(), 'ContainerMemoryNearLimit').expr);
  });

  it('leave your own rules and foreign ones as they are', () => {
    const rule = { alert: 'QueueGone', expr: 'absent(up{job="queue"})' };
    const theirs = RuleCatalogue.foreign([{ topic: 'queue', document: { groups: [{ name: 'q', rules: [rule] }] } }]);
    expect(theirs.forJobs({ jobs: [] }).files).toEqual(theirs.files);
  });

  it('are all rules when every job exists', () => {
    const all = RuleCatalogue.sightEdit();
    const jobs = metricLists()
      .map(({ job }) => job)
      .filter((job) => !JOBS_ON_REQUEST.includes(job));
    expect(all.forJobs({ jobs }).files).toEqual(all.files);
  });
});
