import { ApiObject } from 'cdk8s';
import type { Construct } from 'constructs';
import { Credentials, Endpoint, OtelCollector, type OtelCollectorProps } from '../../../constructs';
import { otherSamplers } from '../../../constructs/otel-collector/tail-sampling';
import { containerOf, find, findAll, manifestsOf, NAMESPACE, podOf, render, testChart } from '../../../testing/render';
import { testProps } from '../../support/props';
import { serverConfig } from '../../support/server-config';
import { settingError } from '../../support/setting-error';
import { component } from '../kit/sample';

const credentials = new Credentials('demo-credentials');
const key = (name: string) => ({ credentials, key: name });
const VENDORS = {
  datadog: { apiKey: key('DD'), site: 'datadoghq.eu', traceSource: 'demo' },
  newRelic: { licenseKey: key('NR'), region: 'eu' },
  sentry: { publicKey: key('SENTRY'), organization: '11', project: '22', region: 'de' },
} as const;
/** The processors that mask spans. */
const MASKING = [0, 1, 2, 3].map((part) => `transform/sanitise-traces-${part}`);
const TRACES = Endpoint.host('traces.example.com', 4317, 'grpc');

/** A gateway with a store of traces, and its files. */
function gateway(props: OtelCollectorProps = {}, add: (gateway: OtelCollector) => void = () => {}) {
  const chart = testChart();
  const made = new OtelCollector(chart, 'gateway', props);
  made.addTraceStore(TRACES);
  add(made);
  const manifests = manifestsOf(chart);
  const file = (name: string) => serverConfig(manifests, `${name}-config`, 'config.yaml');
  return { chart, made, manifests, config: file('otel-collector'), sampler: () => file('otel-collector-sampler') };
}

const make = (scope: Construct, props: OtelCollectorProps) =>
  new OtelCollector(scope, 'gateway', props).addTraceStore(TRACES);

describe('OtelCollector', () => {
  testProps<OtelCollectorProps, 'replicas'>({
    make,
    // Statements that mask: half a megabyte, with tests of their own.
    parts: (scope, props) => {
      for (const manifest of findAll(
        render((chart) => make(chart, props)),
        'ConfigMap',
      )) {
        if (manifest.metadata.name.includes('-transform-sanitise-')) {
          new ApiObject(scope, manifest.metadata.name, manifest);
        }
      }
    },
    minimal: () => ({}),
    full: () => ({
      name: 'gateway',
      samplers: 4,
      autoscaling: { minReplicas: 2, maxReplicas: 7 },
      sampling: { percent: 7 },
      sanitising: { nationalIds: ['es'] },
      oldClients: false,
      browserOrigins: ['https://app.example.com'],
      outside: { tlsSecret: 'gateway-tls', token: key('OTLP_TOKEN') },
      namespaces: ['orders'],
      resourceAttributes: { 'k8s.cluster.name': 'mars' },
      dimensions: ['rpc.method'],
      vendors: VENDORS,
      storage: 'claim',
      storageSize: '77Gi',
      storageClass: 'fast',
      pod: { priorityClassName: 'traces-first' },
      samplerPod: { priorityClassName: 'samplers-first' },
    }),
    traces: {
      name: 'name: gateway',
      samplers: 'replicas: 4',
      autoscaling: 'maxReplicas: 7',
      sampling: 'sampling_percentage: 7',
      sanitising: '[masked:national_id]',
      // Removes ports: the test below.
      oldClients: 'name: gateway',
      browserOrigins: '- https://app.example.com',
      outside: 'secretName: gateway-tls',
      namespaces: 'namespace: orders',
      resourceAttributes: 'value: mars',
      dimensions: 'name: rpc.method',
      vendors: 'endpoint: https://otlp.datadoghq.eu',
      storage: 'storage: 77Gi',
      storageSize: 'storage: 77Gi',
      storageClass: 'storageClassName: fast',
      pod: 'priorityClassName: traces-first',
      samplerPod: 'priorityClassName: samplers-first',
    },
    apart: { replicas: { props: () => ({ replicas: 3 }), trace: 'replicas: 3' } },
  });

  describe('the pipeline of traces', () => {
    test('limits memory first, and masks before it counts, samples and sends', () => {
      const { pipelines } = gateway({ resourceAttributes: { a: 'b' } }).config.service;
      expect(pipelines['traces/in']).toEqual({
        receivers: ['otlp', 'jaeger', 'zipkin'],
        processors: ['memory_limiter', 'k8s_attributes', 'resource', ...MASKING],
        exporters: ['span_metrics', 'forward/traces'],
      });
      expect(pipelines['traces/sampled']).toEqual({
        receivers: ['forward/traces'],
        processors: ['tail_sampling'],
        exporters: ['otlp_grpc/jaeger'],
      });
    });

    test('is in two tiers with several replicas, and its store is reached by the second', () => {
      const { config, sampler, manifests } = gateway({ replicas: 3 });
      expect(Object.keys(config.service.pipelines)).toEqual([
        'traces/in',
        'metrics/spans',
        'traces/sampler-0',
        'traces/sampler-1',
        'traces/sampler-2',
      ]);
      expect(config.exporters['otlp_grpc/sampler-1'].endpoint).toBe(
        `otel-collector-sampler-1.otel-collector-sampler-headless.${NAMESPACE}.svc:4317`,
      );
      expect(sampler().service.pipelines['traces/sampled'].processors).toEqual(['memory_limiter', 'tail_sampling']);
      const egress = (name: string) => JSON.stringify(find(manifests, 'NetworkPolicy', name).spec.egress);
      expect(egress('otel-collector-sampler')).toContain('0.0.0.0/0');
      expect(egress('otel-collector')).not.toContain('"cidr":"0.0.0.0/0"');
    });

    test('has no filter before a single sampler', () => {
      const { config } = gateway({ autoscaling: { minReplicas: 1, maxReplicas: 3 } });
      expect(config.service.pipelines['traces/sampler-0'].processors ?? []).toEqual([]);
      expect(Object.keys(config.processors).filter((id) => id.startsWith('filter'))).toEqual([]);
    });

    test('keeps what waits on a volume, and tries without an end', () => {
      const { config, manifests } = gateway();
      expect(config.exporters['otlp_grpc/jaeger']).toMatchObject({
        retry_on_failure: { max_elapsed_time: '0s' },
        sending_queue: { storage: 'file_storage/queue', sizer: 'items' },
      });
      expect(config.extensions['file_storage/queue'].directory).toBe('/var/lib/otelcol');
      expect(containerOf(manifests, 'otel-collector').volumeMounts).toContainEqual(
        expect.objectContaining({ mountPath: '/var/lib/otelcol' }),
      );
    });

    test('does not exist without a store: the gateway takes no traces that it would throw away', () => {
      const chart = testChart();
      const logs = new OtelCollector(chart, 'gateway', { oldClients: false });
      logs.addLogStore(Endpoint.host('logs.example.com', 3100, 'http'));
      const { service } = serverConfig(manifestsOf(chart), 'otel-collector-config', 'config.yaml');
      expect(Object.keys(service.pipelines)).toEqual(['logs']);
    });
  });

  test('masks with the statements of several files, each of which fits into an object', () => {
    const { manifests } = gateway();
    const files = findAll(manifests, 'ConfigMap').flatMap(({ data }) => Object.keys(data));
    expect(files).toEqual(expect.arrayContaining(['config.yaml', 'transform-sanitise-traces-0.yaml']));
    expect(containerOf(manifests, 'otel-collector').args).toEqual(files.map((file) => `--config=/etc/otelcol/${file}`));
  });

  describe('sampling', () => {
    const policies = (sampling: OtelCollectorProps['sampling']) =>
      gateway({ sampling }).config.processors.tail_sampling.policies;

    test('keeps errors, slow traces and a share of the rest', () => {
      expect(policies({})).toEqual([
        { name: 'errors', type: 'status_code', status_code: { status_codes: ['ERROR'] } },
        { name: 'slow', type: 'latency', latency: { threshold_ms: 2000 } },
        { name: 'share', type: 'probabilistic', probabilistic: { sampling_percentage: 10 } },
      ]);
    });

    test('keeps rare routes, and slow traces by route', () => {
      const names = policies({ rareRoutes: ['/export'], slowRoutes: { '/search': 300 } }).map(
        ({ name, type }: { name: string; type: string }) => `${name} ${type}`,
      );
      expect(names).toEqual([
        'errors status_code',
        'rare-routes string_attribute',
        'slow-route-0 and',
        'slow and',
        'share probabilistic',
      ]);
    });

    test.each([1, 2, 3, 7, 16])('sends each trace to one of %d samplers', (samplers) => {
      const taken = Array.from({ length: 256 }, (_, value) => {
        const digits = value.toString(16).padStart(2, '0');
        return Array.from({ length: samplers }, (_none, sampler) => otherSamplers(sampler, samplers)).filter(
          (condition) => !dropsSpan(condition, digits),
        ).length;
      });
      expect(taken).toEqual(taken.map(() => 1));
    });
  });

  describe('the vendors', () => {
    test('exist only when they are set', () => {
      const { config, manifests } = gateway();
      expect(Object.keys(config.exporters)).toEqual(['prometheus', 'otlp_grpc/jaeger']);
      expect(JSON.stringify(config)).not.toMatch(/datadog|nr-data|sentry/);
      expect(containerOf(manifests, 'otel-collector').env.map(({ name }: { name: string }) => name)).toEqual([
        'POD_IP',
        'GOMEMLIMIT',
      ]);
    });

    test('have the endpoint of their region, a key from the Secret, and a queue of their own', () => {
      const { config, manifests } = gateway({ vendors: VENDORS });
      const { exporters } = config;
      expect(exporters['otlp_http/datadog']).toMatchObject({
        endpoint: 'https://otlp.datadoghq.eu',
        headers: { 'dd-api-key': `\${env:DATADOG_API_KEY}`, 'dd-otlp-source': 'demo' },
        sending_queue: { storage: 'file_storage/queue' },
      });
      expect(exporters['otlp_http/newrelic']).toMatchObject({
        endpoint: 'https://otlp.eu01.nr-data.net',
        headers: { 'api-key': `\${env:NEW_RELIC_LICENSE_KEY}` },
      });
      expect(exporters['otlp_http/sentry']).toMatchObject({
        endpoint: 'https://o11.ingest.de.sentry.io/api/22/integration/otlp',
        headers: { 'x-sentry-auth': `sentry sentry_key=\${env:SENTRY_PUBLIC_KEY}` },
      });
      // A Secret without the key does not stop the pod.
      expect(containerOf(manifests, 'otel-collector').env).toContainEqual({
        name: 'DATADOG_API_KEY',
        valueFrom: { secretKeyRef: { name: 'demo-credentials', key: 'DD', optional: true } },
      });
    });

    test('get their key where they are sent from', () => {
      const { manifests } = gateway({
        replicas: 2,
        vendors: { newRelic: { ...VENDORS.newRelic, signals: ['traces'] } },
      });
      const has = (name: string) => JSON.stringify(containerOf(manifests, name).env).includes('NEW_RELIC_LICENSE_KEY');
      expect([has('otel-collector'), has('otel-collector-sampler')]).toEqual([false, true]);
    });
  });

  describe('clients', () => {
    test('of Jaeger and Zipkin have no port with oldClients: false', () => {
      const ports = (props: OtelCollectorProps) =>
        containerOf(gateway(props).manifests, 'otel-collector').ports.map(({ name }: { name: string }) => name);
      expect(ports({})).toEqual(expect.arrayContaining(['jaeger-grpc', 'jaeger-thrift', 'zipkin']));
      expect(ports({ oldClients: false }).join()).not.toMatch(/jaeger|zipkin/);
    });

    test('outside the cluster need TLS and a token, on ports of their own', () => {
      const { config } = gateway({
        outside: { tlsSecret: 'gateway-tls', token: key('OTLP_TOKEN') },
        browserOrigins: ['https://app.example.com'],
      });
      const { grpc, http } = config.receivers['otlp/outside'].protocols;
      for (const protocol of [grpc, http]) {
        expect(protocol.auth).toEqual({ authenticator: 'bearertokenauth/outside' });
        expect(protocol.tls).toMatchObject({ cert_file: '/etc/otelcol-tls/tls.crt', min_version: '1.2' });
      }
      expect(http.cors.allowed_origins).toEqual(['https://app.example.com']);
      expect(config.receivers.otlp.protocols.grpc.tls).toBeUndefined();
      expect(config.extensions['bearertokenauth/outside']).toEqual({ filename: '/etc/otelcol-token/OTLP_TOKEN' });
    });
  });

  describe('in the cluster', () => {
    test('reads pods of the named namespaces only', () => {
      const { manifests } = gateway({ namespaces: ['orders', 'billing'] });
      expect(
        findAll(manifests, 'Role')
          .map(({ metadata }) => metadata.namespace)
          .sort(),
      ).toEqual(['billing', 'orders']);
      expect(findAll(manifests, 'ClusterRole')).toEqual([]);
      expect(findAll(gateway().manifests, 'ClusterRole')).toHaveLength(1);
    });

    test('leaves the number of replicas to the autoscaler', () => {
      const { manifests } = gateway({ autoscaling: { minReplicas: 2, maxReplicas: 5, cpuPercent: 60 } });
      expect(find(manifests, 'StatefulSet', 'otel-collector').spec).not.toHaveProperty('replicas');
      expect(find(manifests, 'HorizontalPodAutoscaler').spec).toMatchObject({ minReplicas: 2, maxReplicas: 5 });
    });

    test('has time to decide and to deliver before it is killed', () => {
      const { manifests } = gateway({ sampling: { decisionSeconds: 25 } });
      expect(podOf(manifests, 'otel-collector').spec.terminationGracePeriodSeconds).toBe(55);
    });

    test('spreads clients over its replicas', () => {
      const { manifests } = gateway({ replicas: 2 });
      expect(find(manifests, 'Service', 'otel-collector').spec).not.toHaveProperty('sessionAffinity');
    });
  });

  describe('teams', () => {
    test('add exporters, which get a queue and retries', () => {
      const { config } = gateway({}, (made) =>
        made.addExporter('otlp_http/archive', { endpoint: 'https://archive.example.com' }, ['traces', 'logs']),
      );
      expect(config.service.pipelines['traces/sampled'].exporters).toContain('otlp_http/archive');
      expect(config.service.pipelines.logs.exporters).toEqual(['otlp_http/archive']);
      expect(config.exporters['otlp_http/archive'].sending_queue.storage).toBe('file_storage/queue');
    });

    test('add exporters of other kinds as they are', () => {
      const { config } = gateway({}, (made) => made.addExporter('file/all', { path: '/tmp/all' }, ['metrics']));
      expect(config.exporters['file/all']).toEqual({ path: '/tmp/all' });
    });

    test('add processors behind redaction, and pipelines', () => {
      const { config } = gateway({}, (made) => {
        made.addProcessor('attributes/team', { actions: [{ key: 'team', value: 'a', action: 'upsert' }] }, ['traces']);
        made.addPipeline(
          'logs/audit',
          { receivers: ['otlp'], processors: ['memory_limiter'], exporters: ['file/audit'] },
          { exporters: { 'file/audit': { path: '/var/lib/otelcol/audit' } } },
        );
      });
      expect(config.service.pipelines['traces/in'].processors.slice(-2)).toEqual([MASKING.at(-1), 'attributes/team']);
      expect(config.service.pipelines['logs/audit'].exporters).toEqual(['file/audit']);
    });

    test('send metrics to each replica of a Prometheus', () => {
      const chart = testChart();
      const prometheus = component(chart, {
        name: 'prometheus',
        workload: { kind: 'StatefulSet', replicas: 2, storage: { path: '/data', size: '1Gi' } },
        ports: { http: { port: 9090 } },
      });
      new OtelCollector(chart, 'gateway').addMetricStore(prometheus.endpoint());
      const { exporters } = serverConfig(manifestsOf(chart), 'otel-collector-config', 'config.yaml');
      expect(exporters['otlp_http/prometheus-1'].endpoint).toBe(
        `http://prometheus-1.prometheus-headless.${NAMESPACE}.svc:9090/api/v1/otlp`,
      );
    });

    test.each<[string, (made: OtelCollector) => void]>([
      ['duplicate exporter "otlp_grpc/jaeger": rename one of them', (made) => made.addTraceStore(TRACES)],
      [
        'signals is []: name traces, logs or metrics: the exporter would not run',
        (made) => made.addExporter('debug', {}, []),
      ],
      [
        'signals is []: name traces, logs or metrics: the processor would not run',
        (made) => made.addProcessor('attributes', {}, []),
      ],
    ])('are told: %s', (message, add) => {
      expect(() => gateway({}, add)).toThrow(message);
    });
  });

  test.each<[OtelCollectorProps, string]>([
    [{ replicas: 0 }, 'replicas is 0: write a whole number greater than zero'],
    [
      { replicas: 2, samplers: 0 },
      'samplers is 0: write at least 1: each replica would decide about a part of each trace',
    ],
    [{ samplers: 17 }, 'samplers is 17: write a whole number from 0 to 16'],
    [
      { replicas: 2, autoscaling: { minReplicas: 1, maxReplicas: 2 } },
      'replicas is 2: leave it out: autoscaling decides',
    ],
    [
      { autoscaling: { minReplicas: 3, maxReplicas: 2 } },
      'autoscaling.maxReplicas is 2: write a whole number, at least minReplicas',
    ],
    [{ sampling: { percent: 101 } }, 'sampling.percent is 101: write a number from 0 to 100'],
    [{ sampling: { slowRoutes: { '/a': 0 } } }, 'sampling.slowRoutes./a is 0: write a whole number greater than zero'],
    [
      { browserOrigins: ['app.example.com'] },
      'browserOrigins is "app.example.com": write a scheme and a host, e.g. https://app.example.com',
    ],
    [{ namespaces: [] }, 'namespaces is []: name a namespace, or leave it out for all of them'],
    [{ dimensions: ['a b'] }, 'dimensions is "a b": write the name of an attribute, e.g. k8s.cluster.name'],
    [
      { vendors: { newRelic: { licenseKey: key('') } } },
      'vendors.newRelic.licenseKey.key is "": name the key of the Secret, or leave the vendor out',
    ],
    [
      { vendors: { datadog: { apiKey: key('DD'), site: 'eu' } } },
      'vendors.datadog.site is "eu": write the host of the site, e.g. datadoghq.eu',
    ],
    [
      { vendors: { datadog: { apiKey: key('DD'), logs: false } } },
      'vendors.datadog.logs is false: name a traceSource, or leave out datadog: nothing is sent',
    ],
    [
      { vendors: { sentry: { publicKey: key('S'), organization: 'acme', project: '1' } } },
      'vendors.sentry.organization is "acme": write the digits of the DSN: its number, not its name',
    ],
  ])('refuses %j', (props, message) => {
    expect(settingError(() => gateway(props)).message).toBe(message);
  });
});

/** Evaluates the condition of `otherSamplers()` for the last two digits of a trace id. */
function dropsSpan(condition: string, digits: string): boolean {
  return condition.split(' or ').some((part) => {
    const [, operator, bound = ''] = /(<|>=) "(..)"$/.exec(part) ?? [];
    return operator === '<' ? digits < bound : operator === '>=' && digits >= bound;
  });
}
