import { Credentials, dnsModule, Endpoint, ExternalWorkload, httpModule, icmpModule, tcpModule } from '../../index';
import type { Manifest } from '../../testing/manifests';
import { containerOf, find, findAll } from '../../testing/render';
import { serverConfig } from '../support/server-config';
import type { Proof, Section } from './need';
import { type Changes, type Platform, platform, podsOf, withPlatform } from './platform';

const CLOUD = new Credentials('cloud');
const MIMIR = 'https://mimir.example.com/api/v1/push';

/** `prometheus.yml` of a server. */
const configOf = (manifests: readonly Manifest[]) => serverConfig(manifests, 'prometheus-config', 'prometheus.yml');

/** Something in the configuration of Prometheus. */
const configured = (changes: Changes, expected: object, add?: (parts: Platform) => unknown): Proof => ({
  by: 'prop',
  make: withPlatform(changes, add),
  shows: (manifests) => expect(configOf(manifests)).toMatchObject(expected),
});

type RemoteWrite = NonNullable<NonNullable<Changes['metrics']>['remoteWrites']>[number];
const remoteWrite = (config: RemoteWrite['config'], expected: object) =>
  configured({ metrics: { remoteWrites: [{ url: MIMIR, config }] } }, { remote_write: [{ url: MIMIR, ...expected }] });

type ScrapeConfig = Parameters<Platform['prometheus']['addScrapeConfig']>[0];
const scraped = (job: Omit<ScrapeConfig, 'job_name'>, expected: object): Proof => ({
  by: 'prop',
  make: withPlatform({}, ({ prometheus }) => prometheus.addScrapeConfig({ job_name: 'orders', ...job })),
  shows: (manifests) =>
    expect(configOf(manifests).scrape_configs).toContainEqual(
      expect.objectContaining({ job_name: 'orders', ...expected }),
    ),
});

/** Jobs of a namespace's Prometheus, by name. */
const jobOf = (manifests: readonly Manifest[], name: string) =>
  configOf(manifests).scrape_configs.find(({ job_name }: ScrapeConfig) => job_name === name);

/** Peers and ports that a component may send traffic to, as text. */
const egressOf = (manifests: readonly Manifest[], name: string) =>
  JSON.stringify(find(manifests, 'NetworkPolicy', name).spec.egress);

const STATIC = { static_configs: [{ targets: ['orders.example.com:8080'] }] };
const OAUTH = { client_id: 'orders', token_url: 'https://id.example.com/token' };

/** Needs about metrics: where they come from and where they go. */
export const metrics: Section = {
  id: 'C5',
  title: 'metrics',
  needs: [
    {
      need: 'remote write, bearer',
      proofs: [
        configured(
          { metrics: { credentials: CLOUD, remoteWrites: [{ url: MIMIR, tokenKey: 'TOKEN' }] } },
          { remote_write: [{ url: MIMIR, authorization: { credentials_file: expect.stringMatching(/\/TOKEN$/) } }] },
        ),
      ],
    },
    {
      need: 'remote write basic / sigv4 / mTLS / OAuth2 / queue_config / headers',
      proofs: [
        remoteWrite(
          {
            basic_auth: { username: 'orders', password_file: { credentials: CLOUD, key: 'TOKEN' } },
            queue_config: { max_shards: 20 },
            headers: { 'X-Team': 'orders' },
          },
          {
            basic_auth: { username: 'orders', password_file: '/etc/prometheus/secrets/cloud/TOKEN' },
            queue_config: { max_shards: 20 },
            headers: { 'X-Team': 'orders' },
          },
        ),
        remoteWrite({ sigv4: { region: 'eu-central-1' } }, { sigv4: { region: 'eu-central-1' } }),
        remoteWrite(
          { oauth2: { ...OAUTH, client_secret_file: { credentials: CLOUD, key: 'OAUTH' } } },
          { oauth2: { ...OAUTH, client_secret_file: '/etc/prometheus/secrets/cloud/OAUTH' } },
        ),
        remoteWrite(
          {
            tls_config: {
              cert_file: { credentials: CLOUD, key: 'tls.crt' },
              key_file: { credentials: CLOUD, key: 'tls.key' },
            },
          },
          { tls_config: { cert_file: '/etc/prometheus/secrets/cloud/tls.crt', key_file: expect.any(String) } },
        ),
      ],
    },
    {
      need: 'Mimir, VictoriaMetrics',
      proofs: [
        remoteWrite({ headers: { 'X-Scope-OrgID': 'orders' } }, { headers: { 'X-Scope-OrgID': 'orders' } }),
        configured(
          { metrics: { remoteWrites: [{ url: 'https://vm.internal:8427/api/v1/write', cidrs: ['10.20.0.0/16'] }] } },
          { remote_write: [{ url: 'https://vm.internal:8427/api/v1/write' }] },
        ),
      ],
    },
    {
      need: 'Thanos sidecar',
      proofs: [
        {
          by: 'recipe',
          page: 'thanos.md',
          shows: (manifests) => {
            const own = manifests.filter(({ metadata }) => metadata.namespace === 'long-term');
            const { containers, volumes } = podsOf(own).prometheus.spec;
            const [server, thanos] = containers;
            expect(thanos.resources.limits).toEqual({ memory: '256Mi' });
            expect(server.args).toContain('--storage.tsdb.max-block-duration=2h');
            // The volume of samples is that of the claim template, the others are volumes of the pod.
            const known = ['data', ...volumes.map(({ name }: { name: string }) => name)];
            expect(known).toEqual(
              expect.arrayContaining(thanos.volumeMounts.map(({ name }: { name: string }) => name)),
            );
            expect(find(own, 'NetworkPolicy', 'thanos-sidecar').spec.ingress[0].ports).toEqual([{ port: 10901 }]);
            expect(find(own, 'Service', 'thanos-sidecar').spec.ports[0].targetPort).toBe('grpc');
          },
        },
      ],
    },
    {
      need: 'remote-write receiver, agent mode, feature flags',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({
            metrics: {
              features: ['promql-experimental-functions'],
              pod: { extraArgs: ['--web.enable-remote-write-receiver'] },
            },
          }),
          shows: (manifests) =>
            expect(containerOf(manifests, 'prometheus').args).toEqual(
              expect.arrayContaining([
                '--enable-feature=exemplar-storage,promql-experimental-functions',
                '--web.enable-remote-write-receiver',
              ]),
            ),
        },
        {
          by: 'refused',
          make: withPlatform({ metrics: { pod: { extraArgs: ['--agent'] } } }),
          message:
            'pod.extraArgs is "--agent": remove it: an agent has no rules and no volume of blocks; use remoteWrites and a ' +
            'short retentionDays',
        },
        { by: 'limit', row: 'Agent mode of Prometheus' },
      ],
    },
    {
      need: 'global settings (query limits, evaluation interval, OTLP, utf8 names, out-of-order)',
      proofs: [
        configured(
          {
            metrics: {
              config: {
                global: { evaluation_interval: '30s', sample_limit: 10_000, metric_name_validation_scheme: 'utf8' },
                otlp: { promote_resource_attributes: ['service.name'] },
                storage: { tsdb: { out_of_order_time_window: '30m' } },
              },
            },
          },
          {
            global: { evaluation_interval: '30s', sample_limit: 10_000, metric_name_validation_scheme: 'utf8' },
            otlp: { promote_resource_attributes: ['service.name'] },
            storage: { tsdb: { out_of_order_time_window: '30m', retention: { time: '30d' } } },
          },
        ),
        {
          by: 'prop',
          make: withPlatform({
            metrics: { pod: { extraArgs: ['--query.max-samples=1000000', '--query.timeout=1m'] } },
          }),
          shows: (manifests) =>
            expect(containerOf(manifests, 'prometheus').args).toEqual(
              expect.arrayContaining(['--query.max-samples=1000000', '--query.timeout=1m']),
            ),
        },
      ],
    },
    {
      need: 'scrape with basic auth, client certificate, OAuth2, `ec2_sd`, `dns_sd`, `lowercase`',
      proofs: [
        scraped(
          { ...STATIC, basic_auth: { username: 'orders', password_file: { credentials: CLOUD, key: 'SCRAPE' } } },
          { basic_auth: { username: 'orders', password_file: '/etc/prometheus/secrets/cloud/SCRAPE' } },
        ),
        scraped(
          {
            ...STATIC,
            scheme: 'https',
            tls_config: {
              cert_file: { credentials: CLOUD, key: 'tls.crt' },
              key_file: { credentials: CLOUD, key: 'tls.key' },
            },
          },
          { tls_config: { cert_file: expect.any(String), key_file: '/etc/prometheus/secrets/cloud/tls.key' } },
        ),
        scraped(
          { ...STATIC, oauth2: { ...OAUTH, client_secret_file: { credentials: CLOUD, key: 'OAUTH' } } },
          { oauth2: { ...OAUTH, client_secret_file: '/etc/prometheus/secrets/cloud/OAUTH' } },
        ),
        scraped({ ec2_sd_configs: [{ region: 'eu-central-1' }] }, { ec2_sd_configs: [{ region: 'eu-central-1' }] }),
        scraped(
          {
            dns_sd_configs: [{ names: ['orders.example.com'], type: 'A', port: 8080 }],
            relabel_configs: [{ action: 'lowercase', source_labels: ['team'], target_label: 'team' }],
          },
          {
            dns_sd_configs: [{ names: ['orders.example.com'], type: 'A', port: 8080 }],
            relabel_configs: [{ action: 'lowercase', source_labels: ['team'], target_label: 'team' }],
          },
        ),
      ],
    },
    {
      need: 'scrape a pod of another team',
      proofs: [
        {
          by: 'recipe',
          page: 'exporter.md',
          under: 'Pods that others deploy',
          shows: (manifests) => {
            expect(jobOf(manifests, 'orders-api').kubernetes_sd_configs).toEqual([
              { role: 'endpointslice', namespaces: { names: ['orders'] } },
            ]);
            expect(egressOf(manifests, 'prometheus')).toContain('{"matchLabels":{"app":"orders-api"}}');
            // Nothing selects the pods of the other team.
            const policies = findAll(manifests, 'NetworkPolicy').map(({ metadata }) => metadata.namespace);
            expect(new Set(policies)).toEqual(new Set(['monitoring']));
          },
        },
      ],
      guards: [
        {
          by: 'refused',
          make: (chart) => {
            const workload = { namespace: 'orders', podLabels: { app: 'api' }, service: 'api', port: 8080 };
            const { endpoint } = new ExternalWorkload(chart, 'api', workload);
            platform(chart).prometheus.addScrapeJob('orders-api', endpoint);
          },
          message: 'addScrapeJob is "orders-api": the endpoint has no Service in the cluster; use addScrapeConfig()',
        },
      ],
    },
    {
      need: 'two applications / namespaces by annotation',
      proofs: [
        {
          by: 'recipe',
          page: 'namespaces.md',
          under: 'Scrape annotated pods of several namespaces',
          shows: (manifests) => {
            for (const namespace of ['payments', 'shipping']) {
              expect(jobOf(manifests, `${namespace}-pods`).kubernetes_sd_configs).toEqual([
                { role: 'pod', namespaces: { names: [namespace] } },
              ]);
              expect(findAll(manifests, 'Role').some(({ metadata }) => metadata.namespace === namespace)).toBe(true);
              expect(egressOf(manifests, 'prometheus')).toContain(`"app.kubernetes.io/part-of":"${namespace}"`);
            }
          },
        },
      ],
    },
    {
      need: 'all namespaces',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({ metrics: { watchedNamespaces: 'all' } }, ({ prometheus }) =>
            prometheus.addScrapeConfig(
              { job_name: 'pods', kubernetes_sd_configs: [{ role: 'pod' }] },
              { allNamespaces: true },
            ),
          ),
          shows: (manifests) => {
            const readers = findAll(manifests, 'ClusterRole')
              .filter(({ rules }) =>
                rules.some(({ resources }: { resources?: string[] }) => resources?.includes('pods')),
              )
              .map(({ metadata }) => metadata.name);
            expect(readers.sort()).toEqual(['monitoring-test-kube-state-metrics', 'monitoring-test-prometheus']);
            expect(jobOf(manifests, 'pods').kubernetes_sd_configs).toEqual([{ role: 'pod' }]);
            expect(containerOf(manifests, 'kube-state-metrics').args.join(' ')).not.toContain('--namespaces');
          },
        },
      ],
    },
    {
      need: 'ServiceMonitor / PodMonitor / PrometheusRule / Probe of other charts',
      proofs: [
        {
          by: 'recipe',
          page: 'operator-objects.md',
          shows: (manifests) => {
            expect(jobOf(manifests, 'serviceMonitor/orders/orders-api/0')).toMatchObject({ scrape_interval: '30s' });
            expect(findAll(manifests, 'ServiceMonitor')).toEqual([]);
          },
        },
      ],
    },
    {
      need: 'probes: internal, TCP, DNS, ICMP, plain HTTP, redirect',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({
            metrics: {
              probes: [
                {
                  name: 'inside',
                  module: httpModule(),
                  targets: [
                    {
                      target: 'http://api.orders.svc/health',
                      pods: { namespace: 'orders', labels: { app: 'api' }, port: 8080 },
                    },
                  ],
                },
                {
                  name: 'redirect',
                  module: httpModule({ redirectTo: 'https://shop.example.com/' }),
                  targets: ['http://shop.example.com/'],
                },
                {
                  name: 'database',
                  module: tcpModule(),
                  targets: [{ target: 'db.internal:5432', cidrs: ['10.20.0.0/16'] }],
                },
                { name: 'names', module: dnsModule({ name: 'shop.example.com' }), targets: ['ns1.example.com'] },
                { name: 'gateway', module: icmpModule(), targets: [{ target: '10.0.0.1', cidrs: ['10.0.0.1/32'] }] },
              ],
            },
          }),
          shows: (manifests) => {
            const { modules } = serverConfig(manifests, 'blackbox-exporter', 'config.yml');
            expect(modules).toMatchObject({
              inside: { prober: 'http' },
              redirect: { prober: 'http', http: { fail_if_header_not_matches: [{ header: 'Location' }] } },
              database: { prober: 'tcp' },
              names: { prober: 'dns', dns: { query_name: 'shop.example.com' } },
              gateway: { prober: 'icmp' },
            });
            expect(modules.inside.http).not.toHaveProperty('fail_if_not_ssl');
            const egress = egressOf(manifests, 'blackbox-exporter');
            for (const part of [
              '{"app":"api"}',
              '"port":8080',
              '10.20.0.0/16',
              '"port":53,"protocol":"UDP"',
              '10.0.0.1/32',
            ]) {
              expect(egress).toContain(part);
            }
            expect(JSON.stringify(configOf(manifests))).toContain('http://api.orders.svc/health');
          },
        },
        {
          by: 'recipe',
          page: 'probes.md',
          shows: (manifests) => {
            const own = manifests.filter(({ metadata }) => metadata.namespace === 'probing');
            expect(Object.keys(serverConfig(own, 'blackbox-exporter', 'config.yml').modules).length).toBeGreaterThan(5);
          },
        },
      ],
      guards: [
        {
          by: 'refused',
          make: withPlatform({ metrics: { probedUrls: ['http://api.orders.svc'] } }),
          message:
            'probedUrls is "http://api.orders.svc": write a URL that begins with https://: probes fail without verified TLS',
        },
      ],
    },
    {
      need: 'coredns, kube-proxy jobs',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({ metrics: { coreDns: true, kubeProxy: true } }),
          shows: (manifests) => {
            for (const job of ['coredns', 'kube-proxy']) {
              expect(jobOf(manifests, job).kubernetes_sd_configs).toMatchObject([
                { role: 'pod', namespaces: { names: ['kube-system'] } },
              ]);
            }
            expect(egressOf(manifests, 'prometheus')).toContain('"port":9153');
            expect(egressOf(manifests, 'prometheus')).toContain('"port":10249');
            const readers = findAll(manifests, 'Role').map(({ metadata }) => metadata.namespace);
            expect(readers).toContain('kube-system');
          },
        },
      ],
    },
    {
      need: 'file targets',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({}, ({ prometheus }) =>
            prometheus.addFileDiscovery({
              job: 'routers',
              configMap: 'router-targets',
              destinations: [Endpoint.anyHost(9116, ['10.30.0.0/16'])],
            }),
          ),
          shows: (manifests) => {
            const [{ files }] = jobOf(manifests, 'routers').file_sd_configs;
            const { volumes, containers } = podsOf(manifests).prometheus.spec;
            const { name } = volumes.find(({ configMap }: Manifest) => configMap?.name === 'router-targets');
            const { mountPath } = containers[0].volumeMounts.find((mount: Manifest) => mount.name === name);
            expect(files).toEqual([`${mountPath}/*.yaml`]);
            expect(egressOf(manifests, 'prometheus')).toContain('10.30.0.0/16');
          },
        },
      ],
    },
    {
      need: 'own exporter',
      proofs: [
        {
          by: 'recipe',
          page: 'exporter.md',
          shows: (manifests) => {
            expect(jobOf(manifests, 'queue-exporter').scrape_interval).toBe('30s');
            expect(JSON.stringify(find(manifests, 'NetworkPolicy', 'queue-exporter').spec.ingress)).toContain(
              'prometheus',
            );
            expect(egressOf(manifests, 'prometheus')).toContain('queue-exporter');
          },
        },
      ],
    },
  ],
};
