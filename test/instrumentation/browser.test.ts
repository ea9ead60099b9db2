import { execFileSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { transform } from 'esbuild';
import { undocumented, unexported } from '../../scripts/api/problems';
import { surfaceOf } from '../../scripts/api/surface';
import { bundleBrowser } from '../../scripts/browser/bundle';
import { temporaryDirectory } from '../../testing/cleanup';
import { ROOT } from '../../tools/catalogue';

const SERVER_TRACE = '0af7651916cd43dd8448eb211c80319c';
const SERVER_SPAN = 'b7ad6b7169203331';

let code: string;
beforeAll(async () => {
  code = await bundleBrowser();
}, 60_000);

test('The module has less than 15 KiB, compressed, and imports nothing', () => {
  expect(gzipSync(code).length).toBeLessThan(15 * 1024);
  expect(code).not.toMatch(/\bimport\b|\brequire\(/);
  expect(code).toContain('Contains web-vitals');
});

test('Its declarations explain every symbol, and mention no type that it does not export', () => {
  const directory = temporaryDirectory();
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['--noEmit', 'false', '--emitDeclarationOnly', '--declaration', '--outDir', directory];
  execFileSync(process.execPath, [tsc, '-p', 'instrumentation/browser', ...options], { cwd: ROOT, stdio: 'pipe' });
  const surface = surfaceOf(directory);
  expect(surface.exports.map(({ name }) => name)).toContain('startBrowserTelemetry');
  expect(undocumented(surface)).toEqual([]);
  expect(unexported(surface)).toEqual([]);
}, 120_000);

interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code?: number; readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

interface Telemetry {
  readonly traceparent: string;
  withSpan<T>(name: string, work: () => T | Promise<T>): Promise<T>;
  editorActivated(type: string): Promise<void>;
  save<T>(type: string, work: () => Promise<T>): Promise<T>;
  recordError(error: unknown): void;
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** The parts of a browser that the module uses. */
async function page(options: object = {}, traceparent: string | null = `00-${SERVER_TRACE}-${SERVER_SPAN}-01`) {
  const listeners = new Map<string, (event: object) => void>();
  const observers = new Map<string, (list: object) => void>();
  const requests: { url: string; headers: Headers; body?: string; keepalive?: boolean }[] = [];
  const collector = { away: false };
  const nativeFetch = async (input: string | URL, init: RequestInit = {}) => {
    const url = `${input}`;
    requests.push({ url, headers: new Headers(init.headers), body: init.body as string, keepalive: init.keepalive });
    if (collector.away && url.includes('/v1/traces')) {
      throw new TypeError('Failed to fetch');
    }
    return { ok: true, status: url.includes('broken') ? 503 : 200 };
  };
  const window: Record<string, unknown> = { fetch: nativeFetch };
  const on = (name: string, listener: (event: object) => void) => listeners.set(name, listener);
  const navigation = { loadEventEnd: 120, type: 'navigate', startTime: 0, responseStart: 10, activationStart: 0 };
  const document = {
    readyState: 'complete',
    visibilityState: 'visible',
    prerendering: false,
    querySelector: () => (traceparent === null ? null : { content: traceparent }),
    addEventListener: on,
    removeEventListener: (name: string) => listeners.delete(name),
  };
  class PerformanceObserver {
    static readonly supportedEntryTypes = ['longtask', 'resource'];
    constructor(private readonly callback: (list: object) => void) {}
    observe({ type }: { type: string }) {
      observers.set(type, this.callback);
    }
    disconnect() {}
  }
  const performance = { timeOrigin: 1_767_614_400_000, now: () => 50.5, getEntriesByType: () => [navigation] };
  const sandbox = createContext({
    ...{ window, document, PerformanceObserver, performance, Headers, URL, Request, clearTimeout },
    // A batch that nobody waits for must not keep the test running.
    ...{ setTimeout: (work: () => void, delay: number) => setTimeout(work, delay).unref() },
    ...{ location: new URL('https://app.sightedit.com/edit?token=t'), navigator: { userAgent: 'test' } },
    ...{ addEventListener: on, removeEventListener: (name: string) => listeners.delete(name), self: window },
    crypto: { getRandomValues: (array: Uint8Array) => randomFillSync(array) },
  });
  const { code: script } = await transform(code, { format: 'iife', globalName: 'library' });
  runInContext(script, sandbox);
  const settings = JSON.stringify({ endpoint: 'https://otlp.sightedit.com/', serviceVersion: '1.2.3', ...options });
  const telemetry: Telemetry = runInContext(`library.startBrowserTelemetry(${settings})`, sandbox);
  const loaded = () => new Promise((resolve) => setTimeout(resolve, 5));
  const spans = (): Span[] =>
    requests
      .filter(({ url }) => url === 'https://otlp.sightedit.com/v1/traces')
      .flatMap(({ body }) => JSON.parse(body!).resourceSpans[0].scopeSpans[0].spans);
  const fetched = (url: string) => (window.fetch as typeof nativeFetch)(url);
  return {
    telemetry,
    window,
    document,
    listeners,
    observers,
    requests,
    collector,
    nativeFetch,
    loaded,
    spans,
    fetched,
  };
}

const attributesOf = ({ attributes }: Span) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

test('Page load, editor and save are one trace with the server', async () => {
  const { telemetry, loaded, requests, spans, fetched } = await page();
  await loaded();
  await telemetry.editorActivated('richtext');
  await telemetry.save('richtext', () => fetched('/api/save?draft=1'));
  await telemetry.flush();
  const [load, activation, request, save] = spans().filter(({ name }) => name !== 'web-vital');
  expect(new Set(spans().map(({ traceId }) => traceId))).toEqual(new Set([SERVER_TRACE]));
  expect([load, activation, request, save].map((span) => span!.name)).toEqual([
    ...['page-load', 'editor-activation', 'GET', 'save'],
  ]);
  const vital = spans().find(({ name }) => name === 'web-vital')!;
  expect(attributesOf(vital)).toMatchObject({ 'web_vital.name': 'ttfb', 'web_vital.value': '10' });
  expect(load).toMatchObject({ parentSpanId: SERVER_SPAN, startTimeUnixNano: '1767614400000000000' });
  expect(load!.endTimeUnixNano).toBe('1767614400120000000');
  expect(attributesOf(load!)).toEqual({ 'url.full': 'https://app.sightedit.com/edit', 'page.type': 'navigate' });
  expect(activation!.parentSpanId).toBe(load!.spanId);
  expect(save!.parentSpanId).toBe(load!.spanId);
  expect(request).toMatchObject({ parentSpanId: save!.spanId, kind: 3, status: {} });
  expect(attributesOf(request!)).toMatchObject({ 'url.full': 'https://app.sightedit.com/api/save' });
  const sent = requests.find(({ url }) => url.startsWith('/api/save'))!;
  expect(sent.headers.get('traceparent')).toBe(`00-${SERVER_TRACE}-${request!.spanId}-01`);
  expect(telemetry.traceparent).toBe(`00-${SERVER_TRACE}-${load!.spanId}-01`);
});

test('Only the own origin, and those that the settings name, get the header', async () => {
  const { requests, fetched } = await page({ propagateTo: ['https://api.sightedit.com'] });
  for (const url of [
    'https://api.sightedit.com/x',
    'https://other.example/x',
    'https://otlp.sightedit.com/v1/traces',
  ]) {
    await fetched(url);
  }
  expect(requests.map(({ headers }) => headers.has('traceparent'))).toEqual([true, false, false]);
});

test('Errors, failed work, long tasks and resources are spans, in bounded numbers', async () => {
  const { telemetry, listeners, observers, spans, fetched } = await page();
  listeners.get('error')!({ error: new TypeError('x is not a function') });
  listeners.get('unhandledrejection')!({ reason: 'no' });
  await expect(
    telemetry.withSpan('render', () => {
      throw new Error('broken');
    }),
  ).rejects.toThrow('broken');
  await fetched('/api/broken');
  const resource = { entryType: 'resource', name: 'https://cdn.sightedit.com/a.js?v=1', startTime: 1, duration: 2 };
  observers.get('resource')!({ getEntries: () => Array.from({ length: 500 }, () => resource) });
  observers.get('longtask')!({
    getEntries: () => [{ entryType: 'longtask', name: 'self', startTime: 5, duration: 80 }],
  });
  for (let batch = 0; batch < 5; batch++) {
    await telemetry.flush();
  }
  const named = (name: string) => spans().filter((span) => span.name === name);
  expect(named('exception').map((span) => attributesOf(span)['exception.message'])).toEqual([
    'x is not a function',
    'no',
  ]);
  expect(named('render')[0]!.status).toEqual({ code: 2, message: 'Error: broken' });
  expect(named('GET')[0]!.status).toEqual({ code: 2, message: 'status 503' });
  expect(named('long-task')).toHaveLength(1);
  expect(named('resource')).toHaveLength(100);
  expect(attributesOf(named('resource')[0]!)['url.full']).toBe('https://cdn.sightedit.com/a.js');
});

test('Spans wait for a collector that is away, at most 500', async () => {
  const { telemetry, collector, spans } = await page();
  collector.away = true;
  for (let index = 0; index < 600; index++) {
    telemetry.recordError(new Error(`error ${index}`));
  }
  await telemetry.flush();
  collector.away = false;
  const before = spans().length;
  for (let batch = 0; batch < 20; batch++) {
    await telemetry.flush();
  }
  const arrived = spans().slice(before);
  expect(arrived.length).toBeLessThanOrEqual(500);
  expect(arrived.at(-1)!.status.message).toBe('error 599');
});

test('A page that is hidden sends at once, with keepalive', async () => {
  const { telemetry, document, listeners, requests } = await page();
  telemetry.recordError('x');
  document.visibilityState = 'hidden';
  listeners.get('visibilitychange')!({});
  expect(requests.at(-1)).toMatchObject({ url: 'https://otlp.sightedit.com/v1/traces', keepalive: true });
});

test('A trace that the server did not sample is not sent, and says so to the server', async () => {
  const { telemetry, requests, spans, fetched, loaded } = await page({}, `00-${SERVER_TRACE}-${SERVER_SPAN}-00`);
  await loaded();
  await telemetry.save('text', () => fetched('/api/save'));
  await telemetry.flush();
  expect(spans()).toEqual([]);
  expect(requests[0]!.headers.get('traceparent')).toMatch(new RegExp(`^00-${SERVER_TRACE}-[0-9a-f]{16}-00$`));
});

test('Without a trace of the server, the page begins one, sampled by its ratio', async () => {
  const none = await page({ sampleRatio: 0 }, null);
  const all = await page({ sampleRatio: 1 }, 'nonsense');
  expect(none.telemetry.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(all.telemetry.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
});

test('After stop(), fetch() is the browser’s own, and nothing is recorded', async () => {
  const { telemetry, window, nativeFetch, spans, loaded } = await page();
  await loaded();
  await telemetry.stop();
  expect(window.fetch).toBe(nativeFetch);
  const before = spans().length;
  telemetry.recordError('x');
  await telemetry.flush();
  expect(spans().length).toBe(before);
});
