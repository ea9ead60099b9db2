import type { Identify } from '../log/identities';
import type { BusinessLine, Logger } from '../log/logger';
import type { Metrics } from '../metrics/metrics';
import { textOf } from '../text';
import { exemplar } from '../trace/tracing';
import { type KpiPeriod, type KpiSource, type Kpis, noKpis } from './kpis';
import { ProcessCounts } from './process-counts';

/** @internal */
export interface BusinessProps {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly identify: Identify;
  readonly kpis?: KpiSource;
  readonly now: () => number;
}

/** A session that never ends is forgotten after a day. More open sessions than this are not measured. */
const MOST_SESSIONS = 50_000;
const SESSION_MS = 86_400_000;
const LONGEST_NAME = 100;

/** Events whose feature is in their properties. */
const FEATURE_EVENTS = ['feature_used', 'feature_usage'];

/**
 * Counts what users do. User and session ids reach the business log as the setting `identities` says, and never a
 * metric. No method throws.
 */
export class BusinessMetrics {
  private readonly sessions = new Map<string, number>();
  private readonly counts = new ProcessCounts();

  /** @internal */
  constructor(private readonly props: BusinessProps) {}

  /** Counts an editor that was opened. */
  trackEditorActivation(editorType: string, userId?: string, sessionId?: string): void {
    this.props.metrics.increment('sightedit_editor_activations_total', { editor_type: editorType });
    this.counts.add('activations');
    this.log('editor_activation', userId, sessionId, { editor_type: editorType });
  }

  /** Counts a save. @param durationMs milliseconds that it took @default - not measured */
  trackSaveOperation(
    status: 'success' | 'failed',
    editorType: string,
    durationMs?: number,
    userId?: string,
    sessionId?: string,
  ): void {
    const { metrics } = this.props;
    metrics.increment('sightedit_save_operations_total', { status, editor_type: editorType });
    this.counts.add(status === 'success' ? 'saves' : 'failedSaves');
    if (durationMs !== undefined) {
      this.observeOperation('save', durationMs / 1000, status === 'success');
    }
    this.log('save_operation', userId, sessionId, { editor_type: editorType, value: durationMs, metadata: { status } });
  }

  /** Starts a session. Without its id, it is counted in the log only. */
  trackSessionStart(userId?: string, sessionId?: string): void {
    const { now } = this.props;
    this.counts.add('sessions');
    const key = textOf(sessionId, LONGEST_NAME);
    if (key !== '') {
      this.forgetOld();
      if (this.sessions.size < MOST_SESSIONS) {
        this.sessions.set(key, now());
      }
      this.showSessions();
    }
    this.log('session_start', userId, sessionId, {});
  }

  /** Ends a session, and measures its duration if it started in this process. */
  trackSessionEnd(userId?: string, sessionId?: string): void {
    const key = textOf(sessionId, LONGEST_NAME);
    const start = this.sessions.get(key);
    const seconds = start === undefined ? undefined : (this.props.now() - start) / 1000;
    if (seconds !== undefined) {
      this.sessions.delete(key);
      this.props.metrics.observe('sightedit_session_duration_seconds', {}, seconds, exemplar());
      this.counts.session(seconds);
      this.showSessions();
    }
    this.log('session_end', userId, sessionId, { value: seconds });
  }

  /** Counts the use of a feature. */
  trackFeatureUsage(feature: string, action: string, userId?: string, sessionId?: string): void {
    this.props.metrics.increment('sightedit_feature_usage_total', { feature });
    this.counts.feature(feature);
    this.log('feature_usage', userId, sessionId, { feature, metadata: { action } });
  }

  /** Counts an error. The message reaches the log, and no metric. */
  trackError(errorType: string, message: string, userId?: string, sessionId?: string): void {
    this.props.metrics.increment('sightedit_errors_total', { error_type: errorType });
    this.counts.add('errors');
    this.log('error_occurred', userId, sessionId, { metadata: { error_type: errorType, message } });
  }

  /** Counts the start of a funnel. Its end is `trackConversion()`. */
  trackConversionStart(type: string, userId?: string, sessionId?: string): void {
    this.props.metrics.increment('sightedit_conversion_funnel_started_total', { type });
    this.log('conversion_started', userId, sessionId, { metadata: { type } });
  }

  /** Counts the end of a funnel. @param value reaches the log only: revenue is `trackRevenue()`, in a currency */
  trackConversion(type: string, value?: number, userId?: string, sessionId?: string): void {
    this.props.metrics.increment('sightedit_conversions_total', { type });
    this.log('conversion', userId, sessionId, { value, metadata: { type } });
  }

  /** Counts revenue. @param minorUnits in the smallest unit of the currency, e.g. cents: a positive integer */
  trackRevenue(minorUnits: number, currency: string, userId?: string): void {
    if (Number.isSafeInteger(minorUnits) && minorUnits > 0) {
      this.props.metrics.increment('sightedit_revenue_minor_units_total', { currency }, minorUnits);
      this.log('revenue', userId, undefined, { value: minorUnits, metadata: { currency } });
    } else {
      this.props.logger.warn('revenue is not a positive integer in minor units and was not counted', { minorUnits });
    }
  }

  /** Writes how often a user returned. The retention of cohorts is computed from the database. */
  trackRetention(userId: string, daysActive: number, totalDays: number): void {
    this.log('user_retention', userId, undefined, { value: daysActive, metadata: { total_days: totalDays } });
  }

  /** Counts a visitor who saw a variant. */
  trackABTest(test: string, variant: string, userId?: string, sessionId?: string): void {
    this.props.metrics.increment('sightedit_experiment_exposures_total', { experiment: test, variant });
    this.log('experiment_exposure', userId, sessionId, { metadata: { experiment: test, variant } });
  }

  /** Writes an event. `feature_used` also counts its property `feature`. */
  trackCustomEvent(name: string, properties: Readonly<Record<string, unknown>> = {}): void {
    const { feature, userId, sessionId, ...metadata } = properties ?? {};
    if (FEATURE_EVENTS.includes(name) && typeof feature === 'string') {
      this.props.metrics.increment('sightedit_feature_usage_total', { feature });
      this.counts.feature(feature);
    }
    this.log(name, textIn(userId), textIn(sessionId), { feature: textIn(feature), metadata });
  }

  /** Measures an operation inside a request. `withSpan()` does it for its operations. */
  observeOperation(operation: string, seconds: number, success: boolean): void {
    this.props.metrics.observe('sightedit_operation_duration_seconds', { operation, success }, seconds, exemplar());
    this.counts.operation(seconds, success);
  }

  /**
   * Key figures. Users, retention and session length come from the database if the setting `kpis` names one. The rates
   * are those of this process since its start, which Prometheus knows for all replicas and any time.
   */
  async calculateKPIs(period: KpiPeriod): Promise<Kpis> {
    const { kpis, logger } = this.props;
    const own = this.counts.rates();
    try {
      const read = (await kpis?.read(period)) ?? noKpis;
      return { ...own, ...read, averageSessionDuration: read.averageSessionDuration ?? own.averageSessionDuration };
    } catch (error) {
      logger.error('the key figures could not be read from the database', { error });
      return { ...own, ...noKpis };
    }
  }

  private log(
    event_name: string,
    userId: string | undefined,
    sessionId: string | undefined,
    line: Partial<BusinessLine>,
  ): void {
    const { logger, identify } = this.props;
    logger.business({
      ...{
        event_name: textOf(event_name, LONGEST_NAME),
        user_id: identify(userId),
        session_id: identify(sessionId),
      },
      ...line,
    });
  }

  private showSessions(): void {
    this.props.metrics.set('sightedit_active_sessions', {}, this.sessions.size);
  }

  /** Sessions are in the order of their start. */
  private forgetOld(): void {
    for (const [session, start] of this.sessions) {
      if (this.props.now() - start < SESSION_MS) {
        return;
      }
      this.sessions.delete(session);
    }
  }
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, LONGEST_NAME) : undefined;
}
