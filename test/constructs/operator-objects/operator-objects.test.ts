import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiObject, App, Chart, Include } from 'cdk8s';
import {
  BlackboxExporter,
  OperatorObjects,
  OperatorObjectsError,
  type OperatorObjectsProps,
  Prometheus,
  type ScrapeConfig,
} from '../../../constructs';
import { toYaml } from '../../../formats/yaml';
import { temporaryDirectory } from '../../../testing/cleanup';
import type { Manifest } from '../../../testing/manifests';
import { find, findAll, manifestsOf, NAMESPACE, podOf, synthError, testChart } from '../../../testing/render';
import { serverConfig } from '../../support/server-config';
import { ACCEPTED, describeWithTools, runTool } from '../../support/tools';

const ORDERS = join(__dirname, 'orders.yaml');

/** Secrets and ConfigMaps of `orders.yaml`. */
const COPIES = ['orders/orders-ca', 'orders/orders-client', 'orders/queue-scrape'];

/** An App with a Prometheus and what `build` adds. */
function appWith(build: (app: App) => void): { chart: Chart; prometheus: Prometheus } {
  const app = new App();
  build(app);
  const chart = testChart(NAMESPACE, app, 'monitoring');
  const prometheus = new Prometheus(chart, 'prometheus', {
    externalLabels: { cluster: 'demo' },
    externalUrl: 'https://prometheus.example.com',
  });
  return { chart, prometheus };
}

const orders = (app: App) => new Include(new Chart(app, 'orders'), 'manifests', { url: ORDERS });

/** The manifests of the orders charts and of a Prometheus that adopts their objects. */
function adoptOrders(props: Partial<OperatorObjectsProps> = {}) {
  const { chart, prometheus } = appWith(orders);
  const objects = new OperatorObjects(chart, 'objects', { prometheus, copies: COPIES, ...props });
  return { objects, manifests: manifestsOf(chart) };
}

/** A chart with one object of prometheus-operator, adopted. */
function adopt(kind: string, spec: object, props: Partial<OperatorObjectsProps> = {}) {
  const { chart, prometheus } = appWith((app) => {
    const shop = testChart('shop', app, 'shop');
    new ApiObject(shop, 'object', { apiVersion: 'monitoring.coreos.com/v1', kind, metadata: { name: 'it' }, spec });
  });
  new OperatorObjects(chart, 'objects', { prometheus, ...props });
  return manifestsOf(chart);
}

function problemsOf(kind: string, spec: object, props: Partial<OperatorObjectsProps> = {}): readonly string[] {
  try {
    adopt(kind, spec, props);
  } catch (error) {
    if (error instanceof OperatorObjectsError) {
      return error.problems;
    }
    throw error;
  }
  throw new Error('the object was adopted, expected problems');
}

function jobsIn(manifests: readonly Manifest[]): readonly ScrapeConfig[] {
  return serverConfig(manifests, 'prometheus-config', 'prometheus.yml').scrape_configs;
}

const jobIn = (manifests: readonly Manifest[], name: string) => jobsIn(manifests).find((job) => job.job_name === name)!;
const egressOf = (manifests: readonly Manifest[]) => find(manifests, 'NetworkPolicy', 'prometheus').spec.egress;

describe('OperatorObjects', () => {
  const { objects, manifests } = adoptOrders();

  it('makes a job of each endpoint, named as prometheus-operator names it', () => {
    expect(jobsIn(manifests).map((job) => job.job_name)).toEqual([
      'serviceMonitor/orders/orders-api/0',
      'podMonitor/orders/queue/0',
      'podMonitor/orders/queue/1',
      'probe/orders/orders-site',
    ]);
  });

  describe('reads a ServiceMonitor:', () => {
    const job = jobIn(manifests, 'serviceMonitor/orders/orders-api/0');

    it('how the endpoint is scraped', () => {
      expect(job).toMatchObject({
        scheme: 'https',
        metrics_path: '/internal/metrics',
        scrape_interval: '30s',
        scrape_timeout: '20s',
        honor_labels: true,
        params: { format: ['prometheus'] },
        sample_limit: 50_000,
        kubernetes_sd_configs: [{ role: 'endpointslice', namespaces: { names: ['orders'] } }],
      });
      expect(job).not.toHaveProperty('authorization');
    });

    it('the selector, the port, the labels and the relabelings, in the order of prometheus-operator', () => {
      const meta = '__meta_kubernetes';
      const target = [`${meta}_endpointslice_address_target_kind`, `${meta}_endpointslice_address_target_name`];
      expect(job.relabel_configs).toEqual([
        { source_labels: ['job'], target_label: '__tmp_prometheus_job_name' },
        {
          source_labels: [
            `${meta}_service_label_app_kubernetes_io_name`,
            `${meta}_service_labelpresent_app_kubernetes_io_name`,
          ],
          regex: '(orders-api);true',
          action: 'keep',
        },
        {
          source_labels: [`${meta}_service_label_tier`, `${meta}_service_labelpresent_tier`],
          regex: '(v1\\.2);true',
          action: 'keep',
        },
        {
          source_labels: [
            `${meta}_service_label_app_kubernetes_io_part_of`,
            `${meta}_service_labelpresent_app_kubernetes_io_part_of`,
          ],
          regex: '(orders|shop);true',
          action: 'keep',
        },
        {
          source_labels: [`${meta}_service_labelpresent_prometheus_io_ignore`],
          regex: 'true',
          action: 'drop',
        },
        { source_labels: [`${meta}_endpointslice_port_name`], regex: 'metrics', action: 'keep' },
        { source_labels: target, regex: 'Node;(.*)', target_label: 'node' },
        { source_labels: target, regex: 'Pod;(.*)', target_label: 'pod' },
        { source_labels: [`${meta}_namespace`], target_label: 'namespace' },
        { source_labels: [`${meta}_service_name`], target_label: 'service' },
        { source_labels: [`${meta}_pod_name`], target_label: 'pod' },
        { source_labels: [`${meta}_pod_container_name`], target_label: 'container' },
        { source_labels: [`${meta}_pod_phase`], regex: '(Failed|Succeeded)', action: 'drop' },
        {
          source_labels: [`${meta}_service_label_app_kubernetes_io_part_of`],
          regex: '(.+)',
          target_label: 'app_kubernetes_io_part_of',
        },
        { source_labels: [`${meta}_pod_label_version`], regex: '(.+)', target_label: 'version' },
        { source_labels: [`${meta}_service_name`], target_label: 'job' },
        { source_labels: [`${meta}_service_label_app_kubernetes_io_name`], regex: '(.+)', target_label: 'job' },
        { target_label: 'endpoint', replacement: 'metrics' },
        { source_labels: [`${meta}_pod_node_name`], target_label: 'node', action: 'replace' },
        { regex: 'container', action: 'labeldrop' },
      ]);
      expect(job.metric_relabel_configs).toEqual([
        { source_labels: ['__name__'], regex: 'go_gc_.*', action: 'drop' },
        { target_label: 'pod_template_hash', replacement: '' },
      ]);
    });

    it('certificates, which the pod mounts from its own namespace', () => {
      const directory = '/etc/prometheus/scrape/serviceMonitor-orders-orders-api-0';
      expect(job.tls_config).toEqual({
        ca_file: `${directory}/ca.crt`,
        cert_file: `${directory}/tls.crt`,
        key_file: `${directory}/tls.key`,
        server_name: 'orders-api.orders.svc',
      });
      const { volumes, containers } = podOf(manifests, 'prometheus').spec;
      const { name } = containers[0].volumeMounts.find((mount: Manifest) => mount.mountPath === directory);
      const { projected } = volumes.find((volume: Manifest) => volume.name === name);
      expect(JSON.stringify(projected)).toMatch(/orders-ca.*orders-client.*orders-client/);
    });
  });

  it('reads a PodMonitor: selector, ports and passwords', () => {
    const [named, numbered] = jobsIn(manifests).slice(1, 3) as [ScrapeConfig, ScrapeConfig];
    expect(named.kubernetes_sd_configs).toEqual([{ role: 'pod', namespaces: { names: ['orders', 'orders-batch'] } }]);
    expect(named.basic_auth).toEqual({
      username_file: '/etc/prometheus/scrape/podMonitor-orders-queue-0/username',
      password_file: '/etc/prometheus/scrape/podMonitor-orders-queue-0/password',
    });
    expect(named.relabel_configs).toEqual(
      expect.arrayContaining([
        {
          source_labels: ['__meta_kubernetes_pod_label_queue', '__meta_kubernetes_pod_labelpresent_queue'],
          regex: '(true);true',
          action: 'keep',
        },
        { source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: 'tcp-prometheus', action: 'keep' },
        { target_label: 'job', replacement: 'orders/queue' },
        { target_label: 'endpoint', replacement: 'tcp-prometheus' },
      ]),
    );
    expect(numbered.relabel_configs).toContainEqual({
      source_labels: ['__meta_kubernetes_pod_container_port_number'],
      regex: '9404',
      action: 'keep',
    });
    const filter = (job: ScrapeConfig) => job.relabel_configs!.some(({ regex }) => regex === '(Failed|Succeeded)');
    expect([named, numbered].map(filter)).toEqual([true, false]);
  });

  it('reads a Probe of URLs', () => {
    expect(jobIn(manifests, 'probe/orders/orders-site')).toMatchObject({
      metrics_path: '/probe',
      scrape_interval: '60s',
      params: { module: ['http_2xx'] },
      static_configs: [
        {
          targets: ['https://orders.example.com', 'https://api.orders.example.com/health'],
          labels: { namespace: 'orders', environment: 'production' },
        },
      ],
      relabel_configs: [
        { source_labels: ['job'], target_label: '__tmp_prometheus_job_name' },
        { target_label: 'job', replacement: 'orders-site' },
        { source_labels: ['__address__'], target_label: '__param_target' },
        { source_labels: ['__param_target'], target_label: 'instance' },
        { target_label: '__address__', replacement: 'prober.orders.svc:9115' },
      ],
    });
  });

  it('reads a Probe of Ingresses, with the right to list them', () => {
    const prober = (chart: Chart) => new BlackboxExporter(chart, 'blackbox').endpoint;
    const probed = adopt(
      'Probe',
      {
        prober: { url: 'ignored:9115' },
        module: 'http_2xx',
        targets: { ingress: { selector: { matchLabels: { probe: 'true' } }, namespaceSelector: { any: true } } },
      },
      { prober: prober(testChart()), anyNamespace: ['shop', 'site'] },
    );
    const job = jobIn(probed, 'probe/shop/it');
    expect(job.kubernetes_sd_configs).toEqual([{ role: 'ingress', namespaces: { names: ['shop', 'site'] } }]);
    expect(job.relabel_configs).toContainEqual({
      source_labels: ['__meta_kubernetes_ingress_scheme', '__address__', '__meta_kubernetes_ingress_path'],
      regex: '(.+);(.+);(.+)',
      target_label: '__param_target',
      replacement: '${1}://${2}${3}',
    });
    expect(job.relabel_configs!.at(-1)).toEqual({
      target_label: '__address__',
      replacement: `blackbox-exporter.${NAMESPACE}.svc:9115`,
    });
    const right = { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['get', 'list', 'watch'] };
    const holders = findAll(probed, 'Role').filter(({ rules }) => JSON.stringify(rules).includes('ingresses'));
    expect(holders.map(({ metadata }) => metadata.namespace).sort()).toEqual(['shop', 'site']);
    expect(holders[0]!.rules).toContainEqual(right);
  });

  it('opens the way to the pods that the App knows, and to nothing else', () => {
    const to = (namespace: string, labels: object, port: number) => ({
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          podSelector: { matchLabels: labels },
        },
      ],
      ports: [{ port, protocol: 'TCP' }],
    });
    expect(egressOf(manifests)).toEqual(
      expect.arrayContaining([
        to('orders', { 'app.kubernetes.io/name': 'orders-api' }, 9091),
        to('orders-batch', { queue: 'true' }, 9404),
        to('orders', { app: 'prober' }, 9115),
      ]),
    );
    // DNS, the API server, and these three.
    expect(egressOf(manifests)).toHaveLength(5);
    expect(findAll(manifests, 'NetworkPolicy').map(({ metadata }) => metadata.namespace)).toEqual([NAMESPACE]);
  });

  it('says what the owners of the pods must admit', () => {
    const client = `the pods app.kubernetes.io/name=prometheus,app.kubernetes.io/managed-by=cdk8s of namespace ${NAMESPACE}`;
    expect(objects.admissions).toEqual([
      `namespace orders: admit to pods app.kubernetes.io/name=orders-api at port 9091 ${client}`,
      `namespace orders-batch: admit to pods queue=true at port 9404 ${client}`,
      `namespace orders: admit to pods app=prober at port 9115 ${client}`,
    ]);
  });

  it('gets the Roles that discovery needs', () => {
    const namespaces = findAll(manifests, 'Role').map(({ metadata }) => metadata.namespace);
    expect(namespaces.sort()).toEqual(['orders', 'orders-batch']);
  });

  it('opens the whole namespace where only the cluster knows the pods', () => {
    const selector = { matchLabels: { app: 'shop' } };
    expect(egressOf(adopt('ServiceMonitor', { selector, endpoints: [{ port: 'http' }] }))).toContainEqual({
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
          podSelector: {},
        },
      ],
    });
    expect(egressOf(adopt('PodMonitor', { selector, podMetricsEndpoints: [{ portNumber: 8080 }] }))).toContainEqual({
      to: [
        {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } },
          podSelector: { matchLabels: { app: 'shop' } },
        },
      ],
      ports: [{ port: 8080, protocol: 'TCP' }],
    });
  });

  it('reads the namespaces that stand for "any", and nodes with a right of the whole cluster', () => {
    const adopted = adopt(
      'ServiceMonitor',
      {
        selector: {},
        namespaceSelector: { any: true },
        attachMetadata: { node: true },
        endpoints: [{ targetPort: 8080, bearerTokenFile: '/var/run/secrets/kubernetes.io/serviceaccount/token' }],
      },
      { anyNamespace: ['shop', 'site'] },
    );
    const job = jobIn(adopted, 'serviceMonitor/shop/it/0');
    expect(job.kubernetes_sd_configs).toEqual([
      { role: 'endpointslice', namespaces: { names: ['shop', 'site'] }, attach_metadata: { node: true } },
    ]);
    expect(job.authorization).toEqual({ credentials_file: '/var/run/secrets/kubernetes.io/serviceaccount/token' });
    expect(findAll(adopted, 'ClusterRole').flatMap(({ rules }) => rules)).toEqual([
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
    ]);
  });

  describe('loads a PrometheusRule', () => {
    const group = (alert: object) => ({
      groups: [{ name: 'shop', partial_response_strategy: 'abort', rules: [alert] }],
    });
    const alert = {
      alert: 'QueueFull',
      expr: 'queue_length > 100',
      labels: { severity: 'warning' },
      annotations: { message: 'The queue is full.', runbook_url: 'https://wiki.example.com/queue' },
    };

    it('of any severity, with your words for it', () => {
      const adopted = adopt('PrometheusRule', group(alert), { rules: { severities: { warning: 'medium' } } });
      expect(serverConfig(adopted, 'prometheus-rules-shop-it', 'shop-it.yaml').groups).toEqual([
        {
          name: 'shop',
          rules: [
            {
              alert: 'QueueFull',
              expr: 'queue_length > 100',
              labels: { severity: 'medium' },
              annotations: {
                message: 'The queue is full.',
                description: 'The queue is full.',
                runbook_url: 'https://wiki.example.com/queue',
              },
            },
          ],
        },
      ]);
    });

    it('and refuses one that Prometheus would refuse', () => {
      expect(() => adopt('PrometheusRule', group({ ...alert, expr: 'sum(' }))).toThrow(
        'shop-it: QueueFull: expr does not parse at "the end of the expression": fix the PromQL',
      );
    });
  });

  it('reads every namespace with rights of the whole cluster', () => {
    const spec = { selector: {}, namespaceSelector: { any: true }, podMetricsEndpoints: [{ portNumber: 8080 }] };
    const adopted = adopt('PodMonitor', spec, { anyNamespace: 'all' });
    expect(jobIn(adopted, 'podMonitor/shop/it/0').kubernetes_sd_configs).toEqual([{ role: 'pod' }]);
    expect(findAll(adopted, 'ClusterRole')).toHaveLength(1);
    expect(findAll(adopted, 'Role')).toEqual([]);
    expect(egressOf(adopted)).toContainEqual({
      to: [{ namespaceSelector: {}, podSelector: {} }],
      ports: [{ port: 8080, protocol: 'TCP' }],
    });
  });

  it('leaves the objects in the manifests, or out of them', () => {
    const kinds = (from: readonly Manifest[]) =>
      from.filter(({ apiVersion }) => apiVersion === 'monitoring.coreos.com/v1').map(({ kind }) => kind);
    expect(kinds(manifests)).toEqual(['ServiceMonitor', 'PodMonitor', 'Probe']);
    const removed = adoptOrders({ remove: true }).manifests;
    expect(kinds(removed)).toEqual([]);
    expect(jobsIn(removed)).toEqual(jobsIn(manifests));
  });

  it('adopts the objects of its scopes that are selected', () => {
    const { chart, prometheus } = appWith((app) => {
      orders(app);
      const other = testChart('other', app, 'other');
      for (const name of ['one', 'two']) {
        new ApiObject(other, name, {
          apiVersion: 'monitoring.coreos.com/v1',
          kind: 'PodMonitor',
          metadata: { name },
          spec: { podMetricsEndpoints: [{ port: 'http' }] },
        });
      }
    });
    new OperatorObjects(chart, 'objects', {
      prometheus,
      scopes: [chart.node.root.node.findChild('other')],
      select: ({ name }) => name === 'two',
    });
    expect(jobsIn(manifestsOf(chart)).map((job) => job.job_name)).toEqual(['podMonitor/other/two/0']);
  });

  it('fails synthesis for an object that is added later', () => {
    const { chart, prometheus } = appWith(() => undefined);
    new OperatorObjects(chart, 'objects', { prometheus });
    new ApiObject(chart, 'late', { apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor', spec: {} });
    expect(synthError(chart)).toContain(
      'PodMonitor monitoring/late was added after OperatorObjects: create OperatorObjects last',
    );
  });

  describe('refuses, with the object, the field and the fix,', () => {
    const monitor = (endpoint: object, spec: object = {}) => ({ selector: {}, endpoints: [endpoint], ...spec });

    test.each<[string, string, object, string]>([
      [
        'a field without a counterpart',
        'ServiceMonitor',
        monitor({ port: 'http', oauth2: { tokenUrl: 'https://id.example.com' } }),
        'spec.endpoints[0].oauth2: has no counterpart here: remove it, or name "spec.endpoints.oauth2" in the prop "ignore"',
      ],
      [
        'a scrape class',
        'PodMonitor',
        { scrapeClass: 'mesh', podMetricsEndpoints: [] },
        'spec.scrapeClass: has no counterpart here: remove it, or name "spec.scrapeClass" in the prop "ignore"',
      ],
      [
        'every namespace',
        'PodMonitor',
        { namespaceSelector: { any: true }, podMetricsEndpoints: [{ port: 'http' }] },
        'spec.namespaceSelector.any: Prometheus has rights by namespace: list them in the prop "anyNamespace"',
      ],
      [
        'a Secret that the pod cannot mount',
        'ServiceMonitor',
        monitor({ port: 'http', bearerTokenSecret: { name: 'token', key: 'value' } }),
        `spec.endpoints[0].bearerTokenSecret.name: Prometheus cannot mount the Secret shop/token: copy it to ${NAMESPACE}, and name "shop/token" in the prop "copies"`,
      ],
      [
        'half a password',
        'ServiceMonitor',
        monitor({ port: 'http', basicAuth: { username: { name: 'a', key: 'b' } } }),
        'spec.endpoints[0].basicAuth.password: is not set: name the key of a Secret',
      ],
      [
        'an authorization that is no bearer token',
        'ServiceMonitor',
        monitor({ port: 'http', authorization: { type: 'Basic' } }),
        'spec.endpoints[0].authorization.type: only Bearer has a counterpart here: scrape it with prometheus.addScrapeConfig()',
      ],
      [
        'an exporter that the App does not have',
        'Probe',
        {
          prober: { url: 'blackbox.infra.svc:9115' },
          targets: { staticConfig: { static: ['https://a.example.com'] } },
        },
        'spec.prober.url: blackbox.infra.svc:9115: no Service of the App has this name: set the prop "prober"',
      ],
      [
        'another kind that configures Prometheus',
        'ScrapeConfig',
        {},
        'kind: has no counterpart here: write prometheus.addScrapeConfig(), and leave it out by "select"',
      ],
    ])('%s', (_title, kind, spec, problem) => {
      expect(problemsOf(kind, spec, { copies: ['shop/a'] })).toContain(`${kind} shop/it: ${problem}`);
    });

    it('unless the field may be lost', () => {
      const spec = monitor({ port: 'http', oauth2: { tokenUrl: 'https://id.example.com' } });
      expect(jobsIn(adopt('ServiceMonitor', spec, { ignore: ['spec.endpoints.oauth2'] }))).toHaveLength(1);
    });
  });

  describeWithTools(['promtool'], 'Its configuration', () => {
    it('is one that Prometheus reads', () => {
      const { rule_files: _, ...config } = serverConfig(manifests, 'prometheus-config', 'prometheus.yml');
      const file = join(temporaryDirectory(), 'prometheus.yml');
      writeFileSync(file, toYaml(config));
      expect(runTool('promtool', 'check', 'config', '--syntax-only', file)).toEqual(ACCEPTED);
    });
  });
});
