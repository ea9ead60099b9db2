import { App } from 'cdk8s';
import {
  type MonitoringInput,
  type MonitoringSettings,
  type Profile,
  resolveSettings,
  SightEditMonitoring,
  sightEdit,
} from '../../charts';
import type { Platform } from '../../constructs';
import { ofKind } from '../support/dist';
import { manifestsOf } from '../support/render';

const INPUT: MonitoringInput = {
  cluster: 'demo',
  environment: 'test',
  region: 'mars-1',
  platform: 'eks',
  application: { probedUrls: [] },
  alerting: {
    channels: { slack: {} },
    levels: { critical: { slack: ['#a'] }, high: { slack: ['#a'] }, medium: { slack: ['#a'] }, low: { slack: ['#a'] } },
  },
};

/** The manifests of the whole platform. */
function platform(changes: Partial<MonitoringInput>, profile: Profile = 'dev') {
  const app = new App();
  new SightEditMonitoring(app, 'demo', resolveSettings({ ...INPUT, ...changes }, profile));
  return manifestsOf(app);
}

describe('defaults', () => {
  test.each<[Profile, Pick<MonitoringSettings, 'metrics'> & { alerting: { replicas: number } }]>([
    [
      'production',
      {
        metrics: { replicas: 2, intervalSeconds: 15, retentionDays: 30, activeSeries: 250_000 },
        alerting: { replicas: 3 },
      },
    ],
    [
      'dev',
      {
        metrics: { replicas: 1, intervalSeconds: 15, retentionDays: 7, activeSeries: 50_000 },
        alerting: { replicas: 1 },
      },
    ],
  ])('of profile %s', (profile, expected) => {
    const { metrics, alerting } = resolveSettings(INPUT, profile);
    expect(metrics).toEqual(expected.metrics);
    expect(alerting).toMatchObject(expected.alerting);
  });

  test('that every profile shares', () => {
    expect(resolveSettings(INPUT, 'dev')).toMatchObject({
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
    });
  });

  test('follow the namespace', () => {
    const { nodeNamespace, links } = resolveSettings({ ...INPUT, namespace: 'watch' }, 'dev');
    expect(nodeNamespace).toBe('watch-node');
    expect(links.runbooks).toBe('http://remediation-webhook.watch.svc:8080/runbooks');
  });

  test('give way to what is said, one by one', () => {
    const settings = resolveSettings(
      {
        ...INPUT,
        metrics: { retentionDays: 3 },
        links: { grafana: 'https://grafana.example.com' },
        alerting: { ...INPUT.alerting, replicas: 2 },
      },
      'production',
    );
    expect(settings.metrics).toMatchObject({ retentionDays: 3, replicas: 2 });
    expect(settings.links).toMatchObject({
      grafana: 'https://grafana.example.com',
      prometheus: 'http://localhost:9090',
    });
    expect(settings.alerting.replicas).toBe(2);
  });
});

test.each<Profile>(['production', 'dev'])("SightEdit's own settings hold in profile %s", (profile) => {
  expect(resolveSettings(sightEdit, profile)).toMatchObject({ cluster: 'sightedit-production' });
});

const DNS_LABEL = 'write a DNS label: lower-case letters, digits and dashes';
const DIFFER = 'the namespaces of the platform, its node agents and the application must differ';
const A_URL = 'write a URL, e.g. https://grafana.sightedit.com';
const HTTPS = 'write a URL that begins with https://';

describe('a setting that cannot work is refused by name, value and mend', () => {
  test.each<[string, Partial<MonitoringInput>]>([
    ['platform is "openshift": write one of eks, gke, aks, kubeadm', { platform: 'openshift' as Platform }],
    [`namespace is "Monitoring": ${DNS_LABEL}`, { namespace: 'Monitoring' }],
    [`namespace is "watch_": ${DNS_LABEL}`, { namespace: 'watch_', nodeNamespace: 'watch-node' }],
    [`namespace is "": ${DNS_LABEL}`, { namespace: '', nodeNamespace: 'watch-node' }],
    [`nodeNamespace is "-node": ${DNS_LABEL}`, { nodeNamespace: '-node' }],
    [
      `application.namespace is "${'a'.repeat(64)}": ${DNS_LABEL}`,
      { application: { namespace: 'a'.repeat(64), probedUrls: [] } },
    ],
    [`nodeNamespace is "watch": ${DIFFER}`, { namespace: 'watch', nodeNamespace: 'watch' }],
    [`nodeNamespace is "sightedit": ${DIFFER}`, { nodeNamespace: 'sightedit' }],
    [`links.grafana is "grafana.example.com": ${A_URL}`, { links: { grafana: 'grafana.example.com' } }],
    // `localhost` parses as a scheme.
    [`links.grafana is "localhost:3000": ${A_URL}`, { links: { grafana: 'localhost:3000' } }],
    [`links.prometheus is "": ${A_URL}`, { links: { prometheus: '' } }],
    [`links.runbooks is "/runbooks": ${A_URL}`, { links: { runbooks: '/runbooks' } }],
    [
      `application.probedUrls is "http://shop.example.com": ${HTTPS}`,
      { application: { probedUrls: ['https://shop.example.com', 'http://shop.example.com'] } },
    ],
    [`application.probedUrls is "https://": ${HTTPS}`, { application: { probedUrls: ['https://'] } }],
    [
      'storageSize is "10Gi": 30 days of 250000 series every 15 s need 100Gi; ' +
        'give the volume that much, or lower retentionDays to 3',
      { metrics: { storageSize: '10Gi' } },
    ],
    ['storageSize is "50 GB": write a quantity such as 50Gi (Mi, Gi or Ti)', { metrics: { storageSize: '50 GB' } }],
    ['retentionDays is 0: write a number greater than zero', { metrics: { retentionDays: 0 } }],
    [
      'alerting.levels.low is {}: these alerts would reach nobody; ' +
        'name a Slack channel, an e-mail address or another channel',
      { alerting: { ...INPUT.alerting, levels: { ...INPUT.alerting.levels, low: {} } } },
    ],
  ])('%s', (message, changes) => {
    expect(() => platform(changes, 'production')).toThrow(expect.objectContaining({ name: 'SettingError', message }));
  });

  test('SIGHTEDIT_PROFILE is "staging": write one of production, dev', () => {
    expect(() => resolveSettings(INPUT, 'staging' as Profile)).toThrow(
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

describe('the namespace of the application', () => {
  const written = (admit: boolean) =>
    platform({ application: { probedUrls: [], admit } }).filter(({ metadata }) => metadata.namespace === 'sightedit');

  test('gets the policies and roles that let us in', () => {
    expect(ofKind(written(true), 'NetworkPolicy')).not.toEqual([]);
    expect(ofKind(written(true), 'Role')).not.toEqual([]);
  });

  test('gets no policy of ours when its owner admits us himself', () => {
    expect(ofKind(written(false), 'NetworkPolicy')).toEqual([]);
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
