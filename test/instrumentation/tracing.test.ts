import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import {
  addBusinessContext,
  addSecurityContext,
  createSpan,
  getSpanId,
  getTraceId,
  startTelemetry,
  withSpan,
} from '../../instrumentation';
import { optionalPackage } from '../../instrumentation/optional';
import { temporaryDirectory } from '../../testing/cleanup';

const exporter = new InMemorySpanExporter();

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
});
beforeEach(() => exporter.reset());
afterAll(() => {
  context.disable();
  trace.disable();
});

test('withSpan() makes its span active, and ends it', async () => {
  const ids = await withSpan('render', async (span: Span) => {
    addBusinessContext({ userId: 'ada', feature: 'galleries', plan: undefined });
    addSecurityContext({ sourceIP: '192.0.2.1', riskLevel: 'low' });
    const child = createSpan('child', { kind: SpanKind.CLIENT, attributes: { a: 1 } });
    child.end();
    return [getTraceId(), getSpanId(), span.spanContext().spanId];
  });
  const [child, render] = exporter.getFinishedSpans();
  expect(render).toMatchObject({
    name: 'render',
    attributes: {
      'business.userId': expect.stringMatching(/^[0-9a-f]{16}$/),
      'business.feature': 'galleries',
      'security.sourceIP': '192.0.2.1',
      'security.riskLevel': 'low',
    },
  });
  expect(child).toMatchObject({ name: 'child', kind: SpanKind.CLIENT, attributes: { a: 1 } });
  expect(child!.parentSpanContext?.spanId).toBe(render!.spanContext().spanId);
  expect(ids).toEqual([render!.spanContext().traceId, render!.spanContext().spanId, render!.spanContext().spanId]);
});

test('withSpan() records an error and throws it on', async () => {
  const failing = withSpan('render', async () => {
    throw new TypeError('broken');
  });
  await expect(failing).rejects.toThrow('broken');
  const [span] = exporter.getFinishedSpans();
  expect(span!.status).toEqual({ code: SpanStatusCode.ERROR, message: 'broken' });
  expect(span!.events[0]).toMatchObject({ name: 'exception' });
});

test('Without a span there are no ids, and context is no error', () => {
  expect([getTraceId(), getSpanId()]).toEqual([undefined, undefined]);
  addBusinessContext({ userId: 'ada' });
});

test('A missing SDK is said, and telemetry is off', async () => {
  const told: string[] = [];
  const telemetry = startTelemetry({ tell: (message) => told.push(message) });
  expect(telemetry.enabled).toBe(false);
  expect(told).toEqual([
    'Traces are not recorded: the package @opentelemetry/sdk-trace-node is missing. Run "npm install @opentelemetry/sdk-trace-node".',
  ]);
  await telemetry.flush();
  await telemetry.shutdown();
  expect(startTelemetry({ tell: (message) => told.push(message) })).toBe(telemetry);
  expect(told.at(-1)).toBe('startTelemetry() was called twice: the second call changes nothing');
});

test('A package that is installed and broken is not called missing', () => {
  const path = join(temporaryDirectory(), 'broken.js');
  writeFileSync(path, "throw new Error('broken')");
  expect(() => optionalPackage(path, 'x', () => {})).toThrow('broken');
});
