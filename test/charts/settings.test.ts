import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'cdk8s';
import {
  addSightEditMonitoring,
  type MonitoringInput,
  type MonitoringSettings,
  type Profile,
  resolveSettings,
  sightEdit,
} from '../../charts';
import type { Platform } from '../../constructs';
import { packagePath } from '../../package-root';
import { isAlertingRule, RuleCatalogue, rulesOf } from '../../rules';
import { type Manifest, ofKind } from '../../testing/manifests';
import { containerOf, find, manifestsOf } from '../../testing/render';
import { DEMO } from '../support/demo-settings';
import { serverConfig } from '../support/server-config';

const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

const FILE_TARGETS = { ports: [9100, 9121, 9187], cidrs: PRIVATE };

/** The manifests of the whole platform. */
function platform(changes: Partial<MonitoringInput>, profile: Profile = 'dev') {
  const app = new App();
  addSightEditMonitoring(app, 'demo', resolveSettings({ ...DEMO, ...changes }, profile));
  return manifestsOf(app);
}

describe('defaults', () => {
  test.each<[Profile, object]>([
    ['production', { prometheus: 2, alertmanager: 3, webhook: 2, interval: '15s', days: '30d', memory: '2560Mi' }],
    ['dev', { prometheus: 1, alertmanager: 1, webhook: 1, interval: '15s', days: '7d', memory: '1024Mi' }],
  ])('of profile %s are in the manifests', (profile, expected) => {
    const manifests = platform({}, profile);
    const { global, storage } = serverConfig(manifests, 'prometheus-config', 'prometheus.yml');
    const replicas = (kind: string, name: string) => find(manifests, kind, name).spec.replicas;
    expect({
      prometheus: replicas('StatefulSet', 'prometheus'),
      alertmanager: replicas('StatefulSet', 'alertmanager'),
      webhook: replicas('Deployment', 'remediation-webhook'),
      interval: global.scrape_interval,
      days: storage.tsdb.retention.time,
      memory: containerOf(manifests, 'prometheus').resources.limits.memory,
    }).toEqual(expected);
  });

  test.each<[Profile, Pick<MonitoringSettings, 'metrics'> & { alerting: object; remediation: object }]>([
    [
      'production',
      {
        metrics: {
          replicas: 2,
          intervalSeconds: 15,
          keep: [],
          remoteWriteReceiver: false,
          retentionDays: 30,
          activeSeries: 250_000,
          fileTargets: FILE_TARGETS,
        },
        alerting: { replicas: 3 },
        remediation: { mode: 'dry-run', replicas: 2 },
      },
    ],
    [
      'dev',
      {
        metrics: {
          replicas: 1,
          intervalSeconds: 15,
          keep: [],
          remoteWriteReceiver: false,
          retentionDays: 7,
          activeSeries: 50_000,
          fileTargets: FILE_TARGETS,
        },
        alerting: { replicas: 1 },
        remediation: { mode: 'dry-run', replicas: 1 },
      },
    ],
  ])('of profile %s are in the resolved settings', (profile, expected) => {
    const { metrics, alerting, remediation } = resolveSettings(DEMO, profile);
    expect(metrics).toEqual(expected.metrics);
    expect(alerting).toMatchObject(expected.alerting);
    expect(remediation).toMatchObject(expected.remediation);
  });

  test('that every profile shares', () => {
    expect(resolveSettings(DEMO, 'dev')).toMatchObject({
      namespace: 'sightedit-monitoring',
      nodeNamespace: 'sightedit-monitoring-node',
      application: { namespace: 'sightedit', admit: true },
      links: {
        grafana: 'http://localhost:3000',
        prometheus: 'http://localhost:9090',
        alertmanager: 'http://localhost:9093',
        runbooks: 'http://remediation-webhook.sightedit-monitoring.svc:8080/runbooks',
      },
      credentials: { secretName: 'sightedit-monitoring-credentials' },
      network: { policies: 'kubernetes', ipFamilies: ['IPv4'], nodeCidrs: PRIVATE, apiCidrs: PRIVATE, ingress: [] },
      scheduling: {
        serverPriorityClass: 'sightedit-monitoring',
        agentPriorityClass: 'sightedit-monitoring-node',
      },
    });
  });

  test('follow the namespace', () => {
    const { nodeNamespace, links } = resolveSettings({ ...DEMO, namespace: 'watch' }, 'dev');
    expect(nodeNamespace).toBe('watch-node');
    expect(links.runbooks).toBe('http://remediation-webhook.watch.svc:8080/runbooks');
  });

  test('give way to settings, one by one', () => {
    const settings = resolveSettings(
      {
        ...DEMO,
        metrics: { retentionDays: 3 },
        links: { grafana: 'https://grafana.example.com' },
        alerting: { ...DEMO.alerting, replicas: 2 },
        remediation: { maxReplicas: 5, loadBalancers: ['198.51.100.1/32'] },
        network: { apiCidrs: ['203.0.113.7/32'] },
      },
      'dev',
    );
    expect(settings.metrics).toMatchObject({ retentionDays: 3, replicas: 1, activeSeries: 50_000 });
    expect(settings.remediation).toMatchObject({ maxReplicas: 5, replicas: 1, cachePrefixes: ['cache:'] });
    expect(settings.links).toMatchObject({
      grafana: 'https://grafana.example.com',
      prometheus: 'http://localhost:9090',
    });
    expect(settings.alerting.replicas).toBe(2);
    expect(settings.network).toMatchObject({ nodeCidrs: PRIVATE, apiCidrs: ['203.0.113.7/32'], ingress: [] });
  });
});

test('the interval of Prometheus is the one that Grafana expects between samples', () => {
  const manifests = platform({ metrics: { intervalSeconds: 60 } });
  const { datasources } = serverConfig(manifests, 'grafana-datasources', 'datasources.yaml');
  expect(serverConfig(manifests, 'prometheus-config', 'prometheus.yml').global.scrape_interval).toBe('60s');
  expect(datasources.find(({ uid }: { uid: string }) => uid === 'prometheus').jsonData.timeInterval).toBe('60s');
});

describe('alerts on a control plane that the platform hides', () => {
  const HIDDEN = rulesOf(RuleCatalogue.sightEdit().files.filter(({ topic }) => topic === 'control-plane'))
    .filter(isAlertingRule)
    .map(({ alert }) => alert);
  const SOURCE = 'KubeSchedulerDown';

  /** SightEdit's rules, in which an alert of the control plane inhibits another one. */
  function catalogue(): RuleCatalogue {
    const rules = mkdtempSync(join(tmpdir(), 'rules-'));
    try {
      cpSync(packagePath('rules'), rules, { recursive: true });
      appendFileSync(
        join(rules, 'alertmanager', 'inhibitions.yaml'),
        `\n  - { source: ${SOURCE}, targets: [PodNotReady], equal: [namespace] }\n`,
      );
      return RuleCatalogue.read({ rules, runbooks: packagePath('runbooks') });
    } finally {
      rmSync(rules, { recursive: true });
    }
  }

  const written = (platformName: Platform) => {
    const app = new App();
    const settings = resolveSettings({ ...DEMO, platform: platformName }, 'dev');
    addSightEditMonitoring(app, 'demo', settings, { catalogue: catalogue() });
    const manifests = manifestsOf(app);
    const { inhibit_rules } = serverConfig(manifests, 'alertmanager-config', 'alertmanager.yml');
    return {
      inhibited: inhibit_rules.some(({ name }: { name: string }) => name === SOURCE),
      rules: manifests.some(({ metadata }) => metadata.name === 'prometheus-rules-control-plane'),
    };
  };

  test('have neither rules nor inhibitions', () => {
    expect(HIDDEN).toContain(SOURCE);
    expect(written('eks')).toEqual({ inhibited: false, rules: false });
    expect(written('kubeadm')).toEqual({ inhibited: true, rules: true });
  });
});

test.each<Profile>(['production', 'dev'])("SightEdit's own settings hold in profile %s", (profile) => {
  expect(resolveSettings(sightEdit, profile)).toMatchObject({ cluster: 'sightedit-production' });
});

const DNS_LABEL = 'write a DNS label: lower-case letters, digits and dashes';
const DIFFER = 'the namespaces of the platform, its node agents and the application must differ';
const A_URL = 'write a URL, e.g. https://grafana.sightedit.com';
const HTTPS = 'write a URL that begins with https://: probes fail without verified TLS';

describe('a setting that cannot work is refused with its name, its value and the fix', () => {
  test.each<[string, Partial<MonitoringInput>]>([
    ['platform is "openshift": write one of eks, gke, aks, kubeadm', { platform: 'openshift' as Platform }],
    ['cluster is "": write a value: Prometheus drops empty labels', { cluster: '' }],
    ['region is "eu\\n1": write one line of text', { region: 'eu\n1' }],
    [
      'partOf is "our platform": write at most 63 letters, digits, dashes, dots and underscores',
      { partOf: 'our platform' },
    ],
    [
      'credentials.secretName is "My Secret": write lower-case letters, digits, dashes and dots, at most 253',
      { credentials: { secretName: 'My Secret' } },
    ],
    [
      'storageClass is "Fast Class": write lower-case letters, digits, dashes and dots, at most 253',
      { storageClass: 'Fast Class' },
    ],
    ['network.nodeCidrs is []: name a range: an empty list would allow every address', { network: { nodeCidrs: [] } }],
    [
      'network.apiCidrs is "banana": write a range of addresses, e.g. 10.0.0.0/8',
      { network: { apiCidrs: ['banana'] } },
    ],
    [
      'metrics.fileTargets.cidrs is "10.1.2.3/8": write 10.0.0.0/8: the address has bits beyond the prefix',
      { metrics: { fileTargets: { ports: [9100], cidrs: ['10.1.2.3/8'] } } },
    ],
    [
      'metrics.fileTargets.ports is 0: write a port from 1 to 65535',
      { metrics: { fileTargets: { ports: [0], cidrs: ['10.0.0.0/8'] } } },
    ],
    ['metrics.replicas is 0: write a whole number greater than zero', { metrics: { replicas: 0 } }],
    [
      'metrics.remoteWrites.url is "https://mimir.internal/push": mimir.internal is a private address, and only the ' +
        'Internet would be reached; name its ranges in cidrs',
      { metrics: { remoteWrites: [{ url: 'https://mimir.internal/push' }] } },
    ],
    [
      'alerting.businessHours.timeZone is "Berlin": write the IANA name of a time zone, e.g. Europe/Berlin or UTC',
      { alerting: { ...DEMO.alerting, businessHours: { start: '09:00', end: '17:00', timeZone: 'Berlin' } } },
    ],
    [
      'application.probedUrls is "https://shop.shop.svc/health": shop.shop.svc is a Service of the cluster, and probes ' +
        'reach the Internet only; write { url, cidrs } with the ranges that hold it',
      { application: { probedUrls: ['https://shop.shop.svc/health'] } },
    ],
    [`namespace is "Monitoring": ${DNS_LABEL}`, { namespace: 'Monitoring' }],
    [`namespace is "watch_": ${DNS_LABEL}`, { namespace: 'watch_', nodeNamespace: 'watch-node' }],
    [`namespace is "": ${DNS_LABEL}`, { namespace: '', nodeNamespace: 'watch-node' }],
    [`nodeNamespace is "-node": ${DNS_LABEL}`, { nodeNamespace: '-node' }],
    [
      `application.namespace is "${'a'.repeat(64)}": ${DNS_LABEL}`,
      { application: { ...DEMO.application, namespace: 'a'.repeat(64) } },
    ],
    [`nodeNamespace is "watch": ${DIFFER}`, { namespace: 'watch', nodeNamespace: 'watch' }],
    [`nodeNamespace is "sightedit": ${DIFFER}`, { nodeNamespace: 'sightedit' }],
    [`links.grafana is "grafana.example.com": ${A_URL}`, { links: { grafana: 'grafana.example.com' } }],
    // `localhost` parses as a scheme.
    [`links.grafana is "localhost:3000": ${A_URL}`, { links: { grafana: 'localhost:3000' } }],
    [
      'links.grafana is "https://example.com/#/x": write a URL without # and ;, which start comments in grafana.ini',
      { links: { grafana: 'https://example.com/#/x' } },
    ],
    [`links.prometheus is "": ${A_URL}`, { links: { prometheus: '' } }],
    [`links.runbooks is "/runbooks": ${A_URL}`, { links: { runbooks: '/runbooks' } }],
    [
      `application.probedUrls is "http://shop.example.com": ${HTTPS}`,
      { application: { probedUrls: ['https://shop.example.com', 'http://shop.example.com'] } },
    ],
    [
      'application.probedUrls is []: name a URL that users open, e.g. https://api.sightedit.com/health',
      { application: { probedUrls: [] } },
    ],
    [
      `application.probedUrls is "https://": write a URL, e.g. https://shop.example.com/health`,
      { application: { probedUrls: ['https://'] } },
    ],
    [
      'metrics.storageSize is "10Gi": 30 days of 250000 series every 15 s need 100Gi; ' +
        'give the volume that much, or lower retentionDays to 3',
      { metrics: { storageSize: '10Gi' } },
    ],
    [
      'metrics.storageSize is "50 GB": write a quantity such as 50Gi (Mi, Gi or Ti)',
      { metrics: { storageSize: '50 GB' } },
    ],
    ['metrics.retentionDays is 0: write a whole number greater than zero', { metrics: { retentionDays: 0 } }],
    [
      'metrics.intervalSeconds is 76: rules read 4 samples over [5m]; write at most 75',
      { metrics: { intervalSeconds: 76 } },
    ],
    [
      'metrics.intervalSeconds is 120: rules read 4 samples over [5m]; write at most 75',
      { metrics: { intervalSeconds: 120 } },
    ],
    [
      'metrics.intervalSeconds is 300: queries see a sample for five minutes, and one scrape may fail; write at most 150',
      { metrics: { intervalSeconds: 300 } },
    ],
    [
      'metrics.limits.sample_limit is -1: write a whole number, or 0 for no limit',
      { metrics: { limits: { sample_limit: -1 } } },
    ],
    ['alerting.replicas is 0: write a whole number greater than zero', { alerting: { ...DEMO.alerting, replicas: 0 } }],
    [
      'alerting.activeAlerts is 0.5: write a whole number greater than zero',
      { alerting: { ...DEMO.alerting, activeAlerts: 0.5 } },
    ],
    [
      'remediation.slackChannel is "our channel": write the name of a channel without blanks, e.g. #alerts, or its id',
      {
        remediation: { slackChannel: 'our channel' },
        alerting: { ...DEMO.alerting, channels: { slack: { kind: 'app' } } },
      },
    ],
    [
      'metrics.remoteWrites.url is "mimir": write a URL, e.g. https://mimir.example.com/api/v1/push',
      { metrics: { remoteWrites: [{ url: 'mimir' }] } },
    ],
    [
      `links.grafana is "https://grafana.example.com\\n[log]": ${A_URL}`,
      { links: { grafana: 'https://grafana.example.com\n[log]' } },
    ],
    [
      'alerting.levels.low is {}: these alerts would reach nobody; ' +
        'name a Slack channel, an e-mail address or another channel',
      { alerting: { ...DEMO.alerting, levels: { ...DEMO.alerting.levels, low: {} } } },
    ],
    [
      'alerting.channels.slack.kind is "webhook": an incoming webhook posts to one channel, and #a, #b are named; ' +
        'write app, or name one channel',
      { alerting: { ...DEMO.alerting, levels: { ...DEMO.alerting.levels, low: { slack: ['#b'] } } } },
    ],
  ])('%s', (message, changes) => {
    expect(() => platform(changes, 'production')).toThrow(expect.objectContaining({ name: 'SettingError', message }));
  });

  test('SIGHTEDIT_PROFILE is "staging": write one of production, dev', () => {
    expect(() => resolveSettings(DEMO, 'staging')).toThrow(
      expect.objectContaining({
        name: 'SettingError',
        message: 'SIGHTEDIT_PROFILE is "staging": write one of production, dev',
      }),
    );
  });

  test('and settings that can are not', () => {
    expect(() => platform({})).not.toThrow();
  });
});

test('a dollar sign in a label is written as Prometheus reads it, and as the webhook does not', () => {
  const manifests = platform({ cluster: 'prod$eu-1', environment: '$HOME', region: '$$' });
  expect(serverConfig(manifests, 'prometheus-config', 'prometheus.yml').global.external_labels).toEqual({
    cluster: 'prod$$eu-1',
    environment: '$$HOME',
    region: '$$$$',
    prometheus_replica: '${POD_NAME}',
  });
  const texts = ofKind(manifests, 'ConfigMap').flatMap(({ data = {} }) => Object.values<string>(data));
  expect(texts.some((text) => text.includes('"cluster": "prod$eu-1"'))).toBe(true);
});

describe('the namespace of the application', () => {
  const written = (admit: boolean) =>
    platform({ application: { ...DEMO.application, admit } }).filter(
      ({ metadata }) => metadata.namespace === 'sightedit',
    );

  test('gets the policies and roles of the platform', () => {
    expect(ofKind(written(true), 'NetworkPolicy')).not.toEqual([]);
    expect(ofKind(written(true), 'Role')).not.toEqual([]);
  });

  test('gets no policy of ours when its owner writes it', () => {
    expect(ofKind(written(false), 'NetworkPolicy')).toEqual([]);
  });
});

describe('addresses that no Service has', () => {
  const ports = (...numbers: number[]) => numbers.map((port) => ({ port, protocol: 'TCP' }));
  const peers = (...cidrs: string[]) => cidrs.map((cidr) => ({ ipBlock: { cidr } }));

  /** Rules of a policy for ranges of addresses, without the one for name resolution. */
  const ranges = (changes: Partial<MonitoringInput>, name: string) => {
    const [, ...rules] = find(platform(changes), 'NetworkPolicy', name).spec.egress;
    return rules.filter(({ to }: { to: { ipBlock?: object }[] }) => to.some(({ ipBlock }) => ipBlock));
  };
  const network = { nodeCidrs: ['10.61.0.0/16'], apiCidrs: ['203.0.113.7/32'] };
  const api = { to: peers('203.0.113.7/32'), ports: ports(443, 6443, 8443) };

  test('of the API server reach kube-state-metrics', () => {
    expect(ranges({ network }, 'kube-state-metrics')).toEqual([api]);
  });

  const fileTargets = { ports: [9256, 9308], cidrs: ['10.62.0.0/16', '10.63.0.0/16'] };
  const ofPrometheus = () => ranges({ network, metrics: { fileTargets } }, 'prometheus');

  test('of nodes, the API server and targets from files reach Prometheus, each on its own ports', () => {
    const targets = peers('10.62.0.0/16', '10.63.0.0/16');
    expect(ofPrometheus()).toEqual([
      { to: peers('10.61.0.0/16'), ports: ports(10250) },
      api,
      { to: peers('10.61.0.0/16'), ports: ports(9100) },
      { to: targets, ports: ports(9256) },
      { to: targets, ports: ports(9308) },
    ]);
  });

  test('of receivers reach Alertmanager', () => {
    const alerting = { ...DEMO.alerting, privateReceivers: [{ cidrs: ['10.64.0.0/16'], port: 8443 }] };
    expect(ranges({ alerting }, 'alertmanager')).toContainEqual({ to: peers('10.64.0.0/16'), ports: ports(8443) });
  });
});

test.each([
  ['is the one that is named', 'fast'],
  ["is the cluster's own when none is named", undefined],
])('the class of every volume %s', (_name, storageClass) => {
  const manifests = platform({ storageClass });
  const classes = [
    ...ofKind(manifests, 'StatefulSet').flatMap(({ metadata, spec }) =>
      spec.volumeClaimTemplates.map((claim: { spec: { storageClassName?: string } }) => [
        metadata.name,
        claim.spec.storageClassName,
      ]),
    ),
    ...ofKind(manifests, 'PersistentVolumeClaim').map(({ metadata, spec }) => [metadata.name, spec.storageClassName]),
  ];
  expect(Object.fromEntries(classes)).toEqual({
    alertmanager: storageClass,
    grafana: storageClass,
    jaeger: storageClass,
    loki: storageClass,
    'otel-collector': storageClass,
    prometheus: storageClass,
  });
});

test.each([
  ['every image with a mirror', 'mirror.example.com', true],
  ['no image without one', undefined, false],
])('the mirror serves %s', (_name, imageRegistry, expected) => {
  const images: string[] = platform({ imageRegistry }).flatMap(
    ({ spec }) => spec?.template?.spec.containers.map(({ image }: { image: string }) => image) ?? [],
  );
  expect(new Set(images.map((image) => image.startsWith('mirror.example.com/')))).toEqual(new Set([expected]));
});

test('application.databaseTls reaches the exporters and the remediation webhook alike', () => {
  const databaseTls = { configMap: 'postgres-authority', key: 'root.pem' };
  const settings = resolveSettings({ ...sightEdit, application: { ...sightEdit.application, databaseTls } }, 'dev');
  const charts = addSightEditMonitoring(new App(), 'sightedit', settings);
  expect(charts.remediation.webhook.configuration.connections.postgres).toMatchObject({
    tls: { verify: true, caFile: '/etc/remediation-ca/postgres/root.pem' },
  });
  const text = charts.metrics.toJson().map((object) => JSON.stringify(object));
  expect(text.filter((object) => object.includes('/etc/postgres-ca/root.pem')).length).toBeGreaterThan(0);
});

test('application.cacheTls reaches the exporter and the remediation webhook alike', () => {
  const connected = (cacheTls?: MonitoringSettings['application']['cacheTls']) => {
    const settings = resolveSettings({ ...DEMO, application: { ...DEMO.application, cacheTls } }, 'dev');
    const charts = addSightEditMonitoring(new App(), 'demo', settings);
    const exporter = containerOf(charts.metrics.toJson() as Manifest[], 'redis-exporter').args as readonly string[];
    return {
      webhook: charts.remediation.webhook.configuration.connections.redis?.tls,
      exporter: exporter.filter((arg) => /redis.addr|tls/.test(arg)),
    };
  };
  const address = '//redis-service.sightedit.svc:6379';
  expect(connected()).toEqual({ webhook: undefined, exporter: [`--redis.addr=redis:${address}`] });
  expect(connected('require')).toEqual({
    webhook: { verify: false, caFile: undefined },
    exporter: [`--redis.addr=rediss:${address}`, '--skip-tls-verification'],
  });
  expect(connected({ configMap: 'redis-authority' })).toEqual({
    webhook: { verify: true, caFile: '/etc/remediation-ca/redis/ca.crt' },
    exporter: [`--redis.addr=rediss:${address}`, '--tls-ca-cert-file=/etc/redis-ca/ca.crt'],
  });
});

test('remediation.loadBalancers is a question that has to be answered, and reaches the policy', () => {
  const { remediation: _, ...unanswered } = DEMO;
  expect(() => resolveSettings(unanswered, 'dev')).toThrow(
    /^remediation\.loadBalancers is not set: write the public addresses of the load balancers/,
  );
  const loadBalancers = ['198.51.100.1/32'];
  const settings = resolveSettings({ ...DEMO, remediation: { loadBalancers } }, 'dev');
  const charts = addSightEditMonitoring(new App(), 'demo', settings);
  const policy = charts.remediation.webhook.configuration.policies.find(({ name }) => name === 'block-address');
  expect(policy?.parameters).toMatchObject({ loadBalancers, neverBlock: [] });
});
