import { App } from 'cdk8s';
import { addSightEditMonitoring, resolveSettings, sightEdit } from '../../charts';
import type { ScrapeConfig } from '../../constructs';
import { APPLICATION_JOBS, type KeepProps, keepUsed, type MetricList, metricLists, seriesOf } from '../../metrics';
import { configFiles, type Manifest } from '../../testing/manifests';
import { serverConfig } from '../support/server-config';
import { metricUses } from './sightedit';

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
    ['what is named besides', [], { more: ['fan_speed_rpm'] }, { disks: [], fans: ['fan_speed_rpm'] }],
    ['everything, of a job that is left whole', [], { whole: ['fans'] }, { disks: [], fans: undefined }],
    ['what no list knows, everywhere', ['mine_total'], {}, { disks: ['mine_total'], fans: ['mine_total'] }],
    ['nothing for what is made here', ['up == 0 or ALERTS or job:rate:rate5m'], {}, { disks: [], fans: [] }],
  ])('is %s', (_what, exprs, more, expected) => {
    expect(kept(exprs, more)).toEqual({ ...expected, others: undefined });
  });
});

describe("SightEdit's scrape jobs", () => {
  const jobsOf = (keep: readonly string[] | 'all'): Record<string, ScrapeConfig> => {
    const app = new App();
    const input = { ...sightEdit, platform: 'kubeadm' as const, metrics: { keep } };
    addSightEditMonitoring(app, 'sightedit', resolveSettings(input, 'production'));
    const manifests: Manifest[] = app.charts.flatMap((chart) => chart.toJson());
    expect(Object.keys(configFiles(manifests, 'prometheus-config'))).toEqual(['prometheus.yml']);
    const { scrape_configs } = serverConfig(manifests, 'prometheus-config', 'prometheus.yml');
    return Object.fromEntries(scrape_configs.map((job: ScrapeConfig) => [job.job_name, job]));
  };
  const namesOf = ({ metric_relabel_configs: [rule] = [] }: ScrapeConfig) => rule?.regex?.split('|') ?? [];

  it('keep less than their targets expose, sorted', () => {
    const jobs = jobsOf([]);
    for (const { job, metrics } of metricLists().filter((list) => !APPLICATION_JOBS.includes(list.job))) {
      const names = namesOf(jobs[job]!);
      expect(names).toEqual([...names].sort());
      expect(jobs[job]!.metric_relabel_configs).toHaveLength(1);
      const exposed = new Set(seriesOf(metrics).keys());
      expect({ job, strange: names.filter((name) => !exposed.has(name)) }).toEqual({ job, strange: [] });
    }
  });

  it('keep every metric that an expression names', () => {
    const list = keepUsed({ uses: metricUses(), lists: metricLists() });
    const anywhere = new Set(Object.values(jobsOf([])).flatMap(namesOf));
    const wanted = metricLists()
      .filter(({ job }) => !APPLICATION_JOBS.includes(job))
      .flatMap(({ job }) => list(job)!);
    expect(wanted.length).toBeGreaterThan(200);
    expect(wanted.filter((name) => !anywhere.has(name))).toEqual([]);
  });

  it('of the application, and those that an operator names, keep everything', () => {
    const jobs = jobsOf([]);
    expect(
      Object.values(jobs)
        .filter((job) => job.metric_relabel_configs === undefined)
        .map(({ job_name }) => job_name)
        .sort(),
    ).toEqual(['file', ...APPLICATION_JOBS].sort());
  });

  it('keep what the settings name besides', () => {
    expect(namesOf(jobsOf([])['node-exporter']!)).not.toContain('node_boot_time_seconds');
    expect(namesOf(jobsOf(['node_boot_time_seconds'])['node-exporter']!)).toContain('node_boot_time_seconds');
  });

  it('keep everything when the settings say so', () => {
    expect(Object.values(jobsOf('all')).filter((job) => job.metric_relabel_configs)).toEqual([]);
  });

  it('cannot keep what nothing exposes', () => {
    expect(() => jobsOf(['node_boot_tim'])).toThrow(
      'metrics.keep is "node_boot_tim": write the name of a series that metrics/ lists',
    );
  });
});
