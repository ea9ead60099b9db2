import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import {
  AlertRouting,
  type AlertRoutingProps,
  Credentials,
  DuplicateNameError,
  Endpoint,
  inCluster,
  LokiStack,
  ownAlertsOf,
  RemediationWebhook,
  type RemediationWebhookProps,
  SettingError,
} from '../../constructs';
import { requirementsOf } from '../../constructs/remediation-webhook/permissions';
import { restartWorkload, scaleUp } from '../../remediation';
import { restartWorkloadAction } from '../../remediation/actions/restart-workload';
import type { Configuration } from '../../remediation/configuration';
import { type AlertingRule, RuleCatalogue } from '../../rules';
import { configFiles, ofKind } from '../../testing/manifests';
import { containerOf, find, findAll, manifestsOf, NAMESPACE, podOf, synthError, testChart } from '../../testing/render';
import { testProps } from '../support/props';
import { serverConfig } from '../support/server-config';

// The server is a megabyte of JavaScript that changes with every line of it: the snapshots do without.
jest.mock('../../constructs/remediation-webhook/bundle', () => ({
  ...jest.requireActual('../../constructs/remediation-webhook/bundle'),
  bundledServer: () => 'console.log("the server");\n',
}));

const TOLD = { slack: ['#alerts'] };

const RESTART = restartWorkload({
  namespace: 'shop',
  deployments: ['checkout', 'basket'],
  verification: { query: 'vector(1)' },
});

const OWN_ALERTS = {
  RemediationActionFailed: { severity: 'high' },
  RemediationCircuitOpen: { severity: 'high' },
};

const PROPS = (): RemediationWebhookProps => ({
  policies: [RESTART],
  prometheus: Endpoint.host('prometheus.example.com', 9090, 'http'),
  ownAlerts: OWN_ALERTS,
});

const ALERTING = (): AlertRoutingProps => ({
  externalUrl: 'https://alerts.example.com',
  replicas: 1,
  credentials: new Credentials('alertmanager-credentials'),
  channels: { slack: { kind: 'app' } },
  levels: { critical: TOLD, high: TOLD, medium: TOLD, low: TOLD },
});

/** An Alertmanager that may notify. */
function alertRouting(scope: Construct): AlertRouting {
  return new AlertRouting(scope, 'alertmanager', ALERTING());
}

/** A webhook that its Alertmanager may notify, both in a chart. */
function webhook(props: Partial<RemediationWebhookProps> = {}, chart: Construct = testChart()) {
  const made = new RemediationWebhook(chart, 'webhook', { ...PROPS(), ...props });
  made.receiveFrom(alertRouting(chart));
  return { chart: chart as Chart, webhook: made };
}

/** Charts of their own for the server and the runbooks. */
function payloadCharts(scope: Construct, namespace = NAMESPACE) {
  const chart = (payload: string) =>
    new Chart(scope.node.root, payload, { namespace, disableResourceNameHashes: true, labels: { payload } });
  return { server: chart('server'), runbooks: chart('runbooks') };
}

const rendered = (props?: Partial<RemediationWebhookProps>) => manifestsOf(webhook(props).chart);

const configuration = (manifests: ReturnType<typeof rendered>): Configuration =>
  JSON.parse(configFiles(manifests, 'remediation-webhook-config')['remediation.json']!);

/** An alert with labels. */
const alert = (labels: Readonly<Record<string, string>>) =>
  ({ alert: 'SampleAlert', labels }) as unknown as AlertingRule;

const runbooks = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
beforeAll(() => writeFileSync(join(runbooks, 'SampleAlert.md'), '# SampleAlert\n'));
afterAll(() => rmSync(runbooks, { recursive: true }));

describe('RemediationWebhook', () => {
  const credentials = new Credentials('repair-credentials');
  testProps<RemediationWebhookProps, 'installCrd'>({
    // The scopes of the payloads can only be made where the scope is known.
    make: (scope, props) => webhook(props.payloads ? { ...props, payloads: payloadCharts(scope) } : props, scope),
    parts: alertRouting,
    minimal: PROPS,
    full: () => ({
      name: 'medic',
      policies: [
        scaleUp({
          name: 'more-checkouts',
          namespace: 'shop',
          deployments: ['checkout'],
          autoscalers: ['checkout'],
          maxReplicas: 12,
          verification: { query: 'vector(1)' },
        }),
      ],
      mode: 'active',
      replicas: 3,
      prometheus: Endpoint.host('metrics.example.com', 9091, 'http'),
      loki: {
        queryEndpoint: Endpoint.host('logs.example.com', 3100, 'http'),
        rulesEndpoint: Endpoint.host('ruler.example.com', 3101, 'http'),
      },
      threats: Endpoint.host('threats.example.com', 8082, 'http'),
      ownAlerts: { ...OWN_ALERTS, RemediationCircuitOpen: { severity: 'critical' } },
      externalLabels: { cluster: 'demo' },
      relabelledLabels: ['tenant'],
      links: { runbooks: 'https://runbooks.example.com', dashboard: 'https://dashboards.example.com/d/repairs' },
      connections: {
        cache: {
          kind: 'redis',
          endpoint: Endpoint.host('cache.example.com', 6379, 'redis'),
          user: 'medic',
          password: { credentials, key: 'CACHE_PASSWORD' },
          tls: { configMap: 'cache-authority', key: 'root.pem' },
        },
      },
      slack: { channel: '#repairs', token: { credentials, key: 'REPAIRS_TOKEN' } },
      tracing: Endpoint.host('traces.example.com', 4318, 'http'),
      limits: { freshnessSeconds: 77 },
      retention: { days: 7, records: 70 },
      runbooks,
      payloads: {},
      tlsSecret: 'medic-certificate',
      certificate: { issuer: 'internal-authority', issuerKind: 'Issuer' },
      image: { repository: 'registry.example.com/team/medic', tag: 'v1.2.3' },
      apiCidrs: ['192.0.2.0/28'],
      pod: { priorityClassName: 'repairs-first' },
    }),
    traces: {
      name: 'name: medic',
      policies: '"name": "more-checkouts"',
      mode: '"mode": "active"',
      replicas: 'replicas: 3',
      prometheus: 'http://metrics.example.com:9091',
      loki: 'http://ruler.example.com:3101',
      threats: '"threats": "http://threats.example.com:8082"',
      ownAlerts: '"severity": "critical"',
      externalLabels: '"cluster": "demo"',
      relabelledLabels: '"tenant"',
      links: '"runbooks": "https://runbooks.example.com"',
      connections: '"host": "cache.example.com"',
      slack: '"channel": "#repairs"',
      tracing: '"otlp": "http://traces.example.com:4318"',
      limits: '"freshnessSeconds": 77',
      retention: '"records": 70',
      runbooks: 'SampleAlert.md: # SampleAlert',
      payloads: 'payload: runbooks',
      tlsSecret: 'secretName: medic-certificate',
      certificate: 'name: internal-authority',
      image: 'image: registry.example.com/team/medic:v1.2.3',
      apiCidrs: 'cidr: 192.0.2.0/28',
      pod: 'priorityClassName: repairs-first',
    },
    apart: { installCrd: { props: () => ({ ...PROPS(), installCrd: false }), removes: 'kind: Remediation' } },
  });

  test('asks each replica of a Loki, and is admitted by it', () => {
    const chart = testChart();
    const loki = new LokiStack(chart, 'loki');
    const reader = new RemediationWebhook(chart, 'webhook', { ...PROPS(), loki });
    reader.receiveFrom(alertRouting(chart));
    const replica = `http://loki-0.loki-headless.${NAMESPACE}.svc:3100`;
    expect(reader.configuration.loki).toEqual({ queries: [replica], rules: [replica] });
    expect(JSON.stringify(find(manifestsOf(chart), 'NetworkPolicy', 'loki'))).toContain('remediation-webhook');
  });

  test('refuses a Loki that is no web server', () => {
    const endpoint = Endpoint.host('logs.example.com', 3100, 'grpc');
    expect(() => webhook({ loki: { queryEndpoint: endpoint, rulesEndpoint: endpoint } })).toThrow(
      /^loki\.queryEndpoint is /,
    );
  });

  test.each([
    [{}, false, undefined],
    [{ configMap: 'authority' }, true, { configMap: { name: 'authority' } }],
    [
      { secret: 'authority', key: 'root.pem' },
      true,
      { secret: { secretName: 'authority', defaultMode: 0o440, items: [{ key: 'root.pem', path: 'root.pem' }] } },
    ],
  ])('verifies a server by the authority that it is given: %j', (tls, verify, volume) => {
    const cache = { kind: 'redis', endpoint: Endpoint.host('cache.example.com', 6379, 'redis'), tls } as const;
    const manifests = rendered({ connections: { cache } });
    const { key = 'ca.crt' } = tls as { readonly key?: string };
    expect(configuration(manifests).connections.cache?.tls).toEqual({
      verify,
      ...(verify ? { caFile: `/etc/remediation-ca/cache/${key}` } : {}),
    });
    const volumes: { readonly name: string }[] = podOf(manifests, 'remediation-webhook').spec.volumes;
    const { name: _, ...source } = volumes.find(({ name }) => name === 'ca-cache') ?? { name: '' };
    expect(source).toEqual(volume ?? {});
  });

  test('does not take two authorities for one server', () => {
    const tls = { configMap: 'one', secret: 'other' };
    const cache = { kind: 'redis', endpoint: Endpoint.host('cache.example.com', 6379, 'redis'), tls } as const;
    expect(() => rendered({ connections: { cache } })).toThrow(
      'connections.cache.tls.secret is "other": write a ConfigMap or a Secret, not both',
    );
  });

  test('is a dry run by default', () => {
    expect(configuration(rendered()).mode).toBe('dry-run');
    expect(configuration(rendered({ mode: 'active' })).mode).toBe('active');
  });

  test('is stopped by a ConfigMap that it knows by name, and starts armed', () => {
    const manifests = rendered();
    expect(find(manifests, 'ConfigMap', 'remediation-webhook-switch').data).toEqual({ armed: 'true' });
    expect(configuration(manifests).killSwitch).toBe('remediation-webhook-switch');
  });

  describe('settings that cannot be meant are refused:', () => {
    const error = (work: () => unknown) => {
      try {
        work();
      } catch (caught) {
        expect(caught).toBeInstanceOf(SettingError);
        return (caught as Error).message;
      }
      throw new Error('nothing was thrown');
    };

    const redis = { kind: 'redis', endpoint: Endpoint.host('cache.example.com', 6379, 'redis') } as const;
    const postgres = {
      kind: 'postgres',
      endpoint: Endpoint.host('db.example.com', 5432, 'postgresql'),
      database: 'shop',
      user: 'medic',
    } as const;
    const key = (name: string) => ({ credentials, key: name });
    const KEY = 'write the name of a key: letters, digits, dashes, dots and underscores';
    const ENDPOINT = 'the scheme of the endpoint must be';

    const INVALID: readonly [Partial<RemediationWebhookProps>, string][] = [
      [{ mode: 'bogus' as 'active' }, 'mode is "bogus": write one of dry-run, active'],
      [{ replicas: 0 }, 'replicas is 0: write a whole number greater than zero'],
      [{ apiCidrs: ['banana'] }, 'apiCidrs is "banana": write a range of addresses, e.g. 10.0.0.0/8'],
      [
        { prometheus: Endpoint.host('db.example.com', 5432, 'postgresql') },
        `prometheus is "postgresql://db.example.com:5432": ${ENDPOINT} http or https`,
      ],
      [
        { tracing: Endpoint.host('traces.example.com', 4317, 'grpc') },
        `tracing is "grpc://traces.example.com:4317": ${ENDPOINT} http or https`,
      ],
      [
        { connections: { cache: { ...redis, endpoint: postgres.endpoint } } },
        `connections.cache.endpoint is "postgresql://db.example.com:5432": ${ENDPOINT} redis or rediss`,
      ],
      [
        { connections: { db: { ...postgres, endpoint: redis.endpoint } } },
        `connections.db.endpoint is "redis://cache.example.com:6379": ${ENDPOINT} postgresql or postgres`,
      ],
      [
        { connections: { db: { ...redis, kind: 'mysql' as 'redis' } } },
        'connections.db.kind is "mysql": write one of postgres, redis',
      ],
      [
        { connections: { 'My DB': redis } },
        'connections is "My DB": write at most 50 lower-case letters, digits and dashes, a letter first',
      ],
      [
        { connections: { db: { ...postgres, database: '' } } },
        'connections.db.database is "": write the name of the database',
      ],
      [{ connections: { db: { ...postgres, user: ' ' } } }, 'connections.db.user is " ": write the name of the role'],
      [
        { connections: { cache: { ...redis, database: -1 } } },
        'connections.cache.database is -1: write the number of the database, from 0',
      ],
      [
        { connections: { cache: { ...redis, password: key('my key') } } },
        `connections.cache.password.key is "my key": ${KEY}`,
      ],
      [
        {
          connections: { cache: { ...redis, password: { credentials: 'cache' as unknown as Credentials, key: 'a' } } },
        },
        `connections.cache.password.credentials is "cache": write new Credentials('cache')`,
      ],
      [
        { connections: { cache: { ...redis, tls: { configMap: 'The CA' } } } },
        'connections.cache.tls.configMap is "The CA": write lower-case letters, digits, dashes and dots, at most 253',
      ],
      [
        { connections: { cache: { ...redis, tls: { configMap: 'ca', key: 'ca crt' } } } },
        `connections.cache.tls.key is "ca crt": ${KEY}`,
      ],
      [
        { slack: { channel: 'alerts', token: key('TOKEN') } },
        'slack.channel is "alerts": write the name of a channel, e.g. #alerts',
      ],
      [{ slack: { channel: '#alerts', token: key('') } }, `slack.token.key is "": ${KEY}`],
      [
        { links: { dashboard: 'grafana' } },
        'links.dashboard is "grafana": write a URL, e.g. https://grafana.example.com/d/monitoring',
      ],
      [{ limits: { budgetPerHour: 0 } }, 'limits.budgetPerHour is 0: write a whole number, from 1'],
      [{ limits: { approvalSeconds: -1 } }, 'limits.approvalSeconds is -1: write a whole number, from 0'],
      [{ retention: { days: 0, records: 1 } }, 'retention.days is 0: write a whole number greater than zero'],
      [{ retention: { days: 1, records: 0.5 } }, 'retention.records is 0.5: write a whole number greater than zero'],
      [
        { tlsSecret: 'My Secret' },
        'tlsSecret is "My Secret": write lower-case letters, digits, dashes and dots, at most 253',
      ],
      [
        { certificate: { issuer: '' } },
        'certificate.issuer is "": write lower-case letters, digits, dashes and dots, at most 253',
      ],
      [
        { externalLabels: { 'k8s-cluster': 'a' } },
        'externalLabels is "k8s-cluster": write a label name of letters, digits and underscores, no digit first and no two underscores first',
      ],
    ];
    test.each(INVALID.map(([props, message]) => [message, props] as const))('%s', (message, props) => {
      expect(error(() => webhook(props))).toBe(message);
    });

    test('a limit that does not exist', () => {
      const limits = { patience: 3 } as RemediationWebhookProps['limits'];
      expect(error(() => webhook({ limits }))).toMatch(/^limits is "patience": write one of freshnessSeconds, /);
    });

    test('only what is invalid', () => {
      const connections = { cache: { ...redis, database: 0, tls: {} }, db: postgres };
      const slack = { channel: 'C0123456789', token: key('TOKEN') };
      expect(() => webhook({ connections, slack, limits: { repeatSeconds: 0 }, mode: 'active' })).not.toThrow();
    });

    test('a policy without the connection that it needs', () => {
      const needs = { permissions: [], allowedUpdates: [], connections: ['cache'] };
      const mock = jest.spyOn(restartWorkloadAction, 'requirements').mockReturnValue(needs);
      try {
        expect(error(() => webhook())).toBe('connections.cache is not set: a policy needs it: add the connection');
        const endpoint = Endpoint.host('cache.example.com', 6379, 'redis');
        expect(() => webhook({ connections: { cache: { kind: 'redis', endpoint } } })).not.toThrow();
      } finally {
        mock.mockRestore();
      }
    });

    test('two policies of one name', () => {
      expect(() => webhook({ policies: [RESTART, RESTART] })).toThrow(
        new DuplicateNameError('policy name', 'restart-workload'),
      );
      expect(() => webhook({ policies: [RESTART, { ...RESTART, name: 'another' }] })).not.toThrow();
    });

    test('an alert that asks for what no policy does', () => {
      const { webhook: made } = webhook({ policies: [RESTART, { ...RESTART, name: 'another' }] });
      expect(error(() => made.checkAlerts([alert({}), alert({ remediation: 'make-coffee' })]))).toBe(
        'the label remediation of SampleAlert is "make-coffee": write one of restart-workload, another, or add a policy of that name',
      );
      expect(error(() => made.checkAlerts([alert({ remediation: '' })]))).toContain('remediation of SampleAlert');
      expect(() => made.checkAlerts([alert({}), alert({ remediation: 'another' })])).not.toThrow();
    });

    test('an alert of its own that has no rule', () => {
      const rules = [
        alert({ severity: 'high', category: 'meta' }),
        { ...alert({ severity: 'high', category: 'meta' }), alert: 'RemediationActionFailed' },
      ];
      expect(error(() => ownAlertsOf(rules))).toBe(
        'the rule of alert RemediationCircuitOpen is not set: add it: the remediation webhook raises this alert',
      );
      const circuit = {
        ...alert({ severity: 'critical', category: 'infrastructure' }),
        alert: 'RemediationCircuitOpen',
      };
      expect(ownAlertsOf([...rules, circuit])).toEqual({
        RemediationActionFailed: { severity: 'high', category: 'meta' },
        RemediationCircuitOpen: { severity: 'critical', category: 'infrastructure' },
      });
    });

    test('ConfigMaps in a namespace that the pod cannot mount from', () => {
      const chart = testChart();
      const payloads = payloadCharts(chart, 'elsewhere');
      expect(error(() => webhook({ payloads: { server: payloads.server } }, chart))).toBe(
        `the namespace of payloads.server is "elsewhere": use a chart of namespace ${NAMESPACE}`,
      );
      const other = testChart();
      expect(error(() => webhook({ runbooks, payloads: payloadCharts(other, 'elsewhere') }, other))).toContain(
        'payloads.server',
      );
    });

    test('nobody who may notify', () => {
      const made = new RemediationWebhook(testChart(), 'webhook', PROPS());
      expect(error(() => made.configuration)).toBe(
        'receiveFrom is not set: say which Alertmanager may notify remediation-webhook',
      );
    });
  });

  test('raises its own alerts with the labels of the shipped rules, unless others are given', () => {
    const { ownAlerts: _, ...props } = PROPS();
    const chart = testChart();
    new RemediationWebhook(chart, 'webhook', props).receiveFrom(alertRouting(chart));
    expect(configuration(manifestsOf(chart)).ownAlerts).toEqual(ownAlertsOf(RuleCatalogue.sightEdit().alerts));
    expect(configuration(rendered()).ownAlerts).toEqual(OWN_ALERTS);
  });

  describe('a second webhook', () => {
    /** Webhooks in charts of one app, one for each namespace. */
    function webhooks(namespaces: readonly string[], props: Partial<RemediationWebhookProps> = {}): Construct {
      const app = new App();
      for (const [index, namespace] of namespaces.entries()) {
        const chart = testChart(namespace, app, `chart-${index}`);
        webhook(index === 0 ? {} : { installCrd: false, ...props }, chart);
      }
      return app;
    }

    test('of a cluster leaves the definition of the records to the first', () => {
      const manifests = manifestsOf(webhooks(['shop', 'warehouse']));
      expect(findAll(manifests, 'CustomResourceDefinition')).toHaveLength(1);
      expect(findAll(manifests, 'Deployment').map(({ metadata }) => metadata.namespace)).toEqual(['shop', 'warehouse']);
      const cluster = ['ClusterRole', 'ValidatingAdmissionPolicy'].flatMap((kind) => findAll(manifests, kind));
      expect(cluster.map(({ metadata }) => metadata.name)).toEqual([
        'shop-remediation-webhook',
        'warehouse-remediation-webhook',
        'shop-remediation-webhook',
        'warehouse-remediation-webhook',
      ]);
    });

    test('with a definition of its own is refused', () => {
      expect(synthError(webhooks(['shop', 'warehouse'], { installCrd: true }))).toContain(
        'duplicate object CustomResourceDefinition.apiextensions.k8s.io remediations.monitoring.sightedit.com',
      );
    });

    test('of a namespace is refused: it would take up the records of the first', () => {
      const chart = testChart();
      webhook({}, chart);
      new RemediationWebhook(chart, 'second', { ...PROPS(), name: 'second', installCrd: false }).receiveFrom(
        new AlertRouting(chart, 'other', { ...ALERTING(), name: 'other' }),
      );
      expect(synthError(chart)).toContain(
        'remediation-webhook and chart/second are in namespace monitoring-test: records belong to the namespace; ' +
          'put all policies into one webhook, or the webhooks into namespaces of their own',
      );
    });

    test('of another cluster is none', () => {
      const app = new App();
      for (const cluster of ['europe', 'america']) {
        webhook({}, inCluster(testChart(NAMESPACE, app, cluster), cluster));
      }
      expect(findAll(manifestsOf(app), 'CustomResourceDefinition')).toHaveLength(2);
    });
  });

  describe('Alertmanager', () => {
    const alertmanager = (manifests: ReturnType<typeof rendered>) =>
      serverConfig(manifests, 'alertmanager-config', 'alertmanager.yml');

    test('may notify, and proves that it is the one', () => {
      const manifests = rendered();
      expect(configuration(manifests).authentication).toEqual({
        audience: 'remediation-webhook',
        subjects: [`system:serviceaccount:${NAMESPACE}:alertmanager`],
      });
      const volume = podOf(manifests, 'alertmanager').spec.volumes.find(
        ({ name }: { name: string }) => name === 'remediation-token',
      );
      expect(volume.projected.sources).toEqual([
        { serviceAccountToken: { audience: 'remediation-webhook', expirationSeconds: 3600, path: 'token' } },
      ]);
      expect(find(manifests, 'NetworkPolicy', 'remediation-webhook').spec.ingress).toHaveLength(1);
    });

    test('notifies about each alert with a policy on its own, and continues to its recipients', () => {
      const { receivers, route } = alertmanager(rendered());
      const named = (name: string) => receivers.find((receiver: { name: string }) => receiver.name === name);
      expect(route.routes.find(({ receiver }: { receiver: string }) => receiver === 'remediation-webhook')).toEqual({
        receiver: 'remediation-webhook',
        matchers: ['remediation != ""'],
        continue: true,
        group_by: ['...'],
        group_wait: '10s',
        group_interval: '1m',
        repeat_interval: '35m',
      });
      const address = `http://remediation-webhook.${NAMESPACE}.svc:8080/api/v1`;
      const http = {
        authorization: { credentials_file: '/etc/alertmanager/remediation-token/token' },
        follow_redirects: false,
      };
      expect(named('remediation-webhook').webhook_configs).toEqual([
        { url: `${address}/alerts`, send_resolved: true, http_config: http },
      ]);
      expect(named('remediation-webhook-heartbeat').webhook_configs).toEqual([
        { url: `${address}/heartbeat`, send_resolved: false, http_config: http },
      ]);
    });

    test('notifies again after the longest cooldown, or after repeatSeconds', () => {
      const repeatInterval = (props: Partial<RemediationWebhookProps>) =>
        alertmanager(rendered(props)).route.routes.find(
          ({ receiver }: { receiver: string }) => receiver === 'remediation-webhook',
        ).repeat_interval;
      const rests = (name: string, cooldownSeconds: number) => ({ ...RESTART, name, cooldownSeconds });
      expect(repeatInterval({ policies: [rests('short', 60), rests('long', 3601)] })).toBe('66m');
      expect(repeatInterval({ policies: [rests('short', 60)] })).toBe('15m');
      expect(repeatInterval({ policies: [rests('short', 60)], limits: { repeatSeconds: 300 } })).toBe('10m');
    });

    test('verifies the certificate where there is one, of which it gets the authority alone', () => {
      const manifests = rendered({ tlsSecret: 'webhook-certificate' });
      const { receivers } = alertmanager(manifests);
      const { webhook_configs: configs } = receivers.find(
        ({ name }: { name: string }) => name === 'remediation-webhook',
      );
      expect(configs[0].url).toBe(`https://remediation-webhook.${NAMESPACE}.svc:8443/api/v1/alerts`);
      expect(configs[0].http_config.tls_config).toEqual({ ca_file: '/etc/alertmanager/remediation-ca/ca.crt' });
      const authority = podOf(manifests, 'alertmanager').spec.volumes.find(
        ({ name }: { name: string }) => name === 'remediation-ca',
      );
      expect(authority.secret).toEqual({
        secretName: 'webhook-certificate',
        items: [{ key: 'ca.crt', path: 'ca.crt' }],
        defaultMode: 0o440,
      });
      expect(configuration(manifests).tls).toEqual({
        port: 8443,
        certificateFile: '/etc/remediation-tls/tls.crt',
        keyFile: '/etc/remediation-tls/tls.key',
      });
    });

    test('is called by a name that is in the certificate that cert-manager makes', () => {
      const manifests = rendered({ certificate: { issuer: 'authority' } });
      const { spec } = manifests.find(({ kind }) => kind === 'Certificate')!;
      const { receivers } = alertmanager(manifests);
      const [url] = receivers.flatMap(
        ({ name, webhook_configs: configs = [] }: { name: string; webhook_configs?: { url: string }[] }) =>
          name === 'remediation-webhook' ? configs.map((config) => config.url) : [],
      );
      expect(spec.dnsNames).toContain(new URL(url).hostname);
      expect(spec.issuerRef).toEqual({ name: 'authority', kind: 'ClusterIssuer' });
      const volume = podOf(manifests, 'remediation-webhook').spec.volumes.find(
        ({ name }: { name: string }) => name === 'tls',
      );
      expect(volume.secret.secretName).toBe(spec.secretName);
    });

    test('receives the alerts that the webhook raises', () => {
      expect(configuration(rendered()).alertmanagers).toEqual([
        `http://alertmanager-0.alertmanager-headless.${NAMESPACE}.svc:9093`,
      ]);
    });
  });

  describe('the rights', () => {
    /** Every rule that the webhook has, as `verb group/resource name`. */
    const rightsOf = (manifests: ReturnType<typeof rendered>) =>
      [...ofKind(manifests, 'Role'), ...ofKind(manifests, 'ClusterRole')].flatMap(({ metadata, rules }) =>
        rules.flatMap((rule: { apiGroups: string[]; resources: string[]; verbs: string[]; resourceNames?: string[] }) =>
          rule.apiGroups.flatMap((group) =>
            rule.resources.flatMap((resource) =>
              rule.verbs.flatMap((verb) =>
                (rule.resourceNames ?? ['']).map((name) =>
                  `${metadata.namespace ?? '*'}: ${verb} ${group}/${resource} ${name}`.trim(),
                ),
              ),
            ),
          ),
        ),
      );
    const writeRules = (rights: readonly string[]) => rights.filter((right) => !/: (get|list|watch) /.test(right));

    test('to change something are for the objects of the policies, by name', () => {
      expect(writeRules(rightsOf(rendered())).filter((right) => right.startsWith('shop'))).toEqual([
        'shop: patch apps/deployments checkout',
        'shop: patch apps/deployments basket',
        'shop: create /events',
        'shop: patch /events',
      ]);
    });

    test('in its own namespace are for records, locks and Events', () => {
      const resources = writeRules(rightsOf(rendered()))
        .filter((right) => right.startsWith(NAMESPACE))
        .map((right) => right.split('/')[1]);
      expect([...new Set(resources)].sort()).toEqual(['events', 'leases', 'remediations']);
    });

    test('have no wildcard, no Secret and no way into a pod', () => {
      const rights = rightsOf(rendered());
      expect(rights.length).toBeGreaterThan(20);
      expect(
        rights.filter((right) => /secrets|exec|attach|portforward|impersonate|: \S*\*| \S*\*/.test(right)),
      ).toEqual([]);
      // In the whole cluster it may ask who somebody is, and nothing else.
      expect(rights.filter((right) => right.startsWith('*'))).toEqual(['*: create authentication.k8s.io/tokenreviews']);
    });

    test('of two policies for the same Deployment are there once', () => {
      const rights = rightsOf(rendered({ policies: [RESTART, { ...RESTART, name: 'another' }] }));
      expect(new Set(rights).size).toBe(rights.length);
    });
  });

  test('may live in the namespace of its targets', () => {
    const restart = { ...RESTART, parameters: { ...RESTART.parameters, namespace: NAMESPACE } };
    const manifests = rendered({ policies: [restart] });
    const [role, ...others] = ofKind(manifests, 'Role').filter(
      ({ metadata }) => metadata.name === 'remediation-webhook',
    );
    expect(others).toEqual([]);
    const resources = role!.rules.flatMap((rule: { resources: string[] }) => rule.resources);
    expect(resources).toEqual(expect.arrayContaining(['remediations', 'leases', 'deployments', 'events']));
  });

  describe('the admission policy', () => {
    const policyOf = (manifests: ReturnType<typeof rendered>) => find(manifests, 'ValidatingAdmissionPolicy').spec;

    test('restricts every request of the ServiceAccount', () => {
      const manifests = rendered();
      const spec = policyOf(manifests);
      expect(spec.failurePolicy).toBe('Fail');
      expect(spec.matchConditions).toEqual([
        {
          name: 'the-webhook',
          expression: `request.userInfo.username == "system:serviceaccount:${NAMESPACE}:remediation-webhook"`,
        },
      ]);
      expect(podOf(manifests, 'remediation-webhook').spec.serviceAccountName).toBe('remediation-webhook');
      expect(spec.matchConstraints.resourceRules).toEqual([
        {
          apiGroups: ['*'],
          apiVersions: ['*'],
          resources: ['*/*'],
          operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'],
          scope: '*',
        },
      ]);
      expect(find(manifests, 'ValidatingAdmissionPolicyBinding').spec).toEqual({
        policyName: `${NAMESPACE}-remediation-webhook`,
        validationActions: ['Deny'],
      });
    });

    test('allows the updates of the policies, and no other', () => {
      const policies = [
        RESTART,
        scaleUp({ namespace: 'shop', deployments: ['basket'], maxReplicas: 4, verification: { query: 'vector(1)' } }),
      ];
      const { allowedUpdates } = requirementsOf(policies);
      expect(allowedUpdates.map(({ resource, names }) => [resource, names])).toEqual([
        ['deployments', ['checkout', 'basket']],
        ['deployments/scale', ['basket']],
      ]);
      const { variables, validations } = policyOf(rendered({ policies }));
      expect(variables.map(({ name }: { name: string }) => name)).toEqual(['what', 'own', 'update0', 'update1']);
      expect(validations[0].expression).toBe('variables.own || variables.update0 || variables.update1');
      expect(variables[2].expression).toContain('request.?name.orValue("") in ["checkout", "basket"]');
      expect(variables[2].expression).toContain('request.resource.version == "v1"');
    });
  });

  describe('the server', () => {
    test('comes in parts that objects can hold, and is put together whole', () => {
      const { bundledServer, parts } = jest.requireActual<typeof import('../../constructs/remediation-webhook/bundle')>(
        '../../constructs/remediation-webhook/bundle',
      );
      const whole = bundledServer();
      const pieces = parts(whole);
      expect(pieces.join('')).toBe(whole);
      expect(pieces.length).toBeGreaterThan(1);
      expect(Math.max(...pieces.map((piece) => JSON.stringify(piece).length))).toBeLessThan(200_000);
      // The parts are put together in the order of their names.
      expect(pieces.length).toBeLessThan(100);
    });

    test('is left out where an image has it', () => {
      const image = { repository: 'registry.example.com/team/medic', tag: 'v1' };
      const names = (manifests: ReturnType<typeof rendered>) =>
        findAll(manifests, 'ConfigMap').map(({ metadata }) => metadata.name);
      expect(names(rendered())).toEqual(expect.arrayContaining([expect.stringMatching(/^remediation-webhook-server/)]));
      expect(names(rendered({ image }))).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^remediation-webhook-server/)]),
      );
      expect(containerOf(rendered({ image }), 'remediation-webhook').args[1]).toBe('/app/server.cjs');
      expect(containerOf(rendered(), 'remediation-webhook').args[1]).toBe('/app/start.mjs');
    });

    test('and the runbooks can stand in charts of their own, and are mounted the same', () => {
      const chart = testChart();
      const charts = payloadCharts(chart);
      webhook({ runbooks, payloads: charts }, chart);
      const names = (of: Chart) => of.toJson().map(({ metadata }: { metadata: { name: string } }) => metadata.name);
      expect(names(charts.server)).toEqual(['remediation-webhook-server', 'remediation-webhook-server-00']);
      expect(names(charts.runbooks)).toEqual(['remediation-webhook-runbooks-00']);
      expect(names(chart)).toEqual(
        expect.not.arrayContaining([expect.stringMatching(/^remediation-webhook-(server|runbooks)/)]),
      );
      expect(podOf(manifestsOf(chart), 'remediation-webhook').spec.volumes).toEqual(
        podOf(rendered({ runbooks }), 'remediation-webhook').spec.volumes,
      );
    });

    test('keeps its memory under its limit', () => {
      const { env, resources } = containerOf(rendered(), 'remediation-webhook');
      const options = env.find(({ name }: { name: string }) => name === 'NODE_OPTIONS').value;
      const heap = Number(/--max-old-space-size=(\d+)/.exec(options)?.[1]);
      const limit = Number(/^(\d+)Mi$/.exec(resources.limits.memory)?.[1]);
      // As much as the heap is code, buffers and the young generation.
      expect(2 * heap).toBeLessThanOrEqual(limit);
    });

    test('starts without the Secret: what needs no password works', () => {
      const credentials = new Credentials('repair-credentials');
      const manifests = rendered({ slack: { channel: '#repairs', token: { credentials, key: 'TOKEN' } } });
      const volume = podOf(manifests, 'remediation-webhook').spec.volumes.find(
        ({ name }: { name: string }) => name === 'credentials',
      );
      expect(volume.secret).toMatchObject({ items: [{ key: 'TOKEN' }], optional: true });
      expect(configuration(manifests).slack).toEqual({
        channel: '#repairs',
        tokenFile: '/etc/remediation-credentials/TOKEN',
      });
    });

    test('reads each password from the Secret that holds it', () => {
      const connection = (secret: string, key: string) => ({
        kind: 'redis' as const,
        endpoint: Endpoint.host(`${secret}.example.com`, 6379, 'redis'),
        password: { credentials: new Credentials(secret), key },
      });
      const manifests = rendered({
        slack: { channel: '#repairs', token: { credentials: new Credentials('slack'), key: 'token' } },
        connections: {
          sessions: connection('sessions', 'password'),
          cache: connection('cache', 'password'),
          queue: connection('cache', 'queue-password'),
        },
      });
      const { slack, connections } = configuration(manifests);
      expect(slack?.tokenFile).toBe('/etc/remediation-credentials/token');
      expect(Object.values(connections).map(({ passwordFile }) => passwordFile)).toEqual([
        '/etc/remediation-credentials-sessions/password',
        '/etc/remediation-credentials-cache/password',
        '/etc/remediation-credentials-cache/queue-password',
      ]);
      const pod = podOf(manifests, 'remediation-webhook').spec;
      const secretOf = new Map(
        pod.volumes.map(({ name, secret }: { name: string; secret?: object }) => [name, secret]),
      );
      const mounted = pod.containers[0].volumeMounts
        .filter(({ name }: { name: string }) => name.startsWith('credentials'))
        .map(({ name, mountPath }: { name: string; mountPath: string }) => [mountPath, secretOf.get(name)]);
      const files = (secretName: string, ...keys: string[]) =>
        expect.objectContaining({ secretName, items: keys.map((key) => ({ key, path: key })) });
      expect(mounted).toEqual([
        ['/etc/remediation-credentials', files('slack', 'token')],
        ['/etc/remediation-credentials-sessions', files('sessions', 'password')],
        ['/etc/remediation-credentials-cache', files('cache', 'password', 'queue-password')],
      ]);
    });

    test('restarts when its configuration changes, and not when its runbooks do', () => {
      const annotations = (props: Partial<RemediationWebhookProps>) =>
        podOf(rendered(props), 'remediation-webhook').metadata.annotations;
      expect(annotations({ mode: 'active' })).not.toEqual(annotations({}));
      const before = annotations({ runbooks });
      writeFileSync(join(runbooks, 'SampleAlert.md'), '# SampleAlert, fixed\n');
      expect(annotations({ runbooks })).toEqual(before);
    });
  });
});
