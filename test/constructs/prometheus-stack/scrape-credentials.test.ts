import { Credentials, Prometheus, type ScrapeCredentials } from '../../../constructs';
import type { Manifest } from '../../../testing/manifests';
import { containerOf, manifestsOf, podOf, testChart } from '../../../testing/render';
import { serverConfig } from '../../support/server-config';
import { settingError } from '../../support/setting-error';
import { component } from '../kit/sample';
import { MINIMAL } from './props';

const client = new Credentials('etcd-client');
const key = (name: string) => ({ credentials: client, key: name });

/** A server with one job. */
function scraped(settings: ScrapeCredentials, job = 'etcd'): Manifest[] {
  const chart = testChart();
  const server = new Prometheus(chart, 'prometheus', MINIMAL());
  server.addScrapeJob(job, component(chart, { name: 'etcd' }).endpoint(), settings);
  return manifestsOf(chart);
}

const jobOf = (manifests: Manifest[]) =>
  serverConfig(manifests, 'prometheus-config', 'prometheus.yml').scrape_configs[0];
const scrapeVolumes = (manifests: Manifest[]) =>
  podOf(manifests, 'prometheus').spec.volumes.filter(({ name }: { name: string }) => name.startsWith('scrape'));

/** Files of the job, as `file: Secret or ConfigMap/key`. */
function filesOf(manifests: Manifest[]): string[] {
  type Source = { name: string; items: { key: string; path: string }[] };
  return scrapeVolumes(manifests).flatMap((volume: { projected: { sources: { [kind: string]: Source }[] } }) =>
    volume.projected.sources.flatMap((source) =>
      Object.values(source).flatMap(({ name, items }) => items.map((item) => `${item.path}: ${name}/${item.key}`)),
    ),
  );
}

describe('TLS', () => {
  test('reads authority, certificate and key from Secrets, which the pod mounts', () => {
    const manifests = scraped({ tls: { ca: key('ca.crt'), cert: key('client.crt'), key: key('client.key') } });
    expect(jobOf(manifests)).toMatchObject({
      scheme: 'https',
      tls_config: {
        ca_file: '/etc/prometheus/scrape/etcd/ca.crt',
        cert_file: '/etc/prometheus/scrape/etcd/tls.crt',
        key_file: '/etc/prometheus/scrape/etcd/tls.key',
        // Targets are addresses of pods, which are in no certificate.
        server_name: expect.stringMatching(/^etcd\..*\.svc$/),
      },
    });
    expect(filesOf(manifests)).toEqual([
      'ca.crt: etcd-client/ca.crt',
      'tls.crt: etcd-client/client.crt',
      'tls.key: etcd-client/client.key',
    ]);
    expect(containerOf(manifests, 'prometheus').volumeMounts).toContainEqual({
      name: 'scrape-etcd',
      mountPath: '/etc/prometheus/scrape/etcd',
      readOnly: true,
    });
    expect(client.keys).toEqual(['ca.crt', 'client.crt', 'client.key']);
  });

  test('reads the authority from a ConfigMap', () => {
    const manifests = scraped({ tls: { ca: { configMap: 'trust-bundle' }, serverName: 'etcd.example.com' } });
    expect(jobOf(manifests).tls_config).toEqual({
      ca_file: '/etc/prometheus/scrape/etcd/ca.crt',
      server_name: 'etcd.example.com',
    });
    expect(filesOf(manifests)).toEqual(['ca.crt: trust-bundle/ca.crt']);
  });

  test('needs no file when any certificate will do', () => {
    const manifests = scraped({ tls: { insecureSkipVerify: true } });
    expect(jobOf(manifests)).toMatchObject({ scheme: 'https', tls_config: { insecure_skip_verify: true } });
    expect(scrapeVolumes(manifests)).toEqual([]);
  });

  test.each([
    [{ cert: key('tls.crt') }, 'key'],
    [{ key: key('tls.key') }, 'cert'],
  ])('with half a client certificate is refused', (tls, missing) => {
    expect(settingError(() => scraped({ tls })).message).toBe(
      `tls.${missing} of scrape job etcd is not set: a client needs certificate and key`,
    );
  });
});

describe('authentication', () => {
  test.each([
    [
      'a name and a password',
      { basicAuth: { username: 'metrics', password: key('PASSWORD') } },
      { basic_auth: { username: 'metrics', password_file: '/etc/prometheus/scrape/etcd/password' } },
      ['password: etcd-client/PASSWORD'],
    ],
    [
      'both from the Secret',
      { basicAuth: { username: key('USER'), password: key('PASSWORD') } },
      {
        basic_auth: {
          username_file: '/etc/prometheus/scrape/etcd/username',
          password_file: '/etc/prometheus/scrape/etcd/password',
        },
      },
      ['username: etcd-client/USER', 'password: etcd-client/PASSWORD'],
    ],
    [
      'a token',
      { bearerToken: key('TOKEN') },
      { authorization: { credentials_file: '/etc/prometheus/scrape/etcd/token' } },
      ['token: etcd-client/TOKEN'],
    ],
  ])('by %s', (_by, settings, job, files) => {
    const manifests = scraped(settings);
    expect(jobOf(manifests)).toMatchObject({ scheme: 'http', ...job });
    expect(filesOf(manifests)).toEqual(files);
  });

  test('does not wait for its Secret, which only the job needs', () => {
    const [{ projected }] = scrapeVolumes(scraped({ bearerToken: key('TOKEN') }));
    expect(projected.sources).toEqual([
      { secret: { name: 'etcd-client', items: [{ key: 'TOKEN', path: 'token' }], optional: true } },
    ]);
  });

  test('by two means is refused', () => {
    const basicAuth = { username: 'metrics', password: key('PASSWORD') };
    expect(settingError(() => scraped({ basicAuth, bearerToken: key('TOKEN') })).message).toBe(
      'bearerToken of scrape job etcd is "TOKEN": leave out either it or basicAuth',
    );
  });
});

test('jobs with similar names have volumes of their own', () => {
  const chart = testChart();
  const server = new Prometheus(chart, 'prometheus', MINIMAL());
  const endpoint = component(chart, { name: 'etcd' }).endpoint();
  for (const job of ['Etcd_Main', 'etcd-main', `etcd-${'x'.repeat(80)}`]) {
    server.addScrapeJob(job, endpoint, { bearerToken: key(`${job}-token`) });
  }
  const names = scrapeVolumes(manifestsOf(chart)).map(({ name }: { name: string }) => name);
  expect(names).toEqual(['scrape-etcd-main', 'scrape-etcd-main-2', `scrape-etcd-${'x'.repeat(43)}`]);
});
