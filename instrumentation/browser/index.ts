/** The part of the instrumentation that runs in browsers. */
import { observeErrors, observeTimings, observeVitals, withoutQuery } from './observe';
import { type Attributes, Exporter, randomId, type SpanData } from './otlp';

export type { Attributes, AttributeValue } from './otlp';

/** Settings of the telemetry of a page. */
export interface BrowserTelemetryOptions {
  /** OTLP/HTTP address of the gateway, without `/v1/traces`. Its CORS settings must allow the page's origin. */
  readonly endpoint: string;
  /** Name of the service. @default sightedit-browser */
  readonly serviceName?: string;
  /** Version of the service. @default - none */
  readonly serviceVersion?: string;
  /** Share of page loads that are recorded, if the server has not decided. @default 1 */
  readonly sampleRatio?: number;
  /** Origins beside the page's own whose requests carry the trace. Their CORS settings must allow the header `traceparent`. @default - none */
  readonly propagateTo?: readonly string[];
}

/** Telemetry of a page. */
export interface BrowserTelemetry {
  /** The trace of this page, as the header `traceparent` has it. */
  readonly traceparent: string;
  /** Runs work in a span. Requests that it makes by `fetch()` before it first waits are children of the span. */
  withSpan<T>(name: string, work: () => T | Promise<T>, attributes?: Attributes): Promise<T>;
  /** Records that an editor was opened. @param work opens it @default - it is open already */
  editorActivated(editorType: string, work?: () => unknown): Promise<void>;
  /** Saves in a span, with which the server's spans are joined. */
  save<T>(editorType: string, work: () => T | Promise<T>): Promise<T>;
  /** Records an error that the code has caught. */
  recordError(error: unknown, attributes?: Attributes): void;
  /** Sends what was recorded. */
  flush(): Promise<void>;
  /** Stops recording, and restores `fetch()`. */
  stop(): Promise<void>;
}

/** The span that is active while code runs that has not yet waited. */
interface Context {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

const TRACEPARENT = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

/** Characters of a stack trace that are sent. */
const MOST_STACK = 2_000;

/**
 * Starts telemetry of a page: web vitals, long tasks, resources, `fetch()`, errors, and spans of editors. All of a page
 * is one trace. If the server has rendered `<meta name="traceparent" content="…">`, it is the server's trace.
 */
export function startBrowserTelemetry(options: BrowserTelemetryOptions): BrowserTelemetry {
  const { serviceName = 'sightedit-browser', serviceVersion, sampleRatio = 1, propagateTo = [] } = options;
  const endpoint = options.endpoint.replace(/\/$/, '');
  const nativeFetch = window.fetch;
  const originalFetch = nativeFetch.bind(window);
  const [, traceId = randomId(16), serverSpan, flags] =
    TRACEPARENT.exec(document.querySelector<HTMLMetaElement>('meta[name=traceparent]')?.content ?? '') ?? [];
  const sampled = flags === undefined ? Math.random() < sampleRatio : (Number.parseInt(flags, 16) & 1) === 1;
  const page: Context = { traceId, spanId: randomId(8), sampled };
  let active = page;
  let stopped = false;

  const exporter = new Exporter(
    { 'service.name': serviceName, 'service.version': serviceVersion, 'user_agent.original': navigator.userAgent },
    async (body, last) => {
      try {
        const headers = { 'content-type': 'application/json' };
        // A request with keepalive outlives the page. Its body may have at most 64 KiB.
        const keepalive = last && body.length < 60_000;
        return (await originalFetch(`${endpoint}/v1/traces`, { method: 'POST', body, headers, keepalive })).ok;
      } catch {
        return false;
      }
    },
  );

  const at = (time: number) => performance.timeOrigin + time;
  const end = (span: Omit<SpanData, 'traceId' | 'start' | 'end'> & { start: number; end: number }) => {
    if (sampled && !stopped) {
      exporter.add({ ...span, traceId, start: at(span.start), end: at(span.end) });
    }
  };
  const record = (name: string, start: number, stop: number, attributes: Attributes, error?: string) =>
    end({ name, spanId: randomId(8), parentSpanId: page.spanId, kind: 1, start, end: stop, attributes, error });

  const recordError = (error: unknown, attributes: Attributes = {}) => {
    const now = performance.now();
    const { name, message, stack } = detailsOf(error);
    const details = {
      'exception.type': name,
      'exception.message': message,
      'exception.stacktrace': stack.slice(0, MOST_STACK),
    };
    record('exception', now, now, { ...details, ...attributes }, message);
  };

  async function withSpan<T>(name: string, work: () => T | Promise<T>, attributes: Attributes = {}): Promise<T> {
    const before = active;
    const context = { ...page, spanId: randomId(8) };
    const start = performance.now();
    const finish = (error?: unknown) =>
      end({
        ...{
          name,
          spanId: context.spanId,
          parentSpanId: before.spanId,
          kind: 1,
          start,
          end: performance.now(),
          attributes,
        },
        error: error === undefined ? undefined : String(error),
      });
    try {
      active = context;
      const running = work();
      active = before;
      const result = await running;
      finish();
      return result;
    } catch (error) {
      active = before;
      finish(error);
      throw error;
    }
  }

  const tracedFetch: typeof window.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input, location.href);
    const isTraced = url.origin === location.origin || propagateTo.includes(url.origin);
    if (!isTraced || url.href.startsWith(endpoint)) {
      return originalFetch(input, init);
    }
    const parentSpanId = active.spanId;
    const spanId = randomId(8);
    const start = performance.now();
    const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    headers.set('traceparent', traceparentOf({ ...page, spanId }));
    const finish = (status: number | undefined, error?: string) =>
      end({
        ...{ name: method, spanId, parentSpanId, kind: 3, start, end: performance.now(), error },
        attributes: {
          ...{ 'http.request.method': method, 'url.full': withoutQuery(url.href) },
          'http.response.status_code': status,
        },
      });
    try {
      const response = await originalFetch(input, { ...init, headers });
      finish(response.status, response.status >= 500 ? `status ${response.status}` : undefined);
      return response;
    } catch (error) {
      finish(undefined, String(error));
      throw error;
    }
  };
  window.fetch = tracedFetch;

  observeVitals(record);
  const stops = [
    observeTimings(record, endpoint),
    observeErrors((error, where) => recordError(error, { 'exception.source': where })),
  ];
  onPageLoaded((navigation) =>
    end({
      ...{ name: 'page-load', spanId: page.spanId, parentSpanId: serverSpan, kind: 1, start: 0 },
      end: navigation?.loadEventEnd || performance.now(),
      attributes: { 'url.full': withoutQuery(location.href), 'page.type': navigation?.type },
    }),
  );
  // The last moment that mobile browsers tell a page about.
  const onHidden = () => {
    if (document.visibilityState === 'hidden') {
      void exporter.flush(true);
    }
  };
  document.addEventListener('visibilitychange', onHidden);

  return {
    traceparent: traceparentOf(page),
    withSpan,
    editorActivated: async (editorType, work = () => {}) => {
      await withSpan('editor-activation', work, { 'sightedit.editor_type': editorType });
    },
    save: (editorType, work) => withSpan('save', work, { 'sightedit.editor_type': editorType }),
    recordError,
    flush: () => exporter.flush(),
    stop: async () => {
      stopped = true;
      // Another library may have wrapped ours meanwhile.
      if (window.fetch === tracedFetch) {
        window.fetch = nativeFetch;
      }
      document.removeEventListener('visibilitychange', onHidden);
      for (const stop of stops) {
        stop();
      }
      await exporter.flush(true);
    },
  };
}

/** Errors of frames are no instances of this page's class. */
function detailsOf(error: unknown): { readonly name: string; readonly message: string; readonly stack: string } {
  const { name = typeof error, message = String(error), stack = '' } = (error ?? {}) as Partial<Error>;
  return { name, message, stack };
}

function traceparentOf({ traceId, spanId, sampled }: Context): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** `loadEventEnd` is known only after the handlers of the event `load` have returned. */
function onPageLoaded(report: (navigation: PerformanceNavigationTiming | undefined) => void): void {
  const later = () =>
    setTimeout(() => report(performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming | undefined));
  if (document.readyState === 'complete') {
    later();
  } else {
    addEventListener('load', later, { once: true });
  }
}
