import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { metricContract } from '../../instrumentation';
import { metricLists, seriesOf } from '../../metrics';
import { type AlertingRule, type RecordingRule, RuleCatalogue, type RuleFile, rulesOf, selectorsIn } from '../../rules';
import { checkAbsence, coverageOf, jobOfName, type MetricSources } from '../../rules/absence';
import { ROOT } from '../../tools/catalogue';

const alert = (name: string, expr: string): AlertingRule => ({
  alert: name,
  expr,
  labels: { severity: 'low', category: 'meta' },
  annotations: { summary: 'Bad', description: 'It is bad.' },
});
const topic = (...rules: readonly (AlertingRule | RecordingRule)[]): RuleFile[] => [
  { topic: 'demo', groups: [{ name: 'demo', rules }] },
];
const silent = (metric: string) =>
  `rules/demo.yaml: DemoBad: no alert fires when ${metric} disappears: write one with absent() of the metric, or of up of its job`;

const sources = () => load(readFileSync(join(ROOT, 'rules', 'absence', 'sources.yaml'), 'utf8')) as MetricSources;
const JOBS: MetricSources = { jobs: { demo_: 'demo', demo_db_: 'database' } };

describe("SightEdit's alerts", () => {
  const catalogue = RuleCatalogue.sightEdit();

  test('are all covered when their metrics disappear', () => {
    expect(catalogue.coverage.length).toBeGreaterThan(catalogue.alerts.length);
    expect(catalogue.coverage.filter(({ coveredBy }) => coveredBy === undefined)).toEqual([]);
  });

  test('are covered where the provider hides the control plane, too', () => {
    const managed = catalogue.without(['control-plane']);
    expect(managed.coverage.filter(({ coveredBy }) => coveredBy === undefined)).toEqual([]);
  });

  test('are not covered without the alert on missing targets', () => {
    const files = catalogue.files.map((file) => ({
      ...file,
      groups: file.groups.map((group) => ({
        ...group,
        rules: group.rules.filter((rule) => !('alert' in rule && rule.alert === 'ScrapeTargetMissing')),
      })),
    }));
    expect(checkAbsence(files, sources()).length).toBeGreaterThan(50);
  });

  test('read metrics whose prefix leads to a job that exposes them', () => {
    const known = sources();
    const jobOf = (name: string) => jobOfName(name, known);
    const exposed = new Map(metricLists().map(({ job, metrics }) => [job, seriesOf(metrics)]));
    const read = new Set(rulesOf(catalogue.files).flatMap(({ expr }) => selectorsIn(expr).map(({ name }) => name)));
    const wrong = [...read].filter((name) => {
      const job = name && !name.includes(':') && jobOf(name);
      return job && !exposed.get(job)?.has(name);
    });
    expect(wrong).toEqual([]);
    expect([...read].filter((name) => name && jobOf(name) === 'kube-state-metrics-telemetry')).not.toEqual([]);
  });

  test('have exceptions only for metrics that have no series until something happens', () => {
    const excepted = Object.keys(sources().exceptions ?? {});
    const contract = metricContract.filter(({ name }) => excepted.includes(name));
    expect(contract.map(({ name }) => name).sort()).toEqual(excepted);
    expect(contract).toEqual(excepted.map(() => expect.objectContaining({ type: 'counter', zeroAtStart: false })));
  });
});

describe('the check reports that no alert fires when a metric disappears', () => {
  test.each<[string, RuleFile[], MetricSources, string[]]>([
    ['where no alert reads its absence', topic(alert('DemoBad', 'demo_errors > 0')), {}, ['demo_errors']],
    [
      'where only the absence of another job fires',
      topic(alert('DemoBad', 'demo_errors > 0'), alert('ShopGone', 'absent(up{job="shop"})')),
      JOBS,
      ['demo_errors{job="demo"}'],
    ],
    [
      'where only the absence of other series of the name fires',
      topic(alert('DemoBad', 'demo_errors{type="a"} > 0'), alert('Gone', 'absent(demo_errors{type="b"})')),
      {},
      ['demo_errors'],
    ],
    [
      'where absent() is only a condition',
      topic(alert('DemoBad', 'demo_errors > 0 unless absent(demo_errors)')),
      {},
      ['demo_errors'],
    ],
    [
      'where absent() does not fire while another metric exists',
      topic(alert('DemoBad', 'demo_errors > 0 or absent(demo_errors or shop_errors)')),
      {},
      ['demo_errors', 'shop_errors'],
    ],
    [
      'behind a record',
      topic(
        { record: 'job:demo_errors:max', expr: 'max by (job) (demo_errors)' },
        alert('DemoBad', 'job:demo_errors:max > 0'),
      ),
      {},
      ['demo_errors'],
    ],
    [
      'where its job is unpinned',
      topic(alert('DemoBad', 'demo_errors > 0'), alert('DemoGone', 'absent(up{job="demo"})')),
      { ...JOBS, unpinned: ['demo'] },
      ['demo_errors{job="demo"}'],
    ],
  ])('%s', (_, files, where, metrics) => {
    expect(checkAbsence(files, where)).toEqual(metrics.map(silent));
  });

  test('and that an exception names a metric that no rule reads', () => {
    const files = topic(alert('DemoBad', 'demo_errors > 0'));
    expect(checkAbsence(files, { exceptions: { demo_errors: 'good', demo_gone: 'good' } })).toEqual([
      'absence/sources.yaml: no rule reads demo_gone: remove the exception',
    ]);
  });
});

describe('an alert is covered', () => {
  const coveredBy = (files: RuleFile[], where: MetricSources = {}) =>
    coverageOf(files, where).find((coverage) => coverage.alert === 'DemoBad')?.coveredBy;

  test.each<[string, string, string, MetricSources]>([
    ['by itself', 'demo_errors > 0 or absent(demo_errors)', 'DemoBad', {}],
    ['by an alert on the metric', 'demo_errors{type="a"} > 0', 'DemoErrorsGone', {}],
    ['by an alert on its job', 'demo_db_size{job="database"} > 0', 'DatabaseGone', {}],
    ['by an alert on the job of its prefix', 'demo_db_size > 0', 'DatabaseGone', JOBS],
    ['by an exception', 'shop_errors > 0', 'good', { exceptions: { shop_errors: 'good' } }],
    ['behind a record with the same labels', 'demo:errors:max{slo="a"} > 0', 'DemoErrorsGone', {}],
  ])('%s', (_, expr, name, where) => {
    const files = topic(
      { record: 'demo:errors:max', expr: 'max(demo_errors)', labels: { slo: 'a' } },
      { record: 'demo:errors:max', expr: 'max(other_errors)', labels: { slo: 'b' } },
      alert('DemoBad', expr),
      alert(
        'DemoErrorsGone',
        'label_replace(absent(demo_errors), "metric", "demo_errors", "", "") and on () vector(1)',
      ),
      alert('DatabaseGone', 'absent(up{job="shop"} == 1) or absent(up{job="database"} == 1)'),
    );
    expect(coveredBy(files, where)).toBe(name);
  });
});
