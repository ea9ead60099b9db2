import { Credentials, Prometheus, type PrometheusProps, type ScrapeConfigOptions } from '../../../constructs';
import { configFiles } from '../../../testing/manifests';
import { findAll, manifestsOf, podOf, testChart } from '../../../testing/render';
import { serverConfig } from '../../support/server-config';
import { settingError } from '../../support/setting-error';
import { MINIMAL } from './props';

type Discovery = NonNullable<Parameters<Prometheus['addScrapeConfig']>[0]['kubernetes_sd_configs']>[number];

const make = (props: Partial<PrometheusProps> = {}, add: (server: Prometheus) => void = () => {}) => {
  const chart = testChart();
  add(new Prometheus(chart, 'prometheus', { ...MINIMAL(), ...props }));
  return manifestsOf(chart);
};
const message = (props: Partial<PrometheusProps>) => settingError(() => make(props)).message;

describe('The settings of a Prometheus', () => {
  test.each<[PrometheusProps['config'], string, string]>([
    [{ global: { scrape_interval: '1m' } }, 'global.scrape_interval is "1m"', 'write the prop intervalSeconds'],
    [
      { global: { external_labels: { a: 'b' } } },
      'global.external_labels is {"a":"b"}',
      'write the prop externalLabels',
    ],
    [
      { storage: { tsdb: { retention: { time: '1d' } } } },
      'storage.tsdb.retention is {"time":"1d"}',
      'write the props retentionDays and storageSize',
    ],
    [{ alerting: { alertmanagers: [] } }, 'alerting.alertmanagers is []', 'call addAlertmanager()'],
  ])('refuse %j, which the construct writes', (config, setting, fix) => {
    expect(message({ config })).toBe(`config.${setting}: remove it; ${fix}`);
  });

  test.each(['rule_files', 'scrape_configs', 'remote_write'])('refuse %s, which JavaScript could pass', (name) => {
    expect(message({ config: { [name]: [] } as PrometheusProps['config'] })).toContain(
      `config.${name} is []: remove it`,
    );
  });

  test('have no literal secrets, neither for the compiler nor at synthesis', () => {
    const url = 'https://mimir.example.com/push';
    // @ts-expect-error The types have no field for the password itself.
    const remoteWrites: PrometheusProps['remoteWrites'] = [{ url, config: { basic_auth: { password: 'demo' } } }];
    expect(message({ remoteWrites })).toContain('remoteWrites.config.basic_auth.password is "(hidden)"');
  });

  test('refuse a second authorization beside a token', () => {
    const remoteWrites = [
      {
        url: 'https://mimir.example.com/push',
        tokenKey: 'TOKEN',
        config: { authorization: { credentials_file: '/etc/demo/token' } },
      },
    ];
    expect(message({ remoteWrites, credentials: new Credentials('demo') })).toBe(
      'remoteWrites.config.authorization is {"credentials_file":"/etc/demo/token"}: remove it; tokenKey writes it',
    );
  });

  test('add feature flags', () => {
    const { args } = podOf(make({ features: ['otlp-deltatocumulative'] }), 'prometheus').spec.containers[0];
    expect(args).toContain('--enable-feature=exemplar-storage,otlp-deltatocumulative');
  });

  test('mount the Secrets that they name', () => {
    const credentials = new Credentials('grafana-cloud');
    const manifests = make({}, (server) =>
      server.addScrapeConfig({
        job_name: 'orders',
        bearer_token_file: { credentials, key: 'token' },
        static_configs: [{ targets: ['orders.example.com'] }],
      }),
    );
    const { volumes, containers } = podOf(manifests, 'prometheus').spec;
    const volume = volumes.find(({ secret }: { secret?: object }) => secret);
    expect(volume.secret).toMatchObject({ secretName: 'grafana-cloud', optional: true });
    expect(containers[0].volumeMounts).toContainEqual({
      name: volume.name,
      mountPath: '/etc/prometheus/secrets/grafana-cloud',
      readOnly: true,
    });
    expect(configFiles(manifests, 'prometheus-config')['prometheus.yml']).toContain(
      'bearer_token_file: /etc/prometheus/secrets/grafana-cloud/token',
    );
    expect(credentials.keys).toEqual(['token']);
  });

  test('leave the others as they are', () => {
    const { global } = serverConfig(
      make({ config: { global: { body_size_limit: '10MB' } } }),
      'prometheus-config',
      'prometheus.yml',
    );
    expect(global).toMatchObject({
      body_size_limit: '10MB',
      scrape_interval: '15s',
      metric_name_validation_scheme: 'legacy',
    });
  });
});

describe('Discovery in Kubernetes', () => {
  /** The resources of the rights, by the Role's namespace, or `cluster`. */
  function rights(discovery: Discovery, options?: ScrapeConfigOptions): Record<string, string[]> {
    const manifests = make({}, (server) =>
      server.addScrapeConfig({ job_name: 'orders', kubernetes_sd_configs: [discovery] }, options),
    );
    const roles = [...findAll(manifests, 'Role'), ...findAll(manifests, 'ClusterRole')];
    return Object.fromEntries(
      roles.map(({ metadata, rules }) => [
        metadata.namespace ?? 'cluster',
        rules.flatMap(({ resources }: { resources: string[] }) => resources),
      ]),
    );
  }

  const TARGETS = ['pods', 'services', 'endpointslices'];

  test.each<[string, Discovery, ScrapeConfigOptions | undefined, Record<string, string[]>]>([
    ['in a namespace', { role: 'pod', namespaces: { names: ['orders'] } }, undefined, { orders: TARGETS }],
    [
      'in its own namespace',
      { role: 'service', namespaces: { own_namespace: true } },
      undefined,
      { 'monitoring-test': TARGETS },
    ],
    ['in every namespace', { role: 'endpointslice' }, { allNamespaces: true }, { cluster: TARGETS }],
    ['of nodes', { role: 'node' }, undefined, { cluster: ['nodes'] }],
    [
      'of Ingress objects',
      { role: 'ingress', namespaces: { names: ['orders'] } },
      undefined,
      { orders: ['ingresses'] },
    ],
    [
      'with labels of nodes and Deployments',
      { role: 'pod', namespaces: { names: ['orders'] }, attach_metadata: { node: true, deployment: true } },
      undefined,
      { orders: [...TARGETS, 'replicasets'], cluster: ['nodes'] },
    ],
    ['in another cluster', { role: 'pod', api_server: 'https://api.example.com' }, undefined, {}],
    ['with rights that somebody else grants', { role: 'node' }, { grantRights: false }, {}],
  ])('%s has the rights that it needs', (_, discovery, options, expected) => {
    expect(rights(discovery, options)).toEqual(expected);
  });
});
