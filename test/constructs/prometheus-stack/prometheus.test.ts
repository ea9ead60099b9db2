import {
  Credentials,
  Endpoint,
  type JobLimits,
  PRIVATE_CIDRS,
  Prometheus,
  type PrometheusProps,
  type ScrapeConfig,
  SettingError,
} from '../../../constructs';
import { RuleCatalogue } from '../../../rules';
import { configFiles } from '../../../testing/manifests';
import { containerOf, find, findAll, manifestsOf, NAMESPACE, podOf, testChart } from '../../../testing/render';
import { testProps } from '../../support/props';
import { withRuleDirectory } from '../../support/rule-directory';
import { serverConfig } from '../../support/server-config';
import { settingError } from '../../support/setting-error';
import { component, selected, stateful } from '../kit/sample';
import { FULL, MINIMAL, TRACES } from './props';

/** A server in a chart of its own. */
function prometheus(props: Partial<PrometheusProps> = {}) {
  const chart = testChart();
  return { chart, server: new Prometheus(chart, 'prometheus', { ...MINIMAL(), ...props }) };
}

/** What the server may reach. */
const egressOf = (manifests: ReturnType<typeof manifestsOf>): object[] =>
  find(manifests, 'NetworkPolicy', 'prometheus').spec.egress;

const config = (chart: ReturnType<typeof testChart>) =>
  serverConfig(manifestsOf(chart), 'prometheus-config', 'prometheus.yml');

describe('Prometheus', () => {
  testProps<PrometheusProps, 'storage'>({
    make: (scope, props) => {
      new Prometheus(scope, 'prometheus', props).addScrapeConfig({
        job_name: 'shop',
        kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: ['shop'] } }],
      });
    },
    minimal: MINIMAL,
    full: FULL,
    traces: TRACES,
    apart: { storage: { props: () => ({ ...MINIMAL(), storage: 'emptyDir' }), trace: 'sizeLimit: 100Gi' } },
  });

  describe('replicas', () => {
    test('differ by a label of samples that alerts do not have', () => {
      const { chart, server } = prometheus();
      server.addAlertmanager(component(chart, { name: 'alerts' }).endpoint());
      const { global, alerting } = config(chart);
      expect(global.external_labels).toEqual({ cluster: 'demo', prometheus_replica: '${POD_NAME}' });
      expect(alerting.alert_relabel_configs).toEqual([{ action: 'labeldrop', regex: 'prometheus_replica' }]);
      expect(containerOf(manifestsOf(chart), 'prometheus').env).toEqual([
        { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ]);
    });

    test('have time to replay their log and to write out their head block', () => {
      const { spec } = podOf(manifestsOf(prometheus().chart), 'prometheus');
      const { failureThreshold, periodSeconds } = spec.containers[0].startupProbe;
      expect(failureThreshold * periodSeconds).toBeGreaterThanOrEqual(3600);
      expect(spec.terminationGracePeriodSeconds).toBe(600);
    });

    test('reload their files themselves and do not restart', () => {
      const { chart } = prometheus();
      const manifests = manifestsOf(chart);
      expect(containerOf(manifests, 'prometheus').args).toContain('--config.auto-reload');
      expect(podOf(manifests, 'prometheus').metadata.annotations ?? {}).not.toHaveProperty(['checksum/config']);
    });
  });

  describe('alerts', () => {
    test('go to every replica of an Alertmanager, never to the Service', () => {
      const { chart, server } = prometheus();
      server.addAlertmanager(component(chart, { name: 'alerts', workload: stateful(3) }).endpoint());
      expect(config(chart).alerting.alertmanagers).toEqual([
        {
          api_version: 'v2',
          scheme: 'http',
          static_configs: [{ targets: [0, 1, 2].map((n) => `alerts-${n}.alerts-headless.${NAMESPACE}.svc:8080`) }],
        },
      ]);
    });

    test('go to the address of an Alertmanager that has no replicas of its own', () => {
      const { chart, server } = prometheus();
      server.addAlertmanager(Endpoint.host('alerts.example.com'));
      expect(config(chart).alerting.alertmanagers[0].static_configs).toEqual([{ targets: ['alerts.example.com:443'] }]);
    });

    test('go nowhere until an Alertmanager is added', () => {
      expect(config(prometheus().chart)).not.toHaveProperty('alerting');
    });
  });

  describe('a scrape job', () => {
    test('writes discovery, the right to it, and both sides of the policy', () => {
      const { chart, server } = prometheus();
      server.addScrapeJob('shop', component(chart, { name: 'shop' }).endpoint(), { metrics_path: '/stats' });
      const manifests = manifestsOf(chart);
      expect(config(chart).scrape_configs[0]).toMatchObject({
        job_name: 'shop',
        scheme: 'http',
        metrics_path: '/stats',
        kubernetes_sd_configs: [{ role: 'endpointslice', namespaces: { names: [NAMESPACE] } }],
      });
      expect(find(manifests, 'Role', 'prometheus').metadata.namespace).toBe(NAMESPACE);
      expect(find(manifests, 'NetworkPolicy', 'shop').spec.ingress).toHaveLength(1);
      expect(egressOf(manifests)).toContainEqual({
        to: [{ podSelector: selected('shop') }],
        ports: [{ port: 8080, protocol: 'TCP' }],
      });
    });

    test.each([
      ['every private range', undefined, PRIVATE_CIDRS],
      ['the ranges that are set', ['203.0.113.7/32'], ['203.0.113.7/32']],
    ])('opens the way to the API server, which discovery asks, in %s', (_ranges, apiCidrs, expected) => {
      const { chart, server } = prometheus({ apiCidrs });
      server.addScrapeJob('shop', component(chart, { name: 'shop' }).endpoint());
      expect(egressOf(manifestsOf(chart))).toContainEqual({
        to: expected.map((cidr) => ({ ipBlock: { cidr } })),
        ports: [443, 6443, 8443].map((port) => ({ port, protocol: 'TCP' })),
      });
    });

    test('keeps the series of its keep-list, after its own relabelling', () => {
      const { chart, server } = prometheus({ keep: (job) => ({ some: ['a', 'b'], none: [] })[job] });
      const rename = { source_labels: ['__name__'], regex: 'c', target_label: '__name__', replacement: 'a' };
      server.addScrapeConfig({ job_name: 'some', static_configs: [], metric_relabel_configs: [rename] });
      server.addScrapeConfig({ job_name: 'none', static_configs: [] });
      server.addScrapeConfig({ job_name: 'all', static_configs: [] });
      const jobs: ScrapeConfig[] = config(chart).scrape_configs;
      expect(Object.fromEntries(jobs.map((job) => [job.job_name, job.metric_relabel_configs]))).toEqual({
        some: [rename, { source_labels: ['__name__'], regex: 'a|b', action: 'keep' }],
        none: [{ source_labels: ['__name__'], action: 'drop' }],
        all: undefined,
      });
    });

    test('keeps the targets of its Service and port alone', () => {
      const { chart, server } = prometheus();
      server.addScrapeJob('shop', component(chart, { name: 'shop' }).endpoint());
      const [job] = config(chart).scrape_configs as ScrapeConfig[];
      expect(job?.relabel_configs?.filter(({ action }) => action === 'keep')).toEqual([
        { source_labels: ['__meta_kubernetes_service_name'], regex: 'shop', action: 'keep' },
        { source_labels: ['__meta_kubernetes_endpointslice_port_name'], regex: 'http', action: 'keep' },
      ]);
    });

    test('may relabel after its target has been named', () => {
      const { chart, server } = prometheus();
      const rule = { source_labels: ['pod'], target_label: 'instance' };
      server.addScrapeJob('shop', component(chart, { name: 'shop' }).endpoint(), { relabel: [rule] });
      expect(config(chart).scrape_configs[0].relabel_configs.at(-1)).toEqual(rule);
    });

    test('has limits, of which it may state its own', () => {
      const { chart, server } = prometheus();
      server.addScrapeConfig({ job_name: 'plain' });
      server.addScrapeConfig({ job_name: 'large', sample_limit: 90_000 });
      const defaults = { sample_limit: 20_000, target_limit: 500 };
      expect(config(chart).scrape_configs).toEqual([
        { job_name: 'plain', ...defaults },
        { job_name: 'large', ...defaults, sample_limit: 90_000 },
      ]);
    });

    test('has the limits of the caller: those of every job, and its own', () => {
      const limits = {
        target_limit: 2000,
        label_limit: 60,
        body_size_limit: '50MB',
        jobs: { large: { sample_limit: 200_000, target_limit: 0 } },
      };
      const { chart, server } = prometheus({ limits });
      server.addScrapeConfig({ job_name: 'plain' });
      server.addScrapeConfig({ job_name: 'large', sample_limit: 90_000 });
      const own = { label_limit: 60, body_size_limit: '50MB' };
      expect(config(chart).scrape_configs).toEqual([
        { job_name: 'plain', ...own, sample_limit: 20_000, target_limit: 2000 },
        { job_name: 'large', ...own, sample_limit: 200_000, target_limit: 0 },
      ]);
    });

    test('whose targets are nodes has no limit on targets', () => {
      const { chart, server } = prometheus({ limits: { target_limit: 100 } });
      server.addScrapeConfig({ job_name: 'nodes', kubernetes_sd_configs: [{ role: 'node' }] });
      expect(config(chart).scrape_configs[0]).not.toHaveProperty('target_limit');
    });

    test.each<[string, JobLimits, string]>([
      ['a fraction', { sample_limit: 0.5 }, 'limits.sample_limit is 0.5: write a whole number, or 0 for no limit'],
      [
        'less than nothing',
        { jobs: { plain: { target_limit: -1 } } },
        'limits.jobs.plain.target_limit is -1: write a whole number, or 0 for no limit',
      ],
      [
        'bytes without a unit',
        { body_size_limit: '50' },
        'limits.body_size_limit is "50": write a number of bytes with its unit, e.g. 50MB',
      ],
    ])('cannot be limited to %s', (_name, limits, message) => {
      expect(settingError(() => prometheus({ limits })).message).toBe(message);
    });

    test('with limits of its own must exist', () => {
      const { chart, server } = prometheus({ limits: { jobs: { shpo: { sample_limit: 5 } } } });
      server.addScrapeConfig({ job_name: 'shop' });
      expect(() => config(chart)).toThrow('limits.jobs is "shpo": write one of shop');
    });

    test('with a duplicate name is refused', () => {
      const { server } = prometheus();
      server.addScrapeConfig({ job_name: 'shop' });
      expect(() => server.addScrapeConfig({ job_name: 'shop' })).toThrow(
        'duplicate scrape job name "shop": rename one of them',
      );
      expect(server.jobNames).toEqual(['shop']);
    });

    test('of an endpoint without a Service is refused', () => {
      expect(() => prometheus().server.addScrapeJob('shop', Endpoint.host('shop.example.com'))).toThrow(
        'addScrapeJob is "shop": the endpoint has no Service in the cluster; use addScrapeConfig()',
      );
    });

    test('gets one Role in a namespace however many jobs discover there', () => {
      const { chart, server } = prometheus();
      for (const name of ['shop', 'cart']) {
        server.addScrapeJob(name, component(chart, { name }).endpoint());
      }
      const [role, ...others] = findAll(manifestsOf(chart), 'Role');
      expect(others).toEqual([]);
      expect(role?.rules).toEqual([
        { apiGroups: [''], resources: ['pods', 'services'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
      ]);
    });
  });

  test('targets from files are read without a synthesis, and their ports are open', () => {
    const { chart, server } = prometheus();
    server.addFileDiscovery({
      job: 'machines',
      configMap: 'machine-targets',
      destinations: [Endpoint.nodes(9100, ['10.9.0.0/16'])],
    });
    const manifests = manifestsOf(chart);
    expect(config(chart).scrape_configs[0]).toMatchObject({
      job_name: 'machines',
      file_sd_configs: [{ files: ['/etc/prometheus/targets/machines/*.yaml'] }],
    });
    expect(podOf(manifests, 'prometheus').spec.volumes).toContainEqual({
      name: 'targets-machines',
      configMap: { name: 'machine-targets', optional: true },
    });
    expect(find(manifests, 'NetworkPolicy').spec.egress).toContainEqual({
      to: [{ ipBlock: { cidr: '10.9.0.0/16' } }],
      ports: [{ port: 9100, protocol: 'TCP' }],
    });
  });

  describe('remote write', () => {
    const remoteWrites = [{ url: 'https://mimir.example.com/api/v1/push', tokenKey: 'MIMIR_TOKEN' }];

    test('sends everything, with a token from a file', () => {
      const { chart } = prometheus({ remoteWrites, credentials: new Credentials('demo-credentials') });
      expect(config(chart).remote_write).toEqual([
        {
          url: 'https://mimir.example.com/api/v1/push',
          authorization: { credentials_file: '/etc/prometheus/credentials/MIMIR_TOKEN' },
        },
      ]);
      const [, ...rules] = find(manifestsOf(chart), 'NetworkPolicy').spec.egress;
      expect(rules).toEqual([
        {
          to: [{ ipBlock: expect.objectContaining({ cidr: '0.0.0.0/0' }) }],
          ports: [{ port: 443, protocol: 'TCP' }],
        },
      ]);
    });

    test.each([
      ['https://mimir.internal/api/v1/push', 443],
      ['https://mimir.internal:8443/api/v1/push', 8443],
      ['http://mimir.internal/api/v1/push', 80],
      ['http://mimir.internal:9009/api/v1/push', 9009],
    ])('to %s in a private range opens that range on port %i and nothing else', (url, port) => {
      const { chart } = prometheus({ remoteWrites: [{ url, cidrs: ['10.77.0.0/16'] }] });
      expect(config(chart).remote_write).toEqual([{ url }]);
      const [, ...rules] = find(manifestsOf(chart), 'NetworkPolicy').spec.egress;
      expect(rules).toEqual([{ to: [{ ipBlock: { cidr: '10.77.0.0/16' } }], ports: [{ port, protocol: 'TCP' }] }]);
    });

    test('sends the series of its keep-list only', () => {
      const { chart } = prometheus({
        remoteWrites: [{ url: 'https://mimir.example.com/api/v1/push', keep: 'up|slo:.*' }],
      });
      expect(config(chart).remote_write[0].write_relabel_configs).toEqual([
        { source_labels: ['__name__'], regex: 'up|slo:.*', action: 'keep' },
      ]);
    });

    test.each(['mimir.example.com/push', 'ftp://mimir.example.com', ''])(
      'to "%s", which is no URL, is refused',
      (url) => {
        expect(() => prometheus({ remoteWrites: [{ url }] })).toThrow(
          `remoteWrites.url is "${url}": write a URL, e.g. https://mimir.example.com/api/v1/push`,
        );
      },
    );

    test('with a token and no Secret is refused', () => {
      expect(() => prometheus({ remoteWrites })).toThrow(
        'credentials is not set: name the Secret that holds MIMIR_TOKEN',
      );
    });
  });

  describe('rules', () => {
    test.each([
      [75, undefined],
      [76, 'intervalSeconds is 76: rules read 4 samples over [5m]; write at most 75'],
    ])('that read rates over five minutes allow an interval of %i s: %s', (intervalSeconds, message) => {
      const add = () =>
        prometheus({ intervalSeconds }).server.addRules(withRuleDirectory({}, RuleCatalogue.read), {
          runbook: ({ alert }) => alert,
        });
      if (message === undefined) {
        expect(add).not.toThrow();
      } else {
        expect(add).toThrow(message);
      }
    });

    test('are loaded with a ConfigMap for each topic', () => {
      const { chart, server } = prometheus();
      server.addRules(withRuleDirectory({}, RuleCatalogue.read), {
        runbook: ({ alert }) => `https://runbooks/${alert}`,
      });
      const manifests = manifestsOf(chart);
      expect(configFiles(manifests, 'prometheus-rules-demo')['demo.yaml']).toContain('https://runbooks/DemoDown');
      expect(config(chart).rule_files).toEqual(['/etc/prometheus/rules/*.yaml']);
      expect(containerOf(manifests, 'prometheus').volumeMounts).toContainEqual({
        name: 'prometheus-rules',
        mountPath: '/etc/prometheus/rules',
        readOnly: true,
      });
    });
  });

  test.each([
    [15, '10s'],
    [5, '5s'],
  ])('at an interval of %i s a scrape may take %s', (intervalSeconds, timeout) => {
    expect(config(prometheus({ intervalSeconds }).chart).global).toMatchObject({
      scrape_interval: `${intervalSeconds}s`,
      evaluation_interval: `${intervalSeconds}s`,
      scrape_timeout: timeout,
    });
  });

  describe('a load that cannot be carried', () => {
    test('is refused', () => {
      expect(() => prometheus({ storageSize: '10Gi' })).toThrow(SettingError);
    });

    test.each(['intervalSeconds', 'retentionDays', 'activeSeries'] as const)(
      'is refused by the name of the prop %s',
      (prop) => {
        expect(() => prometheus({ [prop]: 0 })).toThrow(`${prop} is 0: write a whole number greater than zero`);
      },
    );
  });
});
