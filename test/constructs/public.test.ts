import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiObject, App, Chart, JsonPatch } from 'cdk8s';
import { Construct } from 'constructs';
import * as folder from '../../constructs';
import * as entry from '../../index';
import { describeManifest } from '../../testing/manifests';
import { manifestsOf } from '../../testing/render';
import { ROOT } from '../../tools/catalogue';
import { examplesIn } from '../support/construct-examples';
import { REPOSITORY } from '../support/repository';
import { withRuleDirectory } from '../support/rule-directory';

/** Names of the constructs that the package exports. */
const constructs = Object.entries(folder)
  .filter(([, value]) => typeof value === 'function' && value.prototype instanceof Construct)
  .map(([name]) => name);

/** First cells of the README's table of constructs. */
function documented(): string[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, rows = ''] = /\| construct \| [^\n]*\n\|[-|]+\|\n((?:\|.*\n)+)/.exec(readme) ?? [];
  return rows
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name!));
}

/** Names of the test files of constructs, without `.test.ts`. */
const tests = readdirSync(join(ROOT, 'test', 'constructs'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => file.replace(/^.*\//, '').replace('.test.ts', ''));

const kebab = (name: string) => name.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();

test('the package exports its constructs', () => {
  expect(constructs).toEqual(expect.arrayContaining(['Component', 'Prometheus', 'RemediationWebhook']));
});

test.each(constructs)('%s has a test file', (name) => {
  expect(tests).toContain(kebab(name));
});

test.each(constructs)('%s has a row in the README', (name) => {
  expect(documented()).toContain(name);
});

test('every name in the table of the README is exported', () => {
  const names = documented();
  expect(names.length).toBeGreaterThanOrEqual(constructs.length);
  expect(names.filter((name) => !(name in entry))).toEqual([]);
});

test('every folder of constructs has its public face', () => {
  const folders = readdirSync(join(ROOT, 'constructs'), { withFileTypes: true }).filter((file) => file.isDirectory());
  const index = readFileSync(join(ROOT, 'constructs', 'index.ts'), 'utf8');
  for (const { name } of folders) {
    expect(existsSync(join(ROOT, 'constructs', name, 'index.ts'))).toBe(true);
    expect(index).toContain(`export * from './${name}';`);
  }
});

test('helpers of the program are not exported', () => {
  const internals = [
    'children',
    'ancestors',
    'textOf',
    'matches',
    'isConstant',
    'hostOf',
    'NOBODY',
    'DATABASE_CONNECTION',
  ];
  expect(internals.filter((name) => name in entry)).toEqual([]);
});

/** Names of the classes of the constructs in a chart. */
const namesIn = (scope: Chart) => scope.node.findAll().map((construct) => construct.constructor.name);

describe('a platform team’s chart', () => {
  /** Every construct of the table, from the exports of the package. */
  function chart(): Chart {
    const scope = new Chart(new App(), 'payments', { namespace: 'payments', disableResourceNameHashes: true });
    const credentials = new entry.Credentials('payments-credentials');
    const workload = (name: string, port: number, scheme: string) =>
      new entry.ExternalWorkload(scope, name, {
        namespace: 'shop',
        podLabels: { app: name },
        service: name,
        port,
        scheme,
      }).endpoint;
    const catalogue = withRuleDirectory({}, entry.RuleCatalogue.read);
    const recipients = { slack: ['#payments'] };
    const { prometheus } = new entry.PrometheusStack(scope, 'stack', {
      platform: 'eks',
      externalUrl: 'https://prometheus.example.com',
      externalLabels: { cluster: 'payments' },
      watchedNamespaces: ['shop'],
      application: { name: 'shop', namespace: 'shop', endpoints: [workload('backend', 3000, 'http')] },
      probedUrls: ['https://shop.example.com'],
      rules: { catalogue, links: { runbook: ({ alert }) => `https://wiki.example.com/${alert}` } },
    });
    const routing = new entry.AlertRouting(scope, 'alertmanager', {
      externalUrl: 'https://alerts.example.com',
      credentials,
      channels: { slack: { kind: 'app' } },
      levels: { critical: recipients, high: recipients, medium: recipients, low: recipients },
    });
    prometheus.addAlertmanager(routing.endpoint);

    const grafana = new entry.Grafana(scope, 'grafana', { externalUrl: 'https://grafana.example.com', credentials });
    grafana.addPrometheus(prometheus);
    grafana.addDashboard({ uid: 'orders', folder: 'Shop', json: { uid: 'orders', title: 'Orders' } });

    const loki = new entry.LokiStack(scope, 'loki', { gigabytesPerDay: 5, retention: { days: 14 } });
    loki.addAlertmanager(routing.endpoint);
    loki.addRemoteWrite(prometheus.endpoint);
    grafana.addDataSource(loki.queryEndpoint, { name: 'Loki', type: 'loki', uid: 'loki' });
    prometheus.addScrapeJob('loki', loki.queryEndpoint);

    const collector: entry.SqlCollector = {
      collector_name: 'orders',
      min_interval: '1m',
      metrics: [{ metric_name: 'orders', type: 'gauge', help: 'Orders.', values: ['n'], query: 'SELECT 1 AS n' }],
    };
    const postgres = new entry.PostgresExporter(scope, 'postgres-exporter', {
      postgres: workload('postgres', 5432, 'postgresql'),
      database: 'shop',
      credentials,
      collectors: [collector],
    });
    prometheus.addScrapeJob('sql-exporter', postgres.sqlEndpoint);
    const redis = new entry.RedisExporter(scope, 'redis-exporter', { redis: workload('redis', 6379, 'redis') });
    prometheus.addScrapeJob('redis-exporter', redis.endpoint);
    prometheus.addScrapeJob('node-exporter', new entry.NodeExporter(scope, 'node-exporter').endpoint);

    const policies: entry.RemediationPolicy[] = [
      entry.restartWorkload({
        namespace: 'shop',
        deployments: ['checkout'],
        verification: { query: 'vector(1)' },
      }),
      entry.scaleUp({
        namespace: 'shop',
        deployments: ['checkout'],
        maxReplicas: 4,
        verification: { query: 'vector(1)' },
      }),
    ];
    const image = { repository: 'registry.example.com/payments/webhook', tag: 'v1.0.0' };
    const webhook = new entry.RemediationWebhook(scope, 'webhook', {
      policies,
      prometheus: prometheus.endpoint,
      ownAlerts: entry.ownAlertsOf(entry.RuleCatalogue.sightEdit().alerts),
      image,
    });
    webhook.receiveFrom(routing);

    const files = new entry.ConfigDirectory(scope, 'files', { name: 'cache-files', path: '/etc/cache' });
    files.addFile('cache.yaml', entry.toYaml({ size: '1Gi' }));
    const cache = new entry.Component(scope, 'cache', {
      name: 'cache',
      image: { repository: 'registry.example.com/payments/cache', tag: 'v1.0.0' },
      workload: { kind: 'Deployment', replicas: 1 },
      ports: { http: { port: 8080 } },
      resources: { cpu: '10m', memory: '32Mi' },
      mounts: [files.mount],
    });
    cache.allowEgressTo(entry.Endpoint.anyHost());
    prometheus.addScrapeJob('cache', cache.endpoint());

    new entry.ExternalCredentials(scope, 'credentials', { credentials, store: 'vault', entry: 'payments' });
    new entry.OperatorObjects(scope, 'objects', { prometheus });
    return scope;
  }

  test('has every construct of the table, or the construct has an example', () => {
    const scope = chart();
    const examples = examplesIn(REPOSITORY);
    expect(examples.length).toBeGreaterThan(4);
    const used = new Set([...examples.map(({ name }) => name), ...namesIn(scope)]);
    expect(constructs.filter((name) => !used.has(name))).toEqual([]);
    const names = manifestsOf(scope).map(describeManifest);
    expect(names).toEqual(
      expect.arrayContaining([
        'StatefulSet payments/prometheus',
        'StatefulSet payments/alertmanager',
        'Deployment payments/remediation-webhook',
        'ExternalSecret payments/payments-credentials',
      ]),
    );
  });

  test.each(examplesIn(REPOSITORY).map((example) => [example.name, example] as const))(
    'may have a %s as in its example',
    (name, { code, folder }) => {
      const scope = new Chart(new App(), folder, { namespace: folder, disableResourceNameHashes: true });
      const quiet = { log: () => undefined };
      const credentials = new entry.Credentials('example-credentials');
      const given = { ...entry, chart: scope, credentials, console: quiet };
      new Function(...Object.keys(given), code)(...Object.values(given));
      expect(namesIn(scope)).toContain(name);
      expect(manifestsOf(scope).length).toBeGreaterThan(0);
    },
  );

  test('keeps every field that is patched, in every object', () => {
    const scope = chart();
    const objects = scope.node.findAll().filter((construct) => construct instanceof ApiObject);
    for (const object of objects) {
      object.addJsonPatch(JsonPatch.add('/newerField', { of: '512Mi' }));
    }
    const manifests = manifestsOf(scope);
    expect(manifests.length).toBeGreaterThan(50);
    expect(manifests.filter(({ newerField }) => newerField?.of !== '512Mi').map(describeManifest)).toEqual([]);
  });

  test('finds the workload of each construct that has one', () => {
    const owners = chart()
      .node.findAll()
      .filter((construct) => 'component' in construct || construct instanceof entry.Component);
    expect(owners.length).toBeGreaterThan(15);
    const kinds = owners.map((owner) => ApiObject.of(owner).kind);
    expect([...new Set(kinds)].sort()).toEqual(['DaemonSet', 'Deployment', 'StatefulSet']);
    const stack = chart().node.findChild('stack');
    expect(ApiObject.of(stack).name).toBe('prometheus');
  });

  test('can be patched as a whole', () => {
    const scope = chart();
    entry.patchObjects(scope, 'Deployment', { spec: { revisionHistoryLimit: 3 } });
    const limits = manifestsOf(scope)
      .filter(({ kind }) => kind === 'Deployment')
      .map(({ spec }) => spec.revisionHistoryLimit);
    expect(limits.length).toBeGreaterThan(5);
    expect(new Set(limits)).toEqual(new Set([3]));
  });
});
