import { Credentials, Endpoint, Jaeger, type JaegerProps } from '../../constructs';
import { containerOf, find, findAll, manifestsOf, testChart } from '../../testing/render';
import { testProps } from '../support/props';
import { serverConfig } from '../support/server-config';
import { settingError } from '../support/setting-error';

const credentials = new Credentials('demo-credentials');
const ELASTICSEARCH: NonNullable<JaegerProps['elasticsearch']> = {
  server: Endpoint.host('search.example.com', 9200, 'https'),
  username: 'jaeger',
  password: { credentials, key: 'ES_PASSWORD' },
};

function jaeger(props: JaegerProps = {}) {
  const chart = testChart();
  const made = new Jaeger(chart, 'jaeger', props);
  const manifests = manifestsOf(chart);
  return { made, manifests, config: serverConfig(manifests, `${props.name ?? 'jaeger'}-config`, 'config.yaml') };
}

describe('Jaeger', () => {
  testProps<JaegerProps, 'elasticsearch'>({
    make: (scope, props) => new Jaeger(scope, 'jaeger', props),
    minimal: () => ({}),
    full: () => ({
      name: 'tracing',
      retentionDays: 9,
      spansPerSecond: 300,
      storage: 'claim',
      storageSize: '77Gi',
      storageClass: 'fast',
      prometheus: Endpoint.host('prometheus.example.com', 9090, 'http'),
      samplingStrategies: {
        default: { kind: 'share', share: 0.25 },
        services: { shop: { kind: 'rate', perSecond: 3 } },
      },
      basePath: '/tracing',
      pod: { priorityClassName: 'traces-first' },
    }),
    traces: {
      name: 'name: tracing',
      retentionDays: 'spans: 216h',
      // The size that is written overrides it.
      spansPerSecond: 'storage: 77Gi',
      storage: 'storage: 77Gi',
      storageSize: 'storage: 77Gi',
      storageClass: 'storageClassName: fast',
      prometheus: 'endpoint: http://prometheus.example.com:9090',
      samplingStrategies: 'containerPort: 5778',
      basePath: 'base_path: /tracing',
      pod: 'priorityClassName: traces-first',
    },
    apart: {
      elasticsearch: { props: () => ({ elasticsearch: ELASTICSEARCH }), trace: 'schedule: 15 0 * * *' },
    },
  });

  describe('with Badger', () => {
    test('has one replica, a volume, and deletes by time', () => {
      const { manifests, config } = jaeger();
      expect(find(manifests, 'StatefulSet').spec.replicas).toBe(1);
      expect(config.extensions.jaeger_storage.backends.traces.badger).toEqual({
        directories: { keys: '/badger/keys', values: '/badger/values' },
        ephemeral: false,
        ttl: { spans: '72h' },
      });
    });

    test.each([
      [100, 3, '37Gi'],
      [1, 1, '5Gi'],
      [1000, 7, '845Gi'],
    ])('and %d spans a second for %d days has a volume of %s', (spansPerSecond, retentionDays, size) => {
      const { manifests } = jaeger({ spansPerSecond, retentionDays });
      expect(JSON.stringify(find(manifests, 'StatefulSet').spec.volumeClaimTemplates)).toContain(`"${size}"`);
    });
  });

  describe('with Elasticsearch', () => {
    test('has two replicas without a volume', () => {
      const { manifests } = jaeger({ elasticsearch: ELASTICSEARCH });
      expect(find(manifests, 'Deployment').spec.replicas).toBe(2);
      expect(findAll(manifests, 'StatefulSet')).toEqual([]);
    });

    test('reads the password from a file, and names no field that one of the versions refuses', () => {
      const { config } = jaeger({ elasticsearch: { ...ELASTICSEARCH, indexPrefix: 'orders', shards: 2 } });
      const index = { shards: 2, replicas: 1 };
      expect(config.extensions.jaeger_storage.backends.traces.elasticsearch).toEqual({
        server_urls: ['https://search.example.com:9200'],
        auth: { basic: { username: 'jaeger', password_file: '/etc/jaeger-secrets/demo-credentials/ES_PASSWORD' } },
        indices: { index_prefix: 'orders', spans: index, services: index, dependencies: index, sampling: index },
        max_span_age: '72h',
      });
    });

    test('deletes the indices of past days, with its own way to the server', () => {
      const { manifests } = jaeger({
        retentionDays: 7,
        elasticsearch: {
          ...ELASTICSEARCH,
          indexPrefix: 'orders',
          certificateAuthority: { credentials, key: 'ca.crt' },
        },
      });
      const { spec } = find(manifests, 'CronJob').spec.jobTemplate.spec.template;
      expect(spec.restartPolicy).toBe('OnFailure');
      expect(spec.containers[0]).toMatchObject({
        args: [
          '--index-prefix=orders',
          '--es.tls.enabled=true',
          '--es.tls.ca=/etc/jaeger-secrets/demo-credentials/ca.crt',
          '7',
          'https://search.example.com:9200',
        ],
        env: [
          { name: 'ES_USERNAME', value: 'jaeger' },
          { name: 'ES_PASSWORD', valueFrom: { secretKeyRef: { name: 'demo-credentials', key: 'ES_PASSWORD' } } },
        ],
      });
      expect(JSON.stringify(find(manifests, 'NetworkPolicy', 'jaeger-index-cleaner').spec.egress)).toContain('9200');
    });
  });

  test('acknowledges a span when it is stored', () => {
    const { config } = jaeger();
    expect(config.service.pipelines.traces.processors).toEqual(['memory_limiter']);
    expect(config.exporters).toEqual({ jaeger_storage_exporter: { trace_storage: 'traces' } });
  });

  test('shows the tab Monitor with a Prometheus only', () => {
    expect(serverConfig(jaeger().manifests, 'jaeger-config', 'ui.json').monitor).toEqual({ menuEnabled: false });
    const { manifests, config } = jaeger({ prometheus: Endpoint.host('prometheus.example.com', 9090, 'http') });
    expect(serverConfig(manifests, 'jaeger-config', 'ui.json').monitor).toEqual({ menuEnabled: true });
    expect(config.extensions.jaeger_query.storage).toEqual({ traces: 'traces', metrics: 'metrics' });
  });

  test('serves strategies from a file that it reads again, without a restart', () => {
    const samplingStrategies = (share: number) => ({
      default: { kind: 'share', share } as const,
      services: { shop: { kind: 'rate', perSecond: 3 } as const },
    });
    const { manifests, config } = jaeger({ samplingStrategies: samplingStrategies(0.25) });
    expect(serverConfig(manifests, 'jaeger-sampling', 'strategies.json')).toEqual({
      default_strategy: { type: 'probabilistic', param: 0.25 },
      service_strategies: [{ service: 'shop', type: 'ratelimiting', param: 3 }],
    });
    expect(config.extensions.remote_sampling.file.path).toBe('/etc/jaeger-sampling/strategies.json');
    const template = (share: number) =>
      find(jaeger({ samplingStrategies: samplingStrategies(share) }).manifests, 'StatefulSet').spec.template;
    expect(template(0.5)).toEqual(template(0.25));
  });

  test('keeps its heap below 80 % of the memory', () => {
    const { manifests } = jaeger({ pod: { resources: { limits: { memory: '2Gi' } } } });
    expect(containerOf(manifests, 'jaeger').env).toContainEqual({ name: 'GOMEMLIMIT', value: '1638MiB' });
  });

  test.each<[JaegerProps, string]>([
    [{ retentionDays: 0 }, 'retentionDays is 0: write a whole number greater than zero'],
    [{ spansPerSecond: -1 }, 'spansPerSecond is -1: write a number greater than zero'],
    [{ basePath: 'jaeger/' }, 'basePath is "jaeger/": write a path without a slash at its end, e.g. /jaeger'],
    [
      { pod: { replicas: 2 } },
      'pod.replicas is 2: leave it out, or write elasticsearch: Badger is a database of one process',
    ],
    [
      { elasticsearch: ELASTICSEARCH, storageSize: '5Gi' },
      'storageSize is "5Gi": leave it out: with elasticsearch, Jaeger has no volume',
    ],
    [
      { elasticsearch: { ...ELASTICSEARCH, username: ' ' } },
      'elasticsearch.username is " ": name a user of Elasticsearch',
    ],
    [
      { elasticsearch: { ...ELASTICSEARCH, indexPrefix: 'Orders' } },
      'elasticsearch.indexPrefix is "Orders": write lower-case letters, digits, . _ and -',
    ],
    [
      { elasticsearch: { ...ELASTICSEARCH, shardReplicas: -1 } },
      'elasticsearch.shardReplicas is -1: write a whole number, zero or more',
    ],
    [
      { samplingStrategies: { default: { kind: 'share', share: 20 } } },
      'samplingStrategies.default.share is 20: write a number from 0 to 1',
    ],
    [
      { samplingStrategies: { default: { kind: 'rate', perSecond: -1 } } },
      'samplingStrategies.default.perSecond is -1: write a number of traces, zero or more',
    ],
  ])('refuses %j', (props, message) => {
    expect(settingError(() => jaeger(props)).message).toBe(message);
  });
});
