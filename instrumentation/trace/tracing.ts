import { type Attributes, context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Identify } from '../log/identities';
import type { ExemplarLabels } from '../metrics/metrics';

/** Options of a span. */
export interface SpanSettings {
  /** Role of the span. @default - internal */
  readonly kind?: SpanKind;
  /** Attributes of the span. @default - none */
  readonly attributes?: Attributes;
}

/** What is known about the work of the active span. Other keys are allowed. */
export type SpanContextFields = Readonly<Record<string, unknown>>;

const tracer = () => trace.getTracer('sightedit-monitoring');

/** Starts a span as a child of the active one. The caller ends it. */
export function createSpan(name: string, options: SpanSettings = {}): Span {
  const { kind = SpanKind.INTERNAL, attributes } = options;
  return tracer().startSpan(name, { kind, attributes });
}

/** Hears how long an operation took. */
export type OperationObserver = (name: string, seconds: number, success: boolean) => void;

/**
 * Runs an operation in a span that is active meanwhile, and ends the span. An error is recorded and thrown on.
 *
 * @param observe @default - nobody
 */
export async function runInSpan<T>(
  name: string,
  operation: (span: Span) => Promise<T>,
  options: SpanSettings = {},
  observe: OperationObserver = () => {},
): Promise<T> {
  const span = createSpan(name, options);
  const start = performance.now();
  try {
    const result = await context.with(trace.setSpan(context.active(), span), () => operation(span));
    observe(name, (performance.now() - start) / 1000, true);
    return result;
  } catch (error) {
    span.recordException(error instanceof Error ? error : String(error));
    span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) });
    observe(name, (performance.now() - start) / 1000, false);
    throw error;
  } finally {
    span.end();
  }
}

/** The id of the active trace. */
export function getTraceId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().traceId;
}

/** The id of the active span. */
export function getSpanId(): string | undefined {
  return trace.getActiveSpan()?.spanContext().spanId;
}

/** The active span as an exemplar, if it is recorded. */
export function exemplar(): ExemplarLabels | undefined {
  const active = trace.getActiveSpan();
  if (!active?.isRecording()) {
    return undefined;
  }
  const { traceId, spanId } = active.spanContext();
  return { trace_id: traceId, span_id: spanId };
}

/** Identities, which appear in spans as the setting `identities` writes them. */
const IDENTITIES = ['userId', 'sessionId'];
const LONGEST = 256;

/** Sets attributes of the active span, under a prefix. */
export function addContext(prefix: string, fields: SpanContextFields, identify: Identify): void {
  const span = trace.getActiveSpan();
  for (const [key, value] of Object.entries(fields).slice(0, 32)) {
    const text = IDENTITIES.includes(key) ? identify(String(value)) : value;
    if (span && text !== undefined && text !== null) {
      span.setAttribute(`${prefix}.${key.slice(0, 64)}`, String(text).slice(0, LONGEST));
    }
  }
}
