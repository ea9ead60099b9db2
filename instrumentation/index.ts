/** The instrumentation of SightEdit's services. It knows nothing of cdk8s. */
import type { Attributes, Span } from '@opentelemetry/api';
import type { BusinessMetrics } from './business/business-metrics';
import type { ErrorTracking } from './errors/error-tracking';
import { Instrumentation, type InstrumentationOptions } from './instrumentation';
import type { Logger } from './log/logger';
import type { SecurityMonitor } from './security/security-monitor';
import { runInSpan, type SpanContextFields, type SpanSettings } from './trace/tracing';

export type { BusinessMetrics } from './business/business-metrics';
export type { Database, DatabaseClient, DatabaseKpis, KpiOptions, KpiPeriod, Kpis, QueryResult } from './business/kpis';
export type { ProcessRates } from './business/process-counts';
export type { Cache, CacheOptions } from './cache';
export { metricContract } from './contract';
export type {
  Breadcrumb,
  ErrorContext,
  ErrorLevel,
  ErrorTracking,
  ErrorTrackingOptions,
  ErrorUser,
  UserFeedback,
} from './errors/error-tracking';
export { type AddressedRequest, clientAddress } from './http/client-address';
export type { Check, Health, HealthChecks } from './http/health';
export type { MeasureOptions, Middleware } from './http/measure';
export { Instrumentation, type InstrumentationOptions } from './instrumentation';
export type { IdentityMode } from './log/identities';
export {
  type AccessLine,
  type BusinessLine,
  createLogger,
  type Level,
  type LogFields,
  type Logger,
  type LoggerOptions,
  type SecurityLine,
} from './log/logger';
export type {
  CounterContract,
  GaugeContract,
  HistogramContract,
  LabelContract,
  LabelValues,
  Metric,
  MetricContract,
  Unit,
} from './metric';
export type { Handler } from './metrics/exposition';
export type { ExemplarLabels, Labels, Metrics } from './metrics/metrics';
export type { ObservedPool } from './metrics/runtime';
export type { Vocabulary } from './metrics/vocabulary';
export type { Tell } from './optional';
export type { DenylistOptions } from './security/denylist';
export { type InspectionContext, isPathTraversal, isSqlInjection, isXss } from './security/detect';
export type { Locate, Place } from './security/logins';
export type { ProtectOptions } from './security/protect';
export type { DetectionContext, SecurityLimits, SecurityMonitor } from './security/security-monitor';
export type { SharedRedis } from './security/shared-state';
export type {
  SecurityEvent,
  SecurityEventType,
  SecurityMetrics,
  SecuritySeverity,
  ThreatIntelligence,
} from './security/types';
export { type ProfileKind, recordProfile } from './trace/profiles';
export { startTelemetry, type Telemetry, type TelemetryOptions } from './trace/telemetry';
export { createSpan, getSpanId, getTraceId, type SpanContextFields, type SpanSettings } from './trace/tracing';

let current: Instrumentation | undefined;

/**
 * Sets the instrumentation that the functions and objects of this module use. Call it once, when the service starts.
 *
 * @throws Error when one of them was used before, or this function was called before
 */
export function instrument(options: InstrumentationOptions): Instrumentation {
  if (current) {
    throw new Error(
      'instrument() was called too late, or twice: call it once, before the first use of businessMetrics and the others',
    );
  }
  current = new Instrumentation(options);
  return current;
}

function instrumentation(): Instrumentation {
  current ??= new Instrumentation();
  return current;
}

/** An object whose calls reach the current instrumentation, so that modules can import it before `instrument()`. */
function late<T extends object>(object: () => T): T {
  return new Proxy({} as T, {
    get: (_, name) => {
      const target = object();
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Counts what users do. */
export const businessMetrics: BusinessMetrics = late(() => instrumentation().businessMetrics);

/** Detects attacks. */
export const securityMonitor: SecurityMonitor = late(() => instrumentation().securityMonitor);

/** Sends errors to Sentry. */
export const errors: ErrorTracking = late(() => instrumentation().errors);

/** Writes the log. */
export const logger: Logger = late(() => instrumentation().logger);

/**
 * Runs an operation in a span that is active meanwhile, and measures it. An error is recorded and thrown on.
 *
 * @param name also the label `operation`, if the vocabulary has it
 */
export function withSpan<T>(
  name: string,
  operation: (span: Span) => Promise<T>,
  options: SpanSettings = {},
): Promise<T> {
  return runInSpan(name, operation, options, (...measured) => businessMetrics.observeOperation(...measured));
}

/** Sets attributes of the active span: `business.<key>`. */
export function addBusinessContext(fields: SpanContextFields): void {
  instrumentation().addBusinessContext(fields);
}

/** Sets attributes of the active span: `security.<key>`. */
export function addSecurityContext(fields: SpanContextFields): void {
  instrumentation().addSecurityContext(fields);
}

/** Attributes of spans, as OpenTelemetry has them. */
export type SpanAttributes = Attributes;
