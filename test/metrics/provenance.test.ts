import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { images, imageVersion, PrometheusStack } from '../../constructs';
import { dashboards, usesOf } from '../../dashboards';
import { timeSeries } from '../../dashboards/kit';
import {
  KnownMetrics,
  type MetricFile,
  type MetricList,
  metricFiles,
  metricLists,
  provenanceProblems,
} from '../../metrics';
import { type MetricUse, promqlBlocks, RuleCatalogue } from '../../rules';
import { testChart } from '../../testing/render';
import { ROOT, softwareVersion, tools } from '../../tools/catalogue';
import { sample } from '../dashboards/sample';
import { withRuleDirectory } from '../support/rule-directory';
import { JOBS_ON_REQUEST, knownMetrics, metricUses, scrapeConfigs } from './sightedit';

const known = knownMetrics();
const uses = metricUses();

describe('Every metric and label exists', () => {
  it.each([
    ['rules', /^rules\//, 300],
    ['runbooks', /^runbooks\//, 150],
    ['inhibitions', /^inhibition /, 40],
    ['dashboards', /^dashboard /, 60],
    ['policies', /^policy /, 10],
  ])('in %s', (_what, where, atLeast) => {
    const subjects = uses.filter((use) => where.test(use.where));
    expect(subjects.length).toBeGreaterThan(atLeast);
    expect(provenanceProblems(subjects, known)).toEqual([]);
  });
});

describe('A metric or label that does not exist is found', () => {
  const rule = (expr: string, ...shows: string[]): MetricUse => ({ where: 'rule', expr, shows });
  const problems = (...subjects: MetricUse[]) => provenanceProblems(subjects, known);

  it.each([
    ['a metric', 'kube_node_status_conditions', 'kube_node_status_conditions comes from no exporter'],
    ['a metric of another version', 'pg_replication_lag > 10', 'pg_replication_lag comes from no exporter'],
    ['a record', 'instance:nothing:rate5m', 'instance:nothing:rate5m comes from no exporter'],
    ['a part of a histogram', 'prometheus_http_request_duration_seconds', 'comes from no exporter'],
    ['a label in a matcher', 'up{jobb="x"}', 'up has no label jobb'],
    ['a label of another job', 'up{job="apiserver", pod="x"}', 'up has no label pod'],
    ['a label that the application must not have', 'sightedit_errors_total{user_id="x"}', 'has no label user_id'],
    ['by', 'sum by (nod) (kube_node_info)', 'by names the label nod, which what it aggregates does not have'],
    ['without', 'sum without (nod) (kube_node_info)', 'without names the label nod'],
    ['by, over what is gone', 'sum by (pod) (sum by (node) (kube_pod_info))', 'by names the label pod'],
    ['on', 'kube_node_info * on (nod) kube_node_info', 'on names the label nod, which the left side'],
    ['ignoring', 'kube_node_info * ignoring (nod) kube_node_info', 'ignoring names the label nod'],
    [
      'group_left',
      'kube_node_info * on (node) group_left (kernel) kube_node_info',
      'group_left names the label kernel, which the one side',
    ],
    ['label_replace', 'label_replace(kube_node_info, "n", "$1", "nod", "(.*)")', 'label_replace names the label nod'],
    ['a quantile without buckets', 'histogram_quantile(0.9, sum(rate(node_load1[5m])))', 'names the label le'],
    ['a choice of names', '{__name__=~"up|upp"}', 'upp comes from no exporter'],
    ['a pattern of names', '{__name__=~"sightedit_dbs_.+"}', 'no metric has a name =~"sightedit_dbs_.+"'],
    ['the job', 'node_load1{job="kubelet"}', 'node_load1 is exposed by the job node-exporter'],
  ])('in %s', (_what, expr, problem) => {
    expect(problems(rule(expr)).join()).toContain(problem);
  });

  it('in an annotation', () => {
    expect(problems(rule('max by (node) (node_load1)', 'node', 'pod'))).toEqual([
      'rule: needs the label pod, which the result does not have',
    ]);
  });

  it('everywhere in a directory of rules', () => {
    const rules = `groups:
  - name: demo
    rules:
      - record: node:load:max
        expr: max by (node) (node_load11)
      - alert: DemoDown
        expr: max by (node) (node_load1) > 8 and on (node) node:load:max > 8
        labels: { severity: high, category: application }
        annotations: { summary: 'Busy {{ $labels.nodde }}', description: 'Busy on {{ $labels.node }}.' }
`;
    const inhibitions = 'inhibitions: [{ source: DemoDown, targets: [DemoDown], equal: [node, category, pod] }]\n';
    const slo = `name: demo
prefix: Demo
category: application
objective: 0.99
window: 30d
sli:
  errors: sum(rate(http_server_request_duration_seconds_count{http_response_status_coode="500"}[$window]))
  total: sum(rate(http_server_request_duration_seconds_count[$window]))
presence: http_server_request_duration_secconds_count
minimumFailures: 5
summary: Demo
events: requests
failure: failed
`;
    const partners = Object.fromEntries(
      ['BudgetBurnCritical', 'BudgetBurnHigh', 'BudgetBurnMedium', 'BudgetBurnLow', 'SLOMetricAbsent'].flatMap(
        (name) => [
          [`rules/tests/Demo${name}.yaml`, 'tests: []\n'],
          [`runbooks/Demo${name}.md`, '# Demo\n'],
        ],
      ),
    );
    const files = {
      ...partners,
      'rules/demo.yaml': rules,
      'rules/slos/demo.yaml': slo,
      'rules/alertmanager/inhibitions.yaml': inhibitions,
      // This test is about names; absence has its own tests.
      'rules/absence/sources.yaml': `exceptions:
  node_load1: made up
  node_load11: made up
  http_server_request_duration_seconds_count: made up
`,
      'runbooks/DemoDown.md': '# DemoDown\n\n```promql\nnode_load111\n```\n',
    };
    const found = withRuleDirectory(files, (source) => {
      const catalogue = RuleCatalogue.read(source);
      const lists = metricLists();
      return provenanceProblems(
        catalogue.uses,
        new KnownMetrics({ jobs: scrapeConfigs(), lists, rules: catalogue.files }),
      );
    });
    expect([...new Set(found)].filter((problem) => !problem.includes('status_coode'))).toEqual([
      'rules/demo.yaml: node:load:max: node_load11 comes from no exporter, no contract and no recording rule',
      'rules/demo.yaml: DemoDown: needs the label nodde, which the result does not have',
      'rules/slo-demo.yaml: DemoSLOMetricAbsent: http_server_request_duration_secconds_count comes from no exporter, no contract and no recording rule',
      'runbooks/DemoDown.md: node_load111 comes from no exporter, no contract and no recording rule',
      'inhibition by DemoDown: DemoDown: needs the label pod, which the result does not have',
    ]);
    expect(found.filter((problem) => problem.includes('status_coode')).length).toBeGreaterThan(0);
  });

  it('in a dashboard', () => {
    const queries = [{ expr: 'sum by (node) (rate(node_cpu_secondss_total[$__rate_interval]))', legend: '{{pod}}' }];
    const panel = timeSeries({ title: 'CPU', description: 'Busy.', unit: 'percentunit', queries });
    expect(problems(...usesOf(sample({}, [{ title: 'Use', lines: [[panel]] }])))).toEqual([
      'dashboard sample: CPU: node_cpu_secondss_total comes from no exporter, no contract and no recording rule',
      'dashboard sample: CPU: needs the label pod, which the result does not have',
    ]);
  });

  it('in a variable of a dashboard', () => {
    const [dashboard] = dashboards();
    const renamed = JSON.parse(
      JSON.stringify(dashboard).replaceAll('label_values(kube_node_info', 'label_values(nodes'),
    );
    expect(problems(...usesOf(renamed)).join()).toContain('node: nodes comes from no exporter');
  });

  it('in a runbook', () => {
    const runbook = ['Text', '', '1. Look:', '   ```promql', '   kube_pod_infos', '   ```', '```bash', 'up', '```'];
    expect(problems(...promqlBlocks(runbook.join('\n')).map((expr) => rule(expr)))).toEqual([
      'rule: kube_pod_infos comes from no exporter, no contract and no recording rule',
    ]);
  });
});

describe('In the chart of a platform team', () => {
  const example = join(ROOT, 'examples', 'payments');
  const catalogue = RuleCatalogue.read({ rules: join(example, 'rules'), runbooks: join(example, 'runbooks') });
  const { prometheus } = new PrometheusStack(testChart(), 'metrics', {
    platform: 'eks',
    externalUrl: 'https://prometheus.example.com',
    externalLabels: {},
    watchedNamespaces: ['payments'],
    application: { name: 'payments', namespace: 'payments', ports: [8080] },
  });
  const problemsWith = (lists: readonly MetricList[]) =>
    provenanceProblems(
      catalogue.uses,
      new KnownMetrics({ jobs: prometheus.scrapeConfigs, lists, rules: catalogue.files }),
    );

  it('the rules read what the lists have', () => {
    const payments: MetricList = {
      job: 'payments-pods',
      metrics: { payments_total: { type: 'counter', labels: ['status'] } },
    };
    expect(problemsWith([...metricLists(), payments])).toEqual([]);
  });

  it('a metric without a list is found', () => {
    expect(problemsWith(metricLists()).join('\n')).toContain('payments_total comes from no exporter');
  });
});

const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };

describe('The lists of metrics', () => {
  const onRequest = new PrometheusStack(testChart(), 'metrics', {
    platform: 'eks',
    externalUrl: 'https://prometheus.example.com',
    externalLabels: {},
    watchedNamespaces: ['shop'],
    coreDns: true,
    kubeProxy: true,
  }).prometheus.jobNames.filter((job) => JOBS_ON_REQUEST.includes(job));
  const jobs = [...scrapeConfigs().map(({ job_name }) => job_name), ...onRequest];
  const versions = new Map([
    ...tools.map((tool) => [tool.name, softwareVersion(tool)] as const),
    // cAdvisor is compiled into the kubelet.
    ['cadvisor', goModule('kubernetes', 'github.com/google/cadvisor')!],
    ['remediation-webhook', own.version],
    ['loki', imageVersion(images.loki)],
  ]);

  it('belong to scrape jobs', () => {
    expect(metricLists().filter(({ job }) => !jobs.includes(job))).toEqual([]);
  });

  it('exist for every job except the one whose targets an operator lists', () => {
    const listed = metricLists().map(({ job }) => job);
    expect(jobs.filter((job) => !listed.includes(job))).toEqual(['file']);
  });

  it.each([...metricFiles('recorded')])('%s is recorded from the deployed version', (_job, file) => {
    expect(file).toMatchObject({ origin: 'recorded', version: versions.get(file.exporter) });
    expect(Object.keys(file.metrics)).toEqual(Object.keys(file.metrics).sort());
  });

  /** Versions of programs that are not built here: of their images. */
  const otherVersions = new Map([
    // kubeadm deploys it: `CoreDNSVersion` in cmd/kubeadm/app/constants/constants.go of Kubernetes.
    ['coredns', versions.get('kube-apiserver') === '1.36.4' ? '1.14.2' : undefined],
    ['kube-proxy', versions.get('kube-apiserver')],
    ['grafana', imageVersion(images.grafana)],
    ['sql_exporter', imageVersion(images.sqlExporter)],
  ]);

  it.each([...metricFiles('source')].map(([job, file]) => [job, reasonOf(file), file] as const))(
    '%s: NOT RECORDED, only read in the source code: %s',
    (_job, reason, file) => {
      expect(file).toMatchObject({ origin: 'source', repository: expect.stringMatching(/^github\.com\//) });
      expect(file.version).toBe(otherVersions.get(file.exporter) ?? versions.get(file.exporter));
      expect(reason).not.toBe('');
      expect(Object.keys(file.metrics)).toEqual(Object.keys(file.metrics).sort());
      expect(Object.values(file.metrics).filter((metric) => !('source' in metric))).toEqual([]);
    },
  );

  it('are not written by hand for a recorded metric', () => {
    const recorded = metricFiles('recorded');
    const twice = [...metricFiles('source')].flatMap(([job, { metrics }]) =>
      Object.keys(metrics).filter((name) => name in (recorded.get(job)?.metrics ?? {})),
    );
    expect(twice).toEqual([]);
  });
});

function reasonOf(file: MetricFile): string {
  return file.origin === 'source' ? file.reason : '';
}

/** Version of a module that a tool's go.mod names, without the `v`. */
function goModule(tool: string, module: string): string | undefined {
  const text = readFileSync(join(ROOT, 'tools', tool, 'go.mod'), 'utf8');
  return new RegExp(`^\\s*${module.replaceAll('.', '\\.')} v(\\S+)`, 'm').exec(text)?.[1];
}
