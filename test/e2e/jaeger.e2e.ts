import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Credentials, Endpoint, Jaeger, type JaegerProps } from '../../constructs';
import { stopAtEnd, temporaryDirectory } from '../../testing/cleanup';
import { writeInto } from '../../testing/files';
import { type Kubernetes, startKubernetes } from '../../testing/kubernetes';
import { addPod, credentialsOf } from '../../testing/log-collector';
import { configFiles } from '../../testing/manifests';
import { startPrometheus } from '../../testing/prometheus';
import { find, manifestsOf, NAMESPACE, testChart } from '../../testing/render';
import { getJson, waitFor } from '../../testing/server';
import { makeTrace, sendTraces, sendZipkin } from '../../testing/traces/clients';
import { sendThrift } from '../../testing/traces/jaeger-client';
import { gatewayManifests, places, startGateway } from '../../testing/traces/platform';
import { complaintsOf, type Pod, type PodProps, podAddress, startPod } from '../../testing/traces/pods';
import { BIN } from '../../tools/catalogue';
import { ACCEPTED, describeWithTools, runTool } from '../support/tools';

const credentials = new Credentials('demo-credentials');
const PROMETHEUS = 'prometheus.example.com';

/** Jaeger's module has no web interface: it is compiled at release. */
const NO_INTERFACE = 'ui assets not embedded in the binary';

function jaegerManifests(props: JaegerProps) {
  const chart = testChart();
  new Jaeger(chart, 'jaeger', props);
  return manifestsOf(chart);
}

/** Starts the Jaeger of some props. */
function startJaeger(name: string, props: JaegerProps, pod: Partial<PodProps> = {}): Promise<Pod> {
  const sampling: { [directory: string]: string } = props.samplingStrategies
    ? { 'etc/jaeger-sampling': 'jaeger-sampling' }
    : {};
  return startPod(name, {
    manifests: jaegerManifests(props),
    configMap: 'jaeger-config',
    program: 'jaeger',
    files: { 'etc/jaeger': 'jaeger-config', ...sampling },
    ...pod,
  });
}

/** A span in the answer of Jaeger's API. */
interface FoundSpan {
  readonly spanID: string;
  readonly operationName: string;
  readonly processID: string;
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
}

interface FoundTrace {
  readonly spans: readonly FoundSpan[];
  readonly processes: { readonly [id: string]: { readonly tags: readonly { key: string; value: unknown }[] } };
}

/** The trace of an id; `undefined` if there is none. */
async function findTrace(jaeger: Pod, traceId: string, basePath = ''): Promise<FoundTrace | undefined> {
  const response = await fetch(`http://${jaeger.address}:16686${basePath}/api/traces/${traceId}`);
  const { data } = (await response.json()) as { data?: FoundTrace[] };
  return data?.[0];
}

async function waitForTrace(jaeger: Pod, traceId: string, basePath?: string): Promise<FoundTrace> {
  await waitFor(`trace ${traceId}`, async () => (await findTrace(jaeger, traceId, basePath)) !== undefined);
  return (await findTrace(jaeger, traceId, basePath))!;
}

describeWithTools(['jaeger', 'otelcol'], 'Jaeger', () => {
  describe('accepts the configuration', () => {
    const elasticsearch = {
      server: Endpoint.host('search.example.com', 9200, 'https'),
      username: 'jaeger',
      password: { credentials, key: 'ES_PASSWORD' },
      indexPrefix: 'orders',
    };

    test.each<[string, JaegerProps]>([
      ['with the fewest props', {}],
      ['with Elasticsearch', { elasticsearch }],
    ])('%s', (_name, props) => {
      const text = configFiles(jaegerManifests(props), 'jaeger-config')['config.yaml']!;
      const file = writeInto(temporaryDirectory(), 'jaeger.yaml', text.replaceAll('$' + '{env:POD_IP}', '127.0.0.1'));
      expect(runTool('jaeger', 'validate', `--config=${file}`)).toEqual(ACCEPTED);
      const wrong = writeInto(temporaryDirectory(), 'jaeger.yaml', text.replace('jaeger_query:', 'jaeger_queries:'));
      expect(runTool('jaeger', 'validate', `--config=${wrong}`).code).not.toBe(0);
    });
  });

  describe('behind a gateway', () => {
    let jaeger: Pod;
    let gateway: Pod;
    let prometheusUrl: string;
    let kubernetes: Kubernetes;
    const share = { kind: 'share', share: 0.25 } as const;
    const personal = {
      'user.note': 'mail jane.doe@example.com',
      'http.request.header.authorization': 'Bearer not-a-real-token-0123456789',
    };

    beforeAll(async () => {
      kubernetes = await startKubernetes();
      const gatewayAddress = podAddress();
      const prometheus = await startPrometheus(
        {
          global: { scrape_interval: '2s' },
          scrape_configs: [
            {
              job_name: 'span-metrics',
              honor_labels: true,
              static_configs: [{ targets: [`${gatewayAddress}:8889`] }],
            },
          ],
        },
        '--enable-feature=exemplar-storage',
      );
      prometheusUrl = prometheus.url;
      const props = {
        basePath: '/jaeger',
        prometheus: Endpoint.host(PROMETHEUS, 9090, 'http'),
        samplingStrategies: { default: share, services: { shop: { kind: 'rate', perSecond: 3 } } },
      } as const;
      jaeger = await startJaeger('jaeger', props, { replace: { [`http://${PROMETHEUS}:9090`]: prometheusUrl } });

      // The clients of the test have this address.
      await addPod(kubernetes, { namespace: 'orders', name: 'shop-7d9c5b6f4-abcde', container: 'shop' });
      await kubernetes.kubectl(
        'patch',
        'pod',
        'shop-7d9c5b6f4-abcde',
        '--namespace=orders',
        '--subresource=status',
        '--type=merge',
        '--patch',
        JSON.stringify({ status: { podIP: '127.0.0.1', podIPs: [{ ip: '127.0.0.1' }] } }),
      );
      const manifests = gatewayManifests({
        namespaces: ['orders'],
        resourceAttributes: { 'k8s.cluster.name': 'demo' },
        sampling: { percent: 100, decisionSeconds: 2 },
      });
      await kubernetes.kubectl('create', 'namespace', NAMESPACE);
      const root = temporaryDirectory();
      const kubeconfig = await credentialsOf(kubernetes, manifests, 'otel-collector', root);
      gateway = await startPod('gateway', {
        manifests,
        configMap: 'otel-collector-config',
        address: gatewayAddress,
        root,
        replace: { ...places({ traces: jaeger.address }), 'auth_type: serviceAccount': 'auth_type: kubeConfig' },
        env: { KUBECONFIG: kubeconfig },
      });
      await waitFor('Kubernetes attributes', async () => {
        const trace = makeTrace();
        await sendTraces(gateway.address, [trace]);
        return JSON.stringify(await waitForTrace(jaeger, trace.traceId, '/jaeger')).includes('shop-7d9c5b6f4-abcde');
      });
    });

    const expectEnriched = ({ processes }: FoundTrace) => {
      for (const { tags } of Object.values(processes)) {
        expect(Object.fromEntries(tags.map(({ key, value }) => [key, value]))).toMatchObject({
          'k8s.cluster.name': 'demo',
          'k8s.namespace.name': 'orders',
          'k8s.pod.name': 'shop-7d9c5b6f4-abcde',
          'k8s.node.name': expect.any(String),
        });
      }
    };

    const expectMasked = (trace: FoundTrace) => {
      expect(JSON.stringify(trace)).not.toMatch(/jane\.doe|not-a-real-token/);
      expect(JSON.stringify(trace)).toContain('[masked:');
    };

    test('finds the traces of an OTLP client, with its pod and without personal data', async () => {
      const trace = makeTrace({ isError: true, attributes: personal, message: 'no answer for jane.doe@example.com' });
      expect(await sendTraces(gateway.address, [trace])).toBe(true);
      const found = await waitForTrace(jaeger, trace.traceId, '/jaeger');
      expect(found.spans.map(({ spanID }) => spanID).sort()).toEqual(trace.spans.map(({ spanId }) => spanId).sort());
      expectEnriched(found);
      expectMasked(found);
    });

    test('finds the traces of a Jaeger client', async () => {
      const traceId = '5f1e0b9a7c3d2461';
      const span = { traceId, spanId: '1a2b3c4d5e6f7081', name: 'old-client', tags: personal };
      expect(await sendThrift(gateway.address, 'old-shop', [span])).toBe(true);
      const found = await waitForTrace(jaeger, traceId, '/jaeger');
      expect(found.spans.map(({ operationName }) => operationName)).toEqual(['old-client']);
      expectEnriched(found);
      expectMasked(found);
    });

    test('finds the traces of a Zipkin client', async () => {
      const trace = makeTrace();
      expect(await sendZipkin(gateway.address, trace, personal)).toBe(true);
      const found = await waitForTrace(jaeger, trace.traceId, '/jaeger');
      expect(found.spans).toHaveLength(4);
      expectEnriched(found);
      expectMasked(found);
    });

    test('shows requests and errors of span metrics in its tab Monitor', async () => {
      await sendTraces(
        gateway.address,
        Array.from({ length: 20 }, (_, index) => makeTrace({ isError: index < 5 })),
      );
      const query = new URLSearchParams({
        service: 'shop',
        endTs: String(Date.now() + 60_000),
        lookback: '600000',
        step: '5000',
        ratePer: '60000',
        spanKind: 'server',
      });
      await waitFor('points', async () => {
        const url = `http://${jaeger.address}:16686/jaeger/api/metrics/calls?${query}`;
        const { metrics } = await getJson<{ metrics: { metricPoints: { gaugeValue: { doubleValue: unknown } }[] }[] }>(
          url,
        );
        return metrics.some(({ metricPoints }) =>
          metricPoints.some(({ gaugeValue }) => Number(gaugeValue.doubleValue) > 0),
        );
      });
    });

    test('has the trace that an exemplar in Prometheus names', async () => {
      const exemplars = async () => {
        const query = new URLSearchParams({
          query: 'traces_span_metrics_duration_seconds_bucket',
          start: String(Date.now() / 1000 - 600),
          end: String(Date.now() / 1000 + 60),
        });
        const { data } = await getJson<{ data: { exemplars: { labels: { trace_id: string } }[] }[] }>(
          `${prometheusUrl}/api/v1/query_exemplars?${query}`,
        );
        return data.flatMap(({ exemplars: found }) => found.map(({ labels }) => labels.trace_id));
      };
      await waitFor('an exemplar', async () => (await exemplars()).length > 0);
      const [traceId] = await exemplars();
      expect(await waitForTrace(jaeger, traceId!, '/jaeger')).toBeDefined();
    });

    test('serves sampling strategies to clients', async () => {
      const strategyOf = (service: string) => getJson(`http://${jaeger.address}:5778/sampling?service=${service}`);
      expect(await strategyOf('anything')).toMatchObject({ probabilisticSampling: { samplingRate: 0.25 } });
      expect(await strategyOf('shop')).toMatchObject({ rateLimitingSampling: { maxTracesPerSecond: 3 } });
    });

    test('and neither of them complains', () => {
      expect(complaintsOf(jaeger).filter((line) => !line.includes(NO_INTERFACE))).toEqual([]);
      expect(complaintsOf(gateway)).toEqual([]);
    });
  });

  test('deletes by time', async () => {
    const root = temporaryDirectory();
    const jaeger = await startJaeger('short-lived', {}, { root, replace: { 'spans: 72h': 'spans: 12s' } });
    const gateway = await startGateway('short-gateway', {
      manifests: gatewayManifests({ sampling: { percent: 100, decisionSeconds: 1 } }),
      configMap: 'otel-collector-config',
      replace: places({ traces: jaeger.address }),
    });
    const trace = makeTrace();
    await sendTraces(gateway.address, [trace]);
    await waitForTrace(jaeger, trace.traceId);
    await waitFor('the end of the trace', async () => (await findTrace(jaeger, trace.traceId)) === undefined);
  });

  test('keeps what it has acknowledged when it is killed', async () => {
    const root = temporaryDirectory();
    const first = await startJaeger('killed', {}, { root });
    const traces = Array.from({ length: 50 }, () => makeTrace());
    // Without a gateway, which would send again what was not acknowledged.
    expect(await sendTraces(first.address, traces)).toBe(true);
    await first.server.stop('SIGKILL');
    const second = await startJaeger('killed-again', {}, { root });
    for (const { traceId } of traces) {
      expect((await waitForTrace(second, traceId)).spans).toHaveLength(4);
    }
  });
});

describeWithTools(['es-index-cleaner'], 'The index cleaner', () => {
  test('deletes the indices of past days, and no other', async () => {
    const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
    const indices = [0, 3, 9].flatMap((ago) => ['span', 'service'].map((kind) => `orders-jaeger-${kind}-${day(ago)}`));
    const deleted: string[] = [];
    const authorizations = new Set<string | undefined>();
    const server = createServer((request, response) => {
      authorizations.add(request.headers.authorization);
      response.setHeader('content-type', 'application/json');
      if (request.method === 'DELETE') {
        deleted.push(
          ...decodeURIComponent(request.url!.replace(/^\/|\?.*$/g, ''))
            .split(',')
            .filter(Boolean),
        );
        response.end(JSON.stringify({ acknowledged: true }));
        return;
      }
      const settings = (name: string) => ({
        aliases: {},
        settings: { 'index.creation_date': String(Date.parse(name.slice(-10))), 'index.provided_name': name },
      });
      response.end(JSON.stringify(Object.fromEntries(indices.map((name) => [name, settings(name)]))));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stopAtEnd(async () => {
      server.close();
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const manifests = jaegerManifests({
      retentionDays: 7,
      elasticsearch: {
        server: Endpoint.host('search.example.com', 9200, 'http'),
        username: 'jaeger',
        password: { credentials, key: 'ES_PASSWORD' },
        indexPrefix: 'orders',
      },
    });
    const { args, env } = find(manifests, 'CronJob').spec.jobTemplate.spec.template.spec.containers[0];
    expect(env.map(({ name }: { name: string }) => name)).toEqual(['ES_USERNAME', 'ES_PASSWORD']);
    const given = args.map((arg: string) => arg.replace('http://search.example.com:9200', url));
    const values = { ES_USERNAME: 'jaeger', ES_PASSWORD: 'not-a-secret' };
    await promisify(execFile)(join(BIN, 'es-index-cleaner'), given, { env: { ...process.env, ...values } });
    expect(deleted.sort()).toEqual(indices.filter((name) => name.endsWith(day(9))).sort());
    expect([...authorizations]).toEqual([`Basic ${Buffer.from('jaeger:not-a-secret').toString('base64')}`]);
  });
});
