import {
  AlertRouting,
  type AlertRoutingProps,
  Credentials,
  Endpoint,
  Prometheus,
  type PrometheusProps,
  type Recipients,
  type ScrapeConfigOptions,
} from '../../constructs';
import type { ExtraReceiver } from '../../constructs/alert-routing';
import { temporaryDirectory } from '../../testing/cleanup';
import { layOutAlertmanager, layOutPrometheus } from '../../testing/files';
import type { Manifest } from '../../testing/manifests';
import { findAll, manifestsOf, testChart } from '../../testing/render';
import { serverConfig, writeSecrets } from '../support/server-config';
import { ACCEPTED, describeWithTools, runTool } from '../support/tools';

type ScrapeConfig = Parameters<Prometheus['addScrapeConfig']>[0];

const credentials = new Credentials('demo-credentials');
const secret = (key: string) => ({ credentials, key });

function fileOf(manifests: readonly Manifest[], configMap: string, file: string): string {
  return manifests.find(({ metadata }) => metadata.name === configMap)?.data[file];
}

interface Server {
  readonly props?: Partial<PrometheusProps>;
  readonly jobs?: readonly [ScrapeConfig, ScrapeConfigOptions?][];
}

function prometheus({ props, jobs = [] }: Server): Manifest[] {
  const chart = testChart();
  const server = new Prometheus(chart, 'prometheus', {
    externalLabels: { cluster: 'demo' },
    externalUrl: 'https://prometheus.example.com',
    ...props,
  });
  for (const [job, options] of jobs) {
    server.addScrapeConfig(job, options);
  }
  return manifestsOf(chart);
}

const remote = (config: NonNullable<PrometheusProps['remoteWrites']>[number]['config']): Server => ({
  props: { remoteWrites: [{ url: 'https://mimir.example.com/api/v1/push', config }] },
});
const job = (config: Omit<ScrapeConfig, 'job_name'>, options?: ScrapeConfigOptions): Server => ({
  jobs: [[{ job_name: 'orders', static_configs: [{ targets: ['orders:8080'] }], ...config }, options]],
});
const discovery = (config: Omit<ScrapeConfig, 'job_name'>, options?: ScrapeConfigOptions): Server => ({
  jobs: [[{ job_name: 'orders', ...config }, options]],
});

/** Settings of Prometheus that other teams need, and what is in the configuration. */
const PROMETHEUS: readonly (readonly [string, Server, object])[] = [
  [
    'remote write with basic authentication',
    remote({ basic_auth: { username: 'orders', password_file: secret('TOKEN') } }),
    { remote_write: [{ basic_auth: { password_file: '/etc/prometheus/secrets/demo-credentials/TOKEN' } }] },
  ],
  [
    'remote write with SigV4 to Amazon Managed Prometheus',
    remote({ sigv4: { region: 'eu-central-1' }, queue_config: { max_shards: 20, capacity: 10_000 } }),
    { remote_write: [{ sigv4: { region: 'eu-central-1' }, queue_config: { max_shards: 20 } }] },
  ],
  [
    'remote write with OAuth 2',
    remote({
      oauth2: {
        client_id: 'orders',
        client_secret_file: secret('OAUTH'),
        token_url: 'https://login.example.com/token',
      },
    }),
    { remote_write: [{ oauth2: { client_id: 'orders' } }] },
  ],
  [
    'remote write with headers, e.g. of a tenant of Mimir',
    remote({ headers: { 'X-Scope-OrgID': 'orders' } }),
    { remote_write: [{ headers: { 'X-Scope-OrgID': 'orders' } }] },
  ],
  [
    'remote write version 2 with metadata and native histograms',
    remote({ protobuf_message: 'io.prometheus.write.v2.Request', send_native_histograms: true }),
    { remote_write: [{ send_native_histograms: true }] },
  ],
  [
    'two tenants of one receiver',
    {
      props: {
        remoteWrites: ['orders', 'billing'].map((tenant) => ({
          url: 'https://mimir.example.com/api/v1/push',
          keep: `${tenant}_.+`,
          config: { name: tenant, headers: { 'X-Scope-OrgID': tenant } },
        })),
      },
    },
    { remote_write: [{ name: 'orders' }, { name: 'billing', write_relabel_configs: [{ regex: 'billing_.+' }] }] },
  ],
  [
    'limits of queries by rules and scrapes, and the evaluation interval',
    { props: { config: { global: { evaluation_interval: '30s', sample_limit: 10_000, rule_query_offset: '1m' } } } },
    { global: { evaluation_interval: '30s', scrape_interval: '15s', sample_limit: 10_000 } },
  ],
  [
    'names in UTF-8',
    { props: { config: { global: { metric_name_validation_scheme: 'utf8' } } } },
    { global: { metric_name_validation_scheme: 'utf8' } },
  ],
  [
    'samples out of order',
    { props: { config: { storage: { tsdb: { out_of_order_time_window: '30m' } } } } },
    { storage: { tsdb: { out_of_order_time_window: '30m', retention: { time: '30d' } } } },
  ],
  [
    'OTLP',
    { props: { config: { otlp: { promote_resource_attributes: ['service.name'] } } } },
    { otlp: { promote_resource_attributes: ['service.name'] } },
  ],
  [
    'tracing',
    {
      props: {
        config: { tracing: { endpoint: 'traces.example.com:4317', client_type: 'grpc', sampling_fraction: 0.1 } },
      },
    },
    { tracing: { endpoint: 'traces.example.com:4317' } },
  ],
  [
    'remote read',
    { props: { config: { remote_read: [{ url: 'https://mimir.example.com/api/v1/read', read_recent: true }] } } },
    { remote_read: [{ read_recent: true }] },
  ],
  [
    'a scrape job with basic authentication',
    job({ basic_auth: { username: 'orders', password_file: secret('SCRAPE') } }),
    { scrape_configs: [{ basic_auth: { username: 'orders' } }] },
  ],
  [
    'a scrape job with OAuth 2',
    job({
      oauth2: {
        client_id: 'orders',
        client_secret_file: secret('OAUTH'),
        token_url: 'https://login.example.com/token',
      },
    }),
    { scrape_configs: [{ oauth2: { client_id: 'orders' } }] },
  ],
  [
    'a scrape job with a relabelling action that this program does not use',
    job({ relabel_configs: [{ action: 'lowercase', source_labels: ['team'], target_label: 'team' }] }),
    { scrape_configs: [{ relabel_configs: [{ action: 'lowercase' }] }] },
  ],
  [
    'shards of targets',
    job({
      relabel_configs: [
        { action: 'hashmod', source_labels: ['__address__'], modulus: 2, target_label: '__tmp_shard' },
        { action: 'keep', source_labels: ['__tmp_shard'], regex: '0' },
      ],
    }),
    { scrape_configs: [{ relabel_configs: [{ modulus: 2 }, {}] }] },
  ],
  [
    'discovery by DNS',
    discovery({ dns_sd_configs: [{ names: ['orders.example.com'], type: 'A', port: 8080 }] }),
    { scrape_configs: [{ dns_sd_configs: [{ type: 'A' }] }] },
  ],
  [
    'discovery of instances of EC2',
    discovery({ ec2_sd_configs: [{ region: 'eu-central-1', filters: [{ name: 'tag:team', values: ['orders'] }] }] }),
    { scrape_configs: [{ ec2_sd_configs: [{ region: 'eu-central-1' }] }] },
  ],
  [
    'discovery by HTTP',
    discovery({ http_sd_configs: [{ url: 'https://targets.example.com/orders' }] }),
    { scrape_configs: [{ http_sd_configs: [{ url: 'https://targets.example.com/orders' }] }] },
  ],
  [
    'discovery in Consul',
    discovery({ consul_sd_configs: [{ server: 'consul.example.com:8500', services: ['orders'] }] }),
    { scrape_configs: [{ consul_sd_configs: [{ services: ['orders'] }] }] },
  ],
  [
    'discovery in every namespace',
    discovery({ kubernetes_sd_configs: [{ role: 'pod' }] }, { allNamespaces: true }),
    { scrape_configs: [{ kubernetes_sd_configs: [{ role: 'pod' }] }] },
  ],
  [
    'native histograms',
    job({ scrape_native_histograms: true, native_histogram_bucket_limit: 160, scrape_protocols: ['PrometheusProto'] }),
    { scrape_configs: [{ native_histogram_bucket_limit: 160 }] },
  ],
];

describeWithTools(['promtool'], 'Prometheus accepts', () => {
  test.each(PROMETHEUS)('%s', (_, server, expected) => {
    const root = temporaryDirectory();
    const manifests = prometheus(server);
    expect(serverConfig(manifests, 'prometheus-config', 'prometheus.yml')).toMatchObject(expected);
    writeSecrets(fileOf(manifests, 'prometheus-config', 'prometheus.yml'), root);
    expect(runTool('promtool', 'check', 'config', layOutPrometheus(manifests, root))).toEqual(ACCEPTED);
  });

  // promtool reads certificates, so these are checked by syntax alone.
  test.each<[string, Server]>([
    [
      'remote write with client certificates',
      remote({ tls_config: { cert_file: secret('tls.crt'), key_file: secret('tls.key'), min_version: 'TLS13' } }),
    ],
    [
      'a scrape job with client certificates',
      job({
        scheme: 'https',
        tls_config: { ca_file: secret('ca.crt'), cert_file: secret('tls.crt'), key_file: secret('tls.key') },
      }),
    ],
  ])('%s', (_, server) => {
    const root = temporaryDirectory();
    const manifests = prometheus(server);
    const text = fileOf(manifests, 'prometheus-config', 'prometheus.yml');
    expect(text).toContain('key_file: /etc/prometheus/secrets/demo-credentials/tls.key');
    writeSecrets(text, root);
    const config = layOutPrometheus(manifests, root);
    expect(runTool('promtool', 'check', 'config', '--syntax-only', config)).toEqual(ACCEPTED);
  });

  test('an Alertmanager elsewhere that asks for a password', () => {
    const chart = testChart();
    const server = new Prometheus(chart, 'prometheus', {
      externalLabels: {},
      externalUrl: 'https://prometheus.example.com',
      config: { alerting: { alert_relabel_configs: [{ action: 'labeldrop', regex: 'pod' }] } },
    });
    server.addAlertmanager(Endpoint.host('alerts.example.com'), {
      path_prefix: '/alertmanager',
      basic_auth: { username: 'orders', password_file: secret('ALERTS') },
    });
    const manifests = manifestsOf(chart);
    const { alerting } = serverConfig(manifests, 'prometheus-config', 'prometheus.yml');
    expect(alerting).toMatchObject({
      alert_relabel_configs: [{ regex: 'prometheus_replica' }, { regex: 'pod' }],
      alertmanagers: [{ path_prefix: '/alertmanager', basic_auth: { username: 'orders' } }],
    });
    const root = temporaryDirectory();
    writeSecrets(fileOf(manifests, 'prometheus-config', 'prometheus.yml'), root);
    expect(runTool('promtool', 'check', 'config', layOutPrometheus(manifests, root))).toEqual(ACCEPTED);
  });
});

const LEVELS = (recipients: Recipients) => ({
  critical: recipients,
  high: recipients,
  medium: recipients,
  low: recipients,
});

function alertmanager(props: Partial<AlertRoutingProps>, add: (routing: AlertRouting) => void = () => {}): Manifest[] {
  const chart = testChart();
  add(
    new AlertRouting(chart, 'alertmanager', {
      externalUrl: 'https://alerts.example.com',
      credentials,
      channels: { slack: { kind: 'app' } },
      levels: LEVELS({ slack: ['#alerts'] }),
      ...props,
    }),
  );
  return manifestsOf(chart);
}

type Configs = Omit<ExtraReceiver['receiver'], 'name'>;

/** A receiver of each kind that no channel covers. */
const RECEIVERS: readonly (readonly [string, Configs])[] = [
  ['Slack with nothing but a channel', { slack_configs: [{ channel: '#orders' }] }],
  [
    "Slack with a team's own webhook",
    { slack_configs: [{ channel: '#orders', api_url_file: secret('ORDERS_SLACK') }] },
  ],
  [
    'Opsgenie',
    { opsgenie_configs: [{ api_key_file: secret('OPSGENIE'), responders: [{ name: 'orders', type: 'team' }] }] },
  ],
  ['Microsoft Teams', { msteamsv2_configs: [{ webhook_url_file: secret('TEAMS'), title: 'Orders' }] }],
  ['Microsoft Teams, connectors', { msteams_configs: [{ webhook_url_file: secret('TEAMS') }] }],
  ['Discord', { discord_configs: [{ webhook_url_file: secret('DISCORD') }] }],
  ['Telegram', { telegram_configs: [{ bot_token_file: secret('TELEGRAM'), chat_id: 42, parse_mode: 'HTML' }] }],
  [
    'Webex',
    { webex_configs: [{ room_id: 'orders', http_config: { authorization: { credentials_file: secret('WEBEX') } } }] },
  ],
  ['VictorOps', { victorops_configs: [{ api_key_file: secret('VICTOROPS'), routing_key: 'orders' }] }],
  ['Pushover', { pushover_configs: [{ user_key_file: secret('USER'), token_file: secret('TOKEN') }] }],
  [
    'Jira',
    {
      jira_configs: [
        {
          api_url: 'https://orders.atlassian.net/rest/api/3/',
          project: 'ORD',
          issue_type: 'Bug',
          http_config: { basic_auth: { username: 'alerts@example.com', password_file: secret('JIRA') } },
        },
      ],
    },
  ],
  ['Mattermost', { mattermost_configs: [{ webhook_url_file: secret('MATTERMOST'), channel: 'orders' }] }],
  [
    'Rocket.Chat',
    { rocketchat_configs: [{ token_file: secret('TOKEN'), token_id_file: secret('ID'), channel: '#orders' }] },
  ],
  ['WeChat', { wechat_configs: [{ api_secret_file: secret('WECHAT'), corp_id: 'orders', agent_id: '1' }] }],
  [
    'incident.io',
    { incidentio_configs: [{ url: 'https://api.incident.io/v2/alert_events', alert_source_token_file: secret('IO') }] },
  ],
  [
    'Amazon SNS',
    { sns_configs: [{ topic_arn: 'arn:aws:sns:eu-central-1:0:orders', sigv4: { region: 'eu-central-1' } }] },
  ],
  [
    'PagerDuty of its own',
    { pagerduty_configs: [{ routing_key_file: secret('ORDERS_PAGERDUTY'), severity: 'warning' }] },
  ],
  [
    'e-mail by another server',
    { email_configs: [{ to: 'orders@example.com', from: 'a@example.com', smarthost: 'mail.example.com:587' }] },
  ],
  [
    'a webhook with basic authentication',
    {
      webhook_configs: [
        {
          url: 'https://hooks.example.com/orders',
          http_config: { basic_auth: { username: 'orders', password_file: secret('HOOK') } },
        },
      ],
    },
  ],
];

describeWithTools(['amtool'], 'Alertmanager accepts', () => {
  const accepted = (manifests: readonly Manifest[]) => {
    const root = temporaryDirectory();
    expect(runTool('amtool', 'check-config', layOutAlertmanager(manifests, root))).toEqual(ACCEPTED);
  };

  test.each(RECEIVERS)('%s, for a team', (_, configs) => {
    const manifests = alertmanager({}, (routing) =>
      routing.addReceiver({ receiver: { name: 'orders', ...configs }, matchers: ['team = "orders"'] }),
    );
    accepted(manifests);
  });

  test.each(RECEIVERS.filter(([name]) => !name.startsWith('Slack with nothing')))(
    '%s, for every level',
    (_, configs) => {
      accepted(alertmanager({ channels: {}, levels: LEVELS({ configs }) }));
    },
  );

  test('nested routes, time intervals and templates', () => {
    const manifests = alertmanager({}, (routing) => {
      routing.addTimeInterval({
        name: 'nights',
        time_intervals: [{ times: [{ start_time: '20:00', end_time: '24:00' }], location: 'Europe/Berlin' }],
      });
      routing.addTemplate('orders', '{{ define "orders.title" }}{{ .CommonLabels.alertname }}{{ end }}');
      routing.addReceiver({
        receiver: { name: 'orders', slack_configs: [{ channel: '#orders', title: '{{ template "orders.title" . }}' }] },
        receivers: [{ name: 'orders-page', pagerduty_configs: [{ routing_key_file: secret('ORDERS') }] }],
        matchers: ['team = "orders"'],
        muteTimeIntervals: ['nights'],
        routes: [{ receiver: 'orders-page', matchers: ['severity = "critical"'], group_wait: '0s' }],
      });
    });
    accepted(manifests);
    const { route, time_intervals } = serverConfig(manifests, 'alertmanager-config', 'alertmanager.yml');
    expect(time_intervals).toMatchObject([{ name: 'nights' }]);
    expect(route.routes).toContainEqual(
      expect.objectContaining({
        receiver: 'orders',
        mute_time_intervals: ['nights'],
        routes: [{ receiver: 'orders-page', matchers: ['severity = "critical"'], group_wait: '0s' }],
      }),
    );
  });

  test('global settings, more inhibitions and a way to its services', () => {
    const manifests = alertmanager({
      config: {
        global: { resolve_timeout: '10m', http_config: { proxy_url: 'http://proxy.example.com:3128' } },
        inhibit_rules: [{ source_matchers: ['severity = "critical"'], target_matchers: ['severity = "low"'] }],
      },
    });
    accepted(manifests);
    expect(serverConfig(manifests, 'alertmanager-config', 'alertmanager.yml')).toMatchObject({
      global: { resolve_timeout: '10m', slack_app_token_file: expect.any(String) },
      inhibit_rules: [{ target_matchers: ['severity = "low"'] }],
    });
  });

  test('no receiver of an unknown kind', () => {
    const unknown = { carrier_pigeon_configs: [{ loft: 'orders' }] } as Configs;
    const manifests = alertmanager({ channels: {}, levels: LEVELS({ configs: unknown }) });
    const config = layOutAlertmanager(manifests, temporaryDirectory());
    expect(runTool('amtool', 'check-config', config).code).not.toBe(0);
  });
});

describe('The NetworkPolicy of a server with open settings', () => {
  const egressPorts = (manifests: readonly Manifest[], name: string) =>
    findAll(manifests, 'NetworkPolicy')
      .filter(({ metadata }) => metadata.name === name)
      .flatMap(({ spec }) => spec.egress)
      .flatMap(({ ports }: { ports: { port: number }[] }) => ports.map(({ port }) => port));

  test('opens the ports of receivers outside of the cluster', () => {
    const manifests = alertmanager(
      { channels: {}, levels: LEVELS({ configs: { discord_configs: [{ webhook_url_file: secret('D') }] } }) },
      (routing) =>
        routing.addReceiver({
          receiver: { name: 'orders', webhook_configs: [{ url: 'https://hooks.example.com:8443/orders' }] },
          matchers: ['team = "orders"'],
        }),
    );
    expect(egressPorts(manifests, 'alertmanager')).toEqual(expect.arrayContaining([443, 8443]));
  });

  test('opens the ports of token servers and of remote read', () => {
    const manifests = prometheus({
      props: {
        config: { remote_read: [{ url: 'https://read.example.com:9443/api' }] },
        remoteWrites: [
          {
            url: 'https://mimir.example.com/push',
            config: { oauth2: { client_id: 'orders', token_url: 'https://login.example.com:8443/token' } },
          },
        ],
      },
    });
    expect(egressPorts(manifests, 'prometheus')).toEqual(expect.arrayContaining([443, 8443, 9443]));
  });
});
