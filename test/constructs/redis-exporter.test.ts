import { Credentials, ExternalWorkload, RedisExporter, type RedisExporterProps } from '../../constructs';
import { containerOf, find, findAll, podOf, render, testChart } from '../../testing/render';
import { testProps } from '../support/props';

/** A Redis server that others deploy, behind a Service. */
const redis = (service = 'redis-service') =>
  new ExternalWorkload(testChart(), 'redis', {
    namespace: 'shop',
    podLabels: { 'app.kubernetes.io/name': 'redis' },
    service,
    port: 6379,
    scheme: 'redis',
  }).endpoint;

describe('RedisExporter', () => {
  testProps<RedisExporterProps>({
    make: (scope, props) => new RedisExporter(scope, 'exporter', props),
    minimal: () => ({ redis: redis() }),
    full: () => ({
      name: 'cache-metrics',
      redis: redis('cache'),
      password: { credentials: new Credentials('demo-credentials'), key: 'CACHE_PASSWORD' },
      tls: { configMap: 'cache-authority', key: 'root.pem' },
      pod: { priorityClassName: 'cache-first' },
    }),
    traces: {
      name: 'name: cache-metrics',
      redis: '--redis.addr=redis://cache.shop.svc:6379',
      password: 'key: CACHE_PASSWORD',
      tls: '--tls-ca-cert-file=/etc/redis-ca/root.pem',
      pod: 'priorityClassName: cache-first',
    },
  });

  const manifests = render((chart) => new RedisExporter(chart, 'exporter', { redis: redis() }));

  test('may reach the server whose address it is given', () => {
    expect(containerOf(manifests, 'redis-exporter').args).toContain('--redis.addr=redis://redis-service.shop.svc:6379');
    expect(find(manifests, 'NetworkPolicy', 'redis-exporter').spec.egress).toContainEqual({
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
          podSelector: { matchLabels: { 'app.kubernetes.io/name': 'redis' } },
        },
      ],
      ports: [{ port: 6379, protocol: 'TCP' }],
    });
  });

  test('does not call CONFIG, which managed servers hide', () => {
    expect(containerOf(manifests, 'redis-exporter').args).toContain('--config-command=-');
  });

  test('waits for the key of the password, whose value may be empty', () => {
    const secured = render((chart) => {
      const credentials = new Credentials('demo-credentials');
      new RedisExporter(chart, 'exporter', { redis: redis(), password: { credentials, key: 'REDIS_PASSWORD' } });
    });
    expect(containerOf(secured, 'redis-exporter').env).toEqual([
      {
        name: 'REDIS_PASSWORD',
        valueFrom: { secretKeyRef: { name: 'demo-credentials', key: 'REDIS_PASSWORD' } },
      },
    ]);
    expect(findAll(secured, 'Secret')).toEqual([]);
  });

  test('verifies a server by the authority that it is given, and skips that only when it is told to', () => {
    const args = (tls: RedisExporterProps['tls']) =>
      containerOf(
        render((chart) => new RedisExporter(chart, 'exporter', { redis: redis(), tls })),
        'redis-exporter',
      ).args.filter((arg: string) => arg.includes('tls'));
    expect(args(undefined)).toEqual([]);
    expect(args('require')).toEqual(['--skip-tls-verification']);
    expect(args({ configMap: 'cache-authority' })).toEqual(['--tls-ca-cert-file=/etc/redis-ca/ca.crt']);
  });

  test('reads no Secret when it has no password', () => {
    expect(JSON.stringify(podOf(manifests, 'redis-exporter'))).not.toContain('secretKeyRef');
  });
});
