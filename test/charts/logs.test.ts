import { basename } from 'node:path';
import { App } from 'cdk8s';
import {
  addSightEditMonitoring,
  type LogSettings,
  type MonitoringInput,
  type Profile,
  resolveSettings,
} from '../../charts';
import { Credentials } from '../../constructs';
import { RuleCatalogue } from '../../rules';
import { configFiles, ofKind } from '../../testing/manifests';
import { containerOf, find, manifestsOf } from '../../testing/render';
import { DEMO } from '../support/demo-settings';
import { serverConfig } from '../support/server-config';

const BUCKET: LogSettings['objectStorage'] = {
  kind: 's3',
  bucket: 'demo-logs',
  region: 'eu-central-1',
  access: { kind: 'role', arn: 'arn:aws:iam::111122223333:role/loki' },
};

/** The manifests of the whole platform. */
function platform(changes: Partial<MonitoringInput> = {}, profile: Profile = 'production') {
  const app = new App();
  addSightEditMonitoring(app, 'demo', resolveSettings({ ...DEMO, ...changes }, profile));
  return manifestsOf(app);
}

type Manifests = ReturnType<typeof platform>;

const lokiConfig = (manifests: Manifests) => serverConfig(manifests, 'loki-config', 'loki.yaml');
const jobs = (manifests: Manifests) =>
  serverConfig(manifests, 'prometheus-config', 'prometheus.yml').scrape_configs.map(
    ({ job_name }: { job_name: string }) => job_name,
  );
const source = (manifests: Manifests, uid: string) =>
  serverConfig(manifests, 'grafana-datasources', 'datasources.yaml').datasources.find(
    (each: { uid: string }) => each.uid === uid,
  );
const rules = (manifests: Manifests) => configFiles(manifests, 'prometheus-rules-prometheus')['prometheus.yaml'];
/** Names of the pods that a policy of ours admits to Loki. */
const clientsOf = (manifests: Manifests) =>
  find(manifests, 'NetworkPolicy', 'loki').spec.ingress.flatMap(
    ({ from }: { from: { podSelector?: { matchLabels: Record<string, string> } }[] }) =>
      from.map(({ podSelector }) => podSelector?.matchLabels['app.kubernetes.io/name']),
  );

describe('Loki is run', () => {
  test.each<[string, Partial<LogSettings> | undefined, Profile, number]>([
    ['once in production without a bucket', undefined, 'production', 1],
    ['three times with a bucket', { objectStorage: BUCKET }, 'production', 3],
    ['once with a bucket, if the setting says so', { mode: 'monolithic', objectStorage: BUCKET }, 'production', 1],
    ['once in the profile dev', undefined, 'dev', 1],
  ])('%s', (_, logs, profile, replicas) => {
    expect(find(platform({ logs }, profile), 'StatefulSet', 'loki').spec.replicas).toBe(replicas);
  });

  test('not at all, with mode off, and nothing speaks of it', () => {
    const manifests = platform({ logs: { mode: 'off' } });
    expect(manifests.filter(({ metadata }) => metadata.name.startsWith('loki'))).toEqual([]);
    expect(manifests.filter(({ metadata }) => metadata.name.startsWith('log-collector'))).toEqual([]);
    expect(jobs(manifests).filter((job: string) => /^(loki|log-)/.test(job))).toEqual([]);
    expect(source(manifests, 'loki')).toBeUndefined();
    expect(rules(manifests)).not.toContain('up{job="loki"}');
    expect(rules(platform())).toContain('up{job="loki"}');
  });
});

test('lines of security and audit are kept for a year in production, and everything for a week in dev', () => {
  expect(lokiConfig(platform()).limits_config).toMatchObject({
    retention_period: '744h',
    retention_stream: [
      { selector: '{stream=~"security|audit"}', period: '8760h' },
      { selector: '{level="debug"}', period: '168h' },
    ],
    max_query_lookback: '8760h',
  });
  const dev = lokiConfig(platform({}, 'dev')).limits_config;
  expect(dev).toMatchObject({ retention_period: '168h' });
  expect(dev).not.toHaveProperty('retention_stream');
});

describe('rules over logs', () => {
  const files = (manifests: Manifests) =>
    ofKind(manifests, 'ConfigMap').filter(({ metadata }) => metadata.name.startsWith('loki-rules-'));

  test('are loaded, each file from a ConfigMap, with links to runbooks', () => {
    const found = files(platform());
    expect(found.map(({ metadata }) => metadata.name)).toEqual(
      RuleCatalogue.sightEdit().logs.map(({ topic }) => `loki-rules-${basename(topic)}`),
    );
    expect(found.length).toBeGreaterThan(0);
    expect(JSON.stringify(found)).toContain(
      'http://remediation-webhook.sightedit-monitoring.svc:8080/runbooks/LoginGuessingFromAddress',
    );
  });

  test('are not among those of Prometheus', () => {
    const prometheus = ofKind(platform(), 'ConfigMap').filter(({ metadata }) =>
      metadata.name.startsWith('prometheus-rules'),
    );
    expect(prometheus.length).toBeGreaterThan(0);
    expect(JSON.stringify(prometheus)).not.toContain('LoginGuessingFromAddress');
  });

  test('ask for policies that exist', () => {
    const { policies } = JSON.parse(configFiles(platform(), 'remediation-webhook-config')['remediation.json']!);
    const names = policies.map(({ name }: { name: string }) => name);
    const asked = RuleCatalogue.sightEdit().logs.flatMap(({ groups }) =>
      groups.flatMap(({ rules: all }) => all.flatMap(({ labels }) => labels?.remediation ?? [])),
    );
    expect(asked).toContain('block-address');
    expect(asked.filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe('Loki is connected', () => {
  const manifests = platform();

  test('to every Alertmanager, with the labels of the cluster', () => {
    const { ruler } = lokiConfig(manifests);
    expect(ruler.alertmanager_url.split(',')).toEqual(
      [0, 1, 2].map((index) => `http://alertmanager-${index}.alertmanager-headless.sightedit-monitoring.svc:9093`),
    );
    expect(ruler.external_labels).toEqual({ cluster: 'demo', environment: 'test', region: 'mars-1' });
    expect(ruler.external_url).toBe('http://localhost:3000');
  });

  test('to Prometheus, which scrapes it', () => {
    expect(jobs(manifests)).toContain('loki');
    expect(clientsOf(manifests)).toContain('prometheus');
  });

  test('to Grafana, where a trace id leads to the trace', () => {
    expect(source(manifests, 'loki')).toMatchObject({
      type: 'loki',
      url: 'http://loki.sightedit-monitoring.svc:3100',
      jsonData: { derivedFields: [{ matcherType: 'label', matcherRegex: '^trace_id$$', datasourceUid: 'jaeger' }] },
    });
    expect(clientsOf(manifests)).toContain('grafana');
  });

  test('to nobody outside, even where the web interfaces are open', () => {
    const open = platform({ network: { ingress: [{ cidrs: ['10.9.0.0/16'] }] } });
    expect(JSON.stringify(find(open, 'NetworkPolicy', 'grafana'))).toContain('10.9.0.0/16');
    expect(JSON.stringify(find(open, 'NetworkPolicy', 'loki'))).not.toContain('10.9.0.0/16');
  });
});

describe('logs are collected', () => {
  const agentOf = (manifests: Manifests) => find(manifests, 'DaemonSet', 'log-collector');

  test('on every node, in the namespace of the agents, with the name of the cluster', () => {
    const manifests = platform();
    expect(agentOf(manifests).metadata.namespace).toBe('sightedit-monitoring-node');
    const file = configFiles(manifests, 'log-collector-config')['config.yaml'];
    expect(file).toContain('http://loki.sightedit-monitoring.svc:3100/otlp');
    expect(file).toContain('demo');
    expect(clientsOf(manifests)).toEqual(expect.arrayContaining(['log-collector', 'log-collector-events']));
    expect(jobs(manifests)).toEqual(expect.arrayContaining(['log-collector', 'log-collector-events']));
  });

  test.each(['log-collector', 'log-collector-events'])(
    'without secrets, by a processor of %s before its exporter',
    (name) => {
      const { processors, service } = serverConfig(platform(), `${name}-config`, 'config.yaml');
      expect(processors).toHaveProperty(['transform/sanitise', 'log_statements']);
      const pipelines = Object.entries<{ processors: string[] }>(service.pipelines).filter(([id]) => /^logs/.test(id));
      expect(pipelines.length).toBeGreaterThan(0);
      for (const [, pipeline] of pipelines) {
        expect(pipeline.processors).toContain('transform/sanitise');
      }
    },
  );

  test('by Promtail on request, without secrets too', () => {
    const manifests = platform({ logs: { collector: 'promtail' } });
    expect(containerOf(manifests, 'log-collector').image).toMatch(/promtail:3\.6/);
    const file = configFiles(manifests, 'log-collector-config')['promtail.yaml'];
    expect(file).toContain('[masked:password]');
    expect(clientsOf(manifests)).toContain('log-collector');
  });

  test('without national identification numbers of the countries that are named', () => {
    const file = (logs: Partial<LogSettings>) => configFiles(platform({ logs }), 'log-collector-config')['config.yaml'];
    expect(file({})).not.toContain('[masked:national_id]');
    expect(file({ nationalIds: ['us'] })).toContain('[masked:national_id]');
  });
});

describe('recorded series', () => {
  const ARGUMENT = '--web.enable-remote-write-receiver';

  test('stay in Loki, and Prometheus receives nothing, by default', () => {
    const manifests = platform();
    expect(containerOf(manifests, 'prometheus').args).not.toContain(ARGUMENT);
    expect(lokiConfig(manifests).ruler).not.toHaveProperty('remote_write');
  });

  test('go to every Prometheus that receives them, without the series of alerts', () => {
    const manifests = platform({ metrics: { remoteWriteReceiver: true } });
    expect(containerOf(manifests, 'prometheus').args).toContain(ARGUMENT);
    const clients = Object.values<{ url: string; write_relabel_configs: object[] }>(
      lokiConfig(manifests).ruler.remote_write.clients,
    );
    expect(clients.map(({ url }) => url)).toEqual(
      [0, 1].map(
        (index) => `http://prometheus-${index}.prometheus-headless.sightedit-monitoring.svc:9090/api/v1/write`,
      ),
    );
    for (const { write_relabel_configs } of clients) {
      expect(write_relabel_configs).toContainEqual({
        source_labels: ['__name__'],
        regex: 'ALERTS(_FOR_STATE)?',
        action: 'drop',
      });
    }
  });

  test('are received without logs too', () => {
    const manifests = platform({ metrics: { remoteWriteReceiver: true }, logs: { mode: 'off' } });
    expect(containerOf(manifests, 'prometheus').args).toContain(ARGUMENT);
  });
});

test('the keys of a bucket come from a Secret', () => {
  const credentials = new Credentials('loki-bucket');
  const access = {
    kind: 'keys' as const,
    accessKeyId: { credentials, key: 'ID' },
    secretAccessKey: { credentials, key: 'KEY' },
  };
  const { env } = containerOf(platform({ logs: { objectStorage: { ...BUCKET, access } } }), 'loki');
  expect(env).toContainEqual({
    name: 'AWS_SECRET_ACCESS_KEY',
    valueFrom: { secretKeyRef: { name: 'loki-bucket', key: 'KEY' } },
  });
});

test.each<[string, Partial<LogSettings>]>([
  [
    'logs.mode is "distributed": write one of off, monolithic, replicated',
    { mode: 'distributed' as LogSettings['mode'] },
  ],
  [
    'logs.mode is "replicated": name a bucket in objectStorage: with volumes, each replica would have a part of the lines',
    { mode: 'replicated' },
  ],
  ['logs.retention.days is 0: write a whole number greater than zero', { retention: { days: 0 } }],
  [
    'logs.collector is "fluentbit": write one of opentelemetry, promtail',
    { collector: 'fluentbit' as LogSettings['collector'] },
  ],
  [
    'logs.nationalIds is "fr": write countries of us, gb, es, it, br',
    { nationalIds: ['fr' as LogSettings['nationalIds'][number]] },
  ],
])('a setting that cannot work is refused: %s', (message, logs) => {
  expect(() => platform({ logs })).toThrow(expect.objectContaining({ name: 'SettingError', message }));
});
