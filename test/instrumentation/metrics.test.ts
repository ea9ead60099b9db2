import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { context, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { metricContract } from '../../instrumentation';
import { bench } from './support/instrumentation';

/** Number of series of a metric at the start: a histogram without labels has its buckets, sum and count. */
function seriesAtStart(metric: (typeof metricContract)[number]): number {
  if (metric.type === 'histogram') {
    return metric.labels.length === 0 ? metric.buckets.length + 3 : 0;
  }
  if (metric.labels.length === 0) {
    return 1;
  }
  const listed = metric.labels.map(({ values }) => ('bounded' in values ? 0 : values.length));
  return metric.type === 'counter' && metric.zeroAtStart ? listed.reduce((product, count) => product * count, 1) : 0;
}

test('A process exposes the contract, and counters with listed labels start at 0', async () => {
  const { instrumentation } = bench();
  const metrics = await instrumentation.metrics.registry.getMetricsAsJSON();
  expect(metrics.map(({ name, type, help }) => ({ name, type: `${type}`, help }))).toEqual(
    metricContract.map(({ name, type, help }) => ({ name, type, help })),
  );
  for (const [index, metric] of metricContract.entries()) {
    expect([metric.name, metrics[index]!.values.length]).toEqual([metric.name, seriesAtStart(metric)]);
  }
});

test('Metrics of the process have values', async () => {
  const { value } = bench();
  expect(await value('process_resident_memory_bytes')).toBeGreaterThan(10_000_000);
  expect(await value('nodejs_heap_size_used_bytes')).toBeGreaterThan(1_000_000);
  expect(await value('nodejs_heap_size_total_bytes')).toBeGreaterThan(1_000_000);
  expect(await value('process_start_time_seconds')).toBeLessThanOrEqual(Date.now() / 1000);
  const before = (await value('process_cpu_seconds_total'))!;
  for (let index = 0; index < 2e7; index++) {}
  expect(await value('process_cpu_seconds_total')).toBeGreaterThan(before);
});

describe('A value that is not in the vocabulary', () => {
  test('counts as other, and is named once', async () => {
    const { instrumentation, value, lines } = bench({ vocabulary: { features: ['galleries'] } });
    instrumentation.metrics.increment('sightedit_feature_usage_total', { feature: 'galleries' });
    instrumentation.metrics.increment('sightedit_feature_usage_total', { feature: 'nonsense' });
    instrumentation.metrics.increment('sightedit_feature_usage_total', { feature: 'nonsense' });
    expect(await value('sightedit_feature_usage_total', { feature: 'galleries' })).toBe(1);
    expect(await value('sightedit_feature_usage_total', { feature: 'other' })).toBe(2);
    expect(lines.map(({ message }) => message)).toEqual([
      'sightedit_feature_usage_total: the feature "nonsense" is not in the vocabulary and counts as other',
    ]);
  });

  test('of a list without other is not counted', async () => {
    const { instrumentation, series } = bench();
    const before = await series();
    instrumentation.metrics.increment('sightedit_auth_attempts_total', { status: 'perhaps' });
    expect(await series()).toEqual(before);
  });

  test('is unknown for errors, and _OTHER for methods', async () => {
    const { instrumentation, value } = bench({ vocabulary: { errors: ['SaveConflict'] } });
    instrumentation.businessMetrics.trackError('SaveConflict', 'two editors');
    instrumentation.businessMetrics.trackError('Whatever', 'x');
    instrumentation.metrics.increment('sightedit_api_requests_total', {
      method: 'BREW',
      endpoint: '/api/save',
      status: 418,
    });
    expect(await value('sightedit_errors_total', { error_type: 'SaveConflict' })).toBe(1);
    expect(await value('sightedit_errors_total', { error_type: 'unknown' })).toBe(1);
    const labels = { method: '_OTHER', endpoint: '/api/save', status: '418' };
    expect(await value('sightedit_api_requests_total', labels)).toBe(1);
  });
});

test('A number that is not finite, or negative, changes nothing', async () => {
  const { instrumentation, value } = bench();
  for (const bytes of [Number.NaN, Number.POSITIVE_INFINITY, -1]) {
    instrumentation.trackUpload(bytes);
  }
  instrumentation.trackUpload(10);
  expect(await value('sightedit_upload_bytes_total')).toBe(10);
});

test('A metric that is not in the contract stops the program', () => {
  const { instrumentation } = bench();
  expect(() => instrumentation.metrics.increment('sightedit_nonsense_total')).toThrow(
    'sightedit_nonsense_total is not a metric of the contract (instrumentation/contract.ts)',
  );
});

test('A pool is measured at each scrape', async () => {
  const { instrumentation, value } = bench();
  const pool = { totalCount: 5, idleCount: 2, waitingCount: 3, options: { max: 20 } };
  instrumentation.measurePool('main', pool);
  const labels = { db_client_connection_pool_name: 'main' };
  expect(await value('db_client_connection_count', { ...labels, db_client_connection_state: 'used' })).toBe(3);
  expect(await value('db_client_connection_count', { ...labels, db_client_connection_state: 'idle' })).toBe(2);
  expect(await value('db_client_connection_pending_requests', labels)).toBe(3);
  expect(await value('db_client_connection_max', labels)).toBe(20);
});

describe('The port of the metrics', () => {
  const scrape = async (accept: string) => {
    const { instrumentation } = bench();
    const manager = new AsyncLocalStorageContextManager().enable();
    context.setGlobalContextManager(manager);
    const span: Span = new BasicTracerProvider().getTracer('test').startSpan('save');
    context.with(trace.setSpan(context.active(), span), () =>
      instrumentation.businessMetrics.trackSaveOperation('success', 'text', 42),
    );
    context.disable();
    const server = instrumentation.serveMetrics(0);
    await once(server, 'listening');
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`, {
      headers: { accept },
    });
    const answer = {
      type: response.headers.get('content-type'),
      text: await response.text(),
      span: span.spanContext(),
    };
    server.close();
    return answer;
  };

  test("answers in Prometheus' text format", async () => {
    const { type, text } = await scrape('text/plain');
    expect(type).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toContain('# TYPE sightedit_save_operations_total counter\n');
    expect(text).not.toContain('trace_id');
  });

  test('answers in OpenMetrics with exemplars, which lead to the trace', async () => {
    const { type, text, span } = await scrape('application/openmetrics-text;version=1.0.0,text/plain;q=0.5');
    expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(text).toContain('# TYPE sightedit_save_operations counter\n');
    expect(text).toContain('sightedit_save_operations_total{status="success",editor_type="text"} 1\n');
    expect(text.endsWith('# EOF\n')).toBe(true);
    expect(text).toMatch(
      new RegExp(
        `sightedit_operation_duration_seconds_bucket\\{.*le="0.05".*\\} 1 # \\{trace_id="${span.traceId}",span_id="${span.spanId}"\\} 0.042 `,
      ),
    );
  });
});
