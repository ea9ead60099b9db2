import { SPAN_METRICS_JOB } from '../../charts/metrics';
import type { ScrapeConfig } from '../../formats/prometheus';
import { APPLICATION_JOBS, type KeepProps, keepUsed, type MetricList, metricLists, seriesOf } from '../../metrics';
import { matches, selectorsIn } from '../../rules';
import { configFiles } from '../../testing/manifests';
import { sightEditPlatform } from '../../testing/platform';
import { serverConfig } from '../support/server-config';
import { JOBS_ON_REQUEST, metricUses } from './sightedit';

const LISTS: readonly MetricList[] = [
  {
    job: 'disks',
    metrics: {
      disk_reads_total: { type: 'counter' },
      disk_latency_seconds: { type: 'histogram', labels: ['device'] },
      disk_age_seconds: { type: 'summary' },
      process_open_fds: { type: 'gauge' },
    },
  },
  { job: 'fans', metrics: { fan_speed_rpm: { type: 'gauge' }, process_open_fds: { type: 'gauge' } } },
];

const kept = (exprs: readonly string[], more: Partial<KeepProps> = {}) => {
  const uses = exprs.map((expr) => ({ where: 'demo', expr, shows: [] }));
  const list = keepUsed({ uses, lists: LISTS, ...more });
  return { disks: list('disks'), fans: list('fans'), others: list('others') };
};

describe('What is kept', () => {
  it.each<[string, readonly string[], Partial<KeepProps>, object]>([
    ['nothing, where nothing is read', [], {}, { disks: [], fans: [] }],
    [
      'what is read, of the job that exposes it',
      ['rate(fan_speed_rpm[5m])'],
      {},
      { disks: [], fans: ['fan_speed_rpm'] },
    ],
    [
      'the part of a histogram that is read',
      ['rate(disk_latency_seconds_bucket[5m])'],
      {},
      { disks: ['disk_latency_seconds_bucket'], fans: [] },
    ],
    [
      'the part of a summary that is read',
      ['disk_age_seconds_count + disk_age_seconds'],
      {},
      { disks: ['disk_age_seconds', 'disk_age_seconds_count'], fans: [] },
    ],
    ['what several expose', ['process_open_fds'], {}, { disks: ['process_open_fds'], fans: ['process_open_fds'] }],
    ['of the job that is named', ['process_open_fds{job="fans"}'], {}, { disks: [], fans: ['process_open_fds'] }],
    [
      'of the jobs that a pattern names',
      ['process_open_fds{job=~"f.*"}'],
      {},
      { disks: [], fans: ['process_open_fds'] },
    ],
    [
      'of the jobs that are not left out',
      ['process_open_fds{job!="fans"}'],
      {},
      { disks: ['process_open_fds'], fans: [] },
    ],
    ['what a pattern of names means', ['{__name__=~"disk_r.*"}'], {}, { disks: ['disk_reads_total'], fans: [] }],
    [
      'nothing for a count of what is stored',
      ['count({__name__=~".+"}) + count({job="fans"})'],
      {},
      { disks: [], fans: [] },
    ],
    ['what is named in addition', [], { extraNames: ['fan_speed_rpm'] }, { disks: [], fans: ['fan_speed_rpm'] }],
    ['everything, of a job that keeps everything', [], { keepAllJobs: ['fans'] }, { disks: [], fans: undefined }],
    ['what no list knows, everywhere', ['mine_total'], {}, { disks: ['mine_total'], fans: ['mine_total'] }],
    ['nothing for series that Prometheus makes', ['up == 0 or ALERTS or job:rate:rate5m'], {}, { disks: [], fans: [] }],
  ])('is %s', (_what, exprs, more, expected) => {
    expect(kept(exprs, more)).toEqual({ ...expected, others: undefined });
  });
});

describe("SightEdit's scrape jobs", () => {
  const platform = (keep: readonly string[] | 'all') => sightEditPlatform({ platform: 'kubeadm', metrics: { keep } });
  const jobsOf = (keep: readonly string[] | 'all'): Readonly<Record<string, ScrapeConfig>> =>
    Object.fromEntries(platform(keep).charts.metrics.prometheus.scrapeConfigs.map((job) => [job.job_name, job]));
  const keepRulesOf = ({ metric_relabel_configs = [] }: ScrapeConfig) =>
    metric_relabel_configs.filter(({ action }) => action === 'keep');
  const namesOf = (job: ScrapeConfig) => keepRulesOf(job)[0]?.regex?.split('|') ?? [];
  const whole = [...APPLICATION_JOBS, SPAN_METRICS_JOB];
  const listed = metricLists().filter(({ job }) => ![...whole, ...JOBS_ON_REQUEST].includes(job));

  it('are those of the rendered configuration', () => {
    const { manifests } = platform([]);
    expect(Object.keys(configFiles(manifests, 'prometheus-config'))).toEqual(['prometheus.yml']);
    const { scrape_configs } = serverConfig(manifests, 'prometheus-config', 'prometheus.yml');
    expect(scrape_configs).toEqual(Object.values(jobsOf([])));
  });

  it('keep less than their targets expose, sorted', () => {
    const jobs = jobsOf([]);
    for (const { job, metrics } of listed) {
      const names = namesOf(jobs[job]!);
      expect(names).toEqual([...names].sort());
      expect(keepRulesOf(jobs[job]!)).toHaveLength(1);
      const exposed = new Set(seriesOf(metrics).keys());
      expect({ job, strange: names.filter((name) => !exposed.has(name)) }).toEqual({ job, strange: [] });
    }
  });

  it('keep every series that an expression names, wherever the selector may find it', () => {
    const exposed = listed.map(({ job, metrics }) => ({ job, names: seriesOf(metrics) }));
    const reads = metricUses().flatMap(({ where, expr }) =>
      selectorsIn(expr).flatMap(({ name = '', matchers }) =>
        exposed
          .filter(({ names }) => names.has(name))
          .filter(({ job }) => matchers.every((matcher) => matcher.label !== 'job' || matches(matcher, job)))
          .map(({ job }) => ({ where, name, job })),
      ),
    );
    const jobs = jobsOf([]);
    expect(new Set(reads.map(({ name }) => name)).size).toBeGreaterThan(200);
    expect(reads.filter(({ name, job }) => !namesOf(jobs[job]!).includes(name))).toEqual([]);
  });

  it('of the application, and those whose targets an operator lists, keep everything', () => {
    const kept = Object.values(jobsOf([])).filter((job) => keepRulesOf(job).length === 0);
    expect(kept.map(({ job_name }) => job_name).sort()).toEqual(['file', ...whole].sort());
  });

  it('keep the names that the settings add', () => {
    expect(namesOf(jobsOf([])['node-exporter']!)).not.toContain('node_boot_time_seconds');
    expect(namesOf(jobsOf(['node_boot_time_seconds'])['node-exporter']!)).toContain('node_boot_time_seconds');
  });

  it('keep everything when the settings say so', () => {
    expect(Object.values(jobsOf('all')).filter((job) => keepRulesOf(job).length > 0)).toEqual([]);
  });

  it('cannot keep a name that nothing exposes', () => {
    expect(() => jobsOf(['node_boot_tim'])).toThrow(
      'metrics.keep is "node_boot_tim": write the name of a series that metrics/ lists',
    );
  });
});
