import type { OtelCollectorProps, Vendors } from '../../constructs';
import { NOT_RUN } from '../../constructs/otel-collector/component-types';
import { temporaryDirectory } from '../../testing/cleanup';
import { waitFor } from '../../testing/server';
import { makeTrace, pause, sendFor, sendLogs, sendMetric, sendTraces, type Trace } from '../../testing/traces/clients';
import {
  gatewayManifests,
  places,
  samplersAt,
  startGateway,
  startTraceStore,
  VENDOR_RULES,
  VENDORS,
} from '../../testing/traces/platform';
import { complaintsOf, type Pod, podAddress, sumOf } from '../../testing/traces/pods';
import { startStore, type TelemetryStore } from '../../testing/traces/store';
import { describeWithTools } from '../support/tools';

const GATEWAY = 'otel-collector-config';
const SAMPLER = 'otel-collector-sampler-config';

/** Everything is kept, and decided soon: what is missing was lost, and not sampled away. */
const KEEP_ALL = { sampling: { percent: 100, decisionSeconds: 3 } };

/** Outages last a minute with OUTAGE_SECONDS=60. */
const OUTAGE_SECONDS = Number(process.env.OUTAGE_SECONDS ?? 15);

const spansOf = (traces: readonly Trace[]) => traces.flatMap(({ spans }) => spans.map(({ spanId }) => spanId));

/** Ids of the spans that a store lacks. */
const missingIn = (store: TelemetryStore, traces: readonly Trace[]) => {
  const there = new Set(store.spans.map(({ spanId }) => spanId));
  return spansOf(traces).filter((spanId) => !there.has(spanId));
};

/** Waits until a store has every span. Returns how many it lacks at the end. */
async function settled(store: TelemetryStore, traces: readonly Trace[], timeoutSeconds = 60): Promise<number> {
  await waitFor('the spans', async () => missingIn(store, traces).length === 0, { timeoutSeconds }).catch(() => {});
  return missingIn(store, traces).length;
}

process.stderr.write(
  `Component types that the pinned collector lacks, and that no test runs: ${[...new Set(Object.values(NOT_RUN).flat())].join(', ')}\n`,
);

describeWithTools(['otelcol'], 'The gateway', () => {
  describe('starts without a warning', () => {
    const alone = (vendor: keyof Vendors): Vendors => ({ [vendor]: VENDORS[vendor] });
    const cases: [string, OtelCollectorProps][] = [
      ['with the fewest props', {}],
      ['with samplers', { replicas: 3 }],
      ['with Datadog', { vendors: alone('datadog') }],
      ['with New Relic', { vendors: alone('newRelic') }],
      ['with Sentry', { vendors: alone('sentry') }],
      [
        'with all vendors, samplers and every option',
        {
          replicas: 2,
          samplers: 2,
          vendors: VENDORS,
          sampling: { slowRoutes: { '/search': 500 }, rareRoutes: ['/admin'] },
          browserOrigins: ['https://app.example.com'],
          resourceAttributes: { 'k8s.cluster.name': 'demo' },
          dimensions: ['http.route'],
        },
      ],
    ];

    let reachable: string;
    beforeAll(async () => {
      reachable = (await startTraceStore('reachable-store', await startStore())).address;
    });

    test.each(cases)('%s', async (name, props) => {
      const manifests = gatewayManifests(props);
      const files = [GATEWAY, ...(props.replicas ? [SAMPLER] : [])];
      for (const [index, configMap] of files.entries()) {
        const pod = await startGateway(`${name} ${index}`.replaceAll(/\W+/g, '-'), {
          manifests,
          configMap,
          replace: { ...places({ traces: reachable }), ...samplersAt([reachable, reachable, reachable]) },
        });
        await pod.server.stop();
        expect(complaintsOf(pod)).toEqual([]);
      }
    });

    test('and a file with an old name is told of', async () => {
      const manifests = gatewayManifests({}).map((manifest) =>
        manifest.metadata.name === GATEWAY && manifest.kind === 'ConfigMap'
          ? { ...manifest, data: { 'config.yaml': manifest.data['config.yaml'].replaceAll('otlp_http/', 'otlphttp/') } }
          : manifest,
      );
      const pod = await startGateway('old-name', {
        manifests,
        configMap: GATEWAY,
        replace: places({ traces: reachable }),
      });
      await pod.server.stop();
      expect(complaintsOf(pod).join()).toContain('deprecated');
    });
  });

  describe('sends to vendors', () => {
    let store: TelemetryStore;
    let vendors: { datadog: TelemetryStore; newRelic: TelemetryStore; sentry: TelemetryStore };
    let gateway: Pod;
    const traces = Array.from({ length: 60 }, (_, index) => makeTrace({ isError: index % 3 === 0 }));

    beforeAll(async () => {
      store = await startStore();
      vendors = {
        // A key that Datadog does not know: every request is refused for good.
        datadog: await startStore(() => 403),
        newRelic: await startStore(VENDOR_RULES.newRelic),
        sentry: await startStore(VENDOR_RULES.sentry),
      };
      const traceStore = await startTraceStore('vendor-store', store);
      const other = await startStore();
      gateway = await startGateway('vendor-gateway', {
        manifests: gatewayManifests({ ...KEEP_ALL, vendors: VENDORS }),
        configMap: GATEWAY,
        replace: places({ traces: traceStore.address, logs: other, metrics: other, vendors }),
      });
      expect(await sendTraces(gateway.address, traces)).toBe(true);
      await sendLogs(gateway.address, [
        { body: 'order accepted', severity: 9 },
        { body: 'payment failed', severity: 17 },
      ]);
      await sendMetric(gateway.address, 'orders');
      await waitFor('the vendors', async () => vendors.sentry.unique() === 80 && vendors.newRelic.unique() === 240);
      await waitFor('the logs', async () => vendors.sentry.logs.length > 0 && vendors.newRelic.metrics.length > 0);
    });

    test('what they should get, once', () => {
      expect(vendors.newRelic.duplicates()).toBe(0);
      expect(missingIn(vendors.newRelic, traces)).toEqual([]);
      expect(vendors.newRelic.logs.map(({ body }) => body).sort()).toEqual(['order accepted', 'payment failed']);
      expect(vendors.newRelic.metrics).toEqual(['orders']);
      expect(vendors.newRelic.answers.filter(({ status }) => status !== 200)).toEqual([]);
    });

    test('only errors and the spans of their traces to Sentry', () => {
      expect(
        missingIn(
          vendors.sentry,
          traces.filter(({ isError }) => isError),
        ),
      ).toEqual([]);
      expect([vendors.sentry.unique(), vendors.sentry.duplicates()]).toEqual([80, 0]);
      expect(vendors.sentry.logs).toEqual([{ body: 'payment failed', severity: 17 }]);
      expect(vendors.sentry.answers.filter(({ status }) => status !== 200)).toEqual([]);
    });

    test('and is not held up by one that refuses', async () => {
      expect(vendors.datadog.answers.length).toBeGreaterThan(0);
      expect(await settled(store, traces)).toBe(0);
      const failed = await sumOf(gateway, /^otelcol_exporter_send_failed_(spans|log_records)$/);
      // Once: a refusal is not retried.
      expect(failed).toBe(240 + 2);
    });

    test('in the format that Datadog documents', async () => {
      const datadog = await startStore(VENDOR_RULES.datadog);
      const pod = await startGateway('datadog-gateway', {
        manifests: gatewayManifests({ ...KEEP_ALL, vendors: { datadog: VENDORS.datadog } }),
        configMap: GATEWAY,
        replace: places({ traces: '127.0.0.1', logs: datadog, vendors: { datadog } }),
      });
      await sendTraces(pod.address, traces);
      expect(await settled(datadog, traces)).toBe(0);
      expect(datadog.duplicates()).toBe(0);
      await pod.server.stop();
    });

    test('without a key, which the vendor refuses, and does not stop', async () => {
      const newRelic = await startStore(VENDOR_RULES.newRelic);
      const kept = await startStore();
      const traceStore = await startTraceStore('keyless-store', kept);
      const pod = await startGateway('keyless-gateway', {
        manifests: gatewayManifests({ ...KEEP_ALL, vendors: { newRelic: VENDORS.newRelic } }),
        configMap: GATEWAY,
        replace: places({ traces: traceStore.address, vendors: { newRelic } }),
        env: { NEW_RELIC_LICENSE_KEY: '' },
      });
      await sendTraces(pod.address, traces);
      expect(await settled(kept, traces)).toBe(0);
      await waitFor('the refusal', async () => newRelic.answers.length > 0);
      expect(newRelic.answers.map(({ status }) => status)).toEqual(newRelic.answers.map(() => 403));
      await pod.server.stop();
    });
  });

  describe('loses nothing', () => {
    test('while the stores are down for a time', async () => {
      const store = await startStore();
      let isDown = false;
      const logs = await startStore(() => (isDown ? 503 : 200));
      const metrics = await startStore(() => (isDown ? 503 : 200));
      const traceStore = await startTraceStore('outage-store', store);
      const gateway = await startGateway('outage-gateway', {
        manifests: gatewayManifests(KEEP_ALL),
        configMap: GATEWAY,
        replace: places({ traces: traceStore.address, logs, metrics }),
      });
      const sent = await sendFor(3, 50, [gateway.address], () => ({}));
      await traceStore.server.stop('SIGKILL');
      isDown = true;
      const names = Array.from({ length: 20 }, (_, index) => `outage.${index}`);
      for (const name of names) {
        expect(await sendLogs(gateway.address, [{ body: name, severity: 9 }])).toBe(true);
        expect(await sendMetric(gateway.address, name)).toBe(true);
      }
      sent.push(...(await sendFor(OUTAGE_SECONDS, 50, [gateway.address], () => ({}))));
      expect(await sumOf(gateway, /^otelcol_exporter_queue_size$/)).toBeGreaterThan(0);
      isDown = false;
      await startTraceStore('outage-store-again', store, traceStore.address);
      expect(await settled(store, sent, 90)).toBe(0);
      await waitFor('logs and metrics', async () => logs.logs.length >= 20 && metrics.metrics.length >= 20);
      expect(logs.logs.map(({ body }) => body).sort()).toEqual([...names].sort());
      expect([...metrics.metrics].sort()).toEqual([...names].sort());
      expect(sent.length).toBeGreaterThan(50 * OUTAGE_SECONDS * 0.8);
    });

    test('when it ends in good order, and starts again', async () => {
      const store = await startStore();
      const traceStore = await startTraceStore('orderly-store', store);
      const root = temporaryDirectory();
      const start = () =>
        startGateway('orderly-gateway', {
          manifests: gatewayManifests(KEEP_ALL),
          configMap: GATEWAY,
          replace: places({ traces: traceStore.address }),
          root,
        });
      const gateway = await start();
      const sent = await sendFor(5, 50, [gateway.address], () => ({}));
      // The store is down, so that what was decided at the end has to wait on the volume.
      await traceStore.server.stop('SIGKILL');
      await gateway.server.stop();
      await startTraceStore('orderly-store-again', store, traceStore.address);
      await start();
      expect(await settled(store, sent)).toBe(0);
    });

    test('of what it has decided, when it is killed', async () => {
      const store = await startStore();
      const traceStore = await startTraceStore('kill-store', store);
      const root = temporaryDirectory();
      const start = () =>
        startGateway('kill-gateway', {
          manifests: gatewayManifests(KEEP_ALL),
          configMap: GATEWAY,
          replace: places({ traces: traceStore.address }),
          root,
        });
      const gateway = await start();
      const sent = await sendFor(8, 50, [gateway.address], () => ({}));
      await gateway.server.stop('SIGKILL');
      await start();
      await pause(5_000);
      const lost = missingIn(store, sent).length;
      const rate = 50 * 4;
      process.stderr.write(
        `SIGKILL of a gateway that decides after ${KEEP_ALL.sampling.decisionSeconds} s lost ${lost} of ` +
          `${spansOf(sent).length} acknowledged spans, at ${rate} spans a second\n`,
      );
      // The decision ticks once a second.
      expect(lost).toBeGreaterThan(0);
      expect(lost).toBeLessThanOrEqual(rate * (KEEP_ALL.sampling.decisionSeconds + 2));
    });
  });

  describe('with samplers', () => {
    /** Three samplers, and two collectors in front that clients send to in turn. */
    async function startTiers(name: string, props: OtelCollectorProps) {
      const store = await startStore();
      const traceStore = await startTraceStore(`${name}-store`, store);
      const manifests = gatewayManifests({ replicas: 2, samplers: 3, ...props });
      const addresses = [podAddress(), podAddress(), podAddress()];
      const roots = addresses.map(() => temporaryDirectory());
      const startSampler = (index: number) =>
        startGateway(`${name}-sampler-${index}`, {
          manifests,
          configMap: SAMPLER,
          replace: places({ traces: traceStore.address }),
          address: addresses[index],
          root: roots[index],
        });
      const samplers = await Promise.all([0, 1, 2].map(startSampler));
      const front = await Promise.all(
        [0, 1].map((index) =>
          startGateway(`${name}-front-${index}`, { manifests, configMap: GATEWAY, replace: samplersAt(addresses) }),
        ),
      );
      return { store, samplers, startSampler, front, addresses: front.map(({ address }) => address) };
    }

    /** Calls that span metrics have counted. */
    const counted = async (pods: readonly Pod[]) => {
      const sums = await Promise.all(pods.map((pod) => sumOf(pod, /^traces_span_metrics_calls_total$/, 8889)));
      return sums.reduce((sum, value) => sum + value, 0);
    };

    test('one that is dead delays only its own traces, and no span is lost or sent twice', async () => {
      const tiers = await startTiers('dead', KEEP_ALL);
      const before = await sendFor(3, 60, tiers.addresses, () => ({}));
      expect(await settled(tiers.store, before)).toBe(0);
      // In good order: what a crash loses is measured above.
      await tiers.samplers[1]!.server.stop();
      const during = await sendFor(OUTAGE_SECONDS, 60, tiers.addresses, () => ({}));
      await pause(8_000);
      const waiting = new Set(missingIn(tiers.store, during));
      const ofDead = during.filter(({ traceId }) => {
        const digits = Number.parseInt(traceId.slice(30), 16);
        return digits >= 86 && digits < 171;
      });
      expect(waiting).toEqual(new Set(spansOf(ofDead)));
      await tiers.startSampler(1);
      expect(await settled(tiers.store, during, 90)).toBe(0);
      expect(tiers.store.duplicates()).toBe(0);
      const all = spansOf([...before, ...during]).length;
      await waitFor('span metrics', async () => (await counted(tiers.front)) >= all);
      expect(await counted(tiers.front)).toBe(all);
    });

    test('keeps every trace with an error whole, and counts what is not kept', async () => {
      const tiers = await startTiers('share', { sampling: { percent: 10, decisionSeconds: 3 } });
      const sent = await sendFor(10, 60, tiers.addresses, (index) => ({ isError: index % 20 === 0 }));
      const errors = sent.filter(({ isError }) => isError);
      expect(await settled(tiers.store, errors)).toBe(0);
      await pause(4_000);
      const kept = new Set(tiers.store.spans.map(({ traceId }) => traceId));
      const whole = sent.filter((trace) => kept.has(trace.traceId) && missingIn(tiers.store, [trace]).length === 0);
      expect(whole.length).toBe(kept.size);
      expect(kept.size).toBeGreaterThan(errors.length);
      expect(kept.size).toBeLessThan(sent.length / 2);
      const all = spansOf(sent).length;
      await waitFor('span metrics', async () => (await counted(tiers.front)) >= all);
      expect(await counted(tiers.front)).toBe(all);
    });
  });
});
