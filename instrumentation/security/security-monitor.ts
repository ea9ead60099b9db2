import type { Identify } from '../log/identities';
import type { Logger } from '../log/logger';
import type { Metrics } from '../metrics/metrics';
import { textOf } from '../text';
import { type InspectionContext, isPathTraversal, isSqlInjection, isXss } from './detect';
import { EventHistory } from './history';
import { failureFindings, LOGIN_WINDOW } from './login-failures';
import { type Locate, loginThreats, severityOf } from './logins';
import { Recent } from './recent';
import { countedSeverity, riskLevel, riskScore, SECURITY_EVENT_TYPES, SECURITY_SEVERITIES } from './risk';
import { crosses, type SharedState } from './shared-state';
import type { SecurityEvent, SecurityMetrics, SecuritySeverity, ThreatIntelligence } from './types';

/** Limits of the detectors. The defaults are those that SightEdit has in use. */
export interface SecurityLimits {
  /** Failed logins of one address on one account within 15 minutes that are brute force. Twice as many are critical. @default 5 */
  readonly failedLogins?: number;
  /** Accounts on which one address fails within 15 minutes, or addresses that fail on one account. @default 10 */
  readonly failedAccounts?: number;
  /** Requests of one client within a minute. @default 100 */
  readonly requestsPerMinute?: number;
  /** Endpoints that one API key calls within 5 minutes. @default 50 */
  readonly endpointsPerKey?: number;
  /** Addresses from which one API key is used within 15 minutes. @default 10 */
  readonly addressesPerKey?: number;
}

/** What a detector was given: a text such as `content`, or fields that reach the log. */
export type DetectionContext = InspectionContext | Readonly<Record<string, unknown>>;

/** @internal */
export interface MonitorProps {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly identify: Identify;
  readonly state: SharedState;
  readonly locate?: Locate;
  readonly limits?: SecurityLimits;
  readonly now: () => number;
}

const SUSPICIOUS_SECONDS = 24 * 3600;
const HIGH_RISK = 70;
const SHOWN = 200;
const LONGEST_NAME = 256;

/** Detects attacks, and reports them to the log and the metrics. No method throws, or waits for Redis. */
export class SecurityMonitor {
  private readonly history: EventHistory;
  private readonly intelligence: Recent<ThreatIntelligence>;
  private readonly pending = new Set<Promise<void>>();
  private readonly limits: Required<SecurityLimits>;

  /** @internal */
  constructor(private readonly props: MonitorProps) {
    this.history = new EventHistory(props.now);
    this.intelligence = new Recent(10_000, props.now);
    this.limits = {
      ...{ failedLogins: 5, failedAccounts: 10, requestsPerMinute: 100, endpointsPerKey: 50, addressesPerKey: 10 },
      ...props.limits,
    };
  }

  /** Reports an event: a line of the security stream, a count, and a risk score that marks its user as suspicious. */
  reportSecurityEvent(event: SecurityEvent): void {
    if (SECURITY_EVENT_TYPES.includes(event.type) && SECURITY_SEVERITIES.includes(event.severity)) {
      this.run(() => this.process(event));
    } else {
      this.props.logger.warn('a security event has an unknown type or severity and was not counted', { event });
    }
  }

  /** Counts a failed login, and detects guessing: one account, many accounts, or one account from many addresses. */
  checkAuthenticationFailure(
    userId: string,
    sourceIP: string,
    userAgent?: string,
    details: Readonly<Record<string, unknown>> = {},
  ): void {
    this.props.metrics.increment('sightedit_auth_attempts_total', { status: 'failed' });
    // The name comes from a request, and may be anything.
    const user = textOf(userId, LONGEST_NAME);
    this.run(async () => {
      const findings = await failureFindings(this.props.state, this.limits, { userId: user, sourceIP });
      for (const { found, ...finding } of findings) {
        this.reportSecurityEvent({
          ...{ ...finding, userId: user, sourceIP, userAgent, action: 'login_failed', result: 'rejected' },
          details: { ...details, ...found },
        });
      }
    });
  }

  /** Counts a successful login, and reports it if country, device or distance to the last one are unusual. */
  checkSuspiciousLogin(
    userId: string,
    sourceIP: string,
    userAgent?: string,
    details: Readonly<Record<string, unknown>> = {},
  ): void {
    this.props.metrics.increment('sightedit_auth_attempts_total', { status: 'success' });
    this.run(async () => {
      const place = await this.props.locate?.(sourceIP);
      const threats = await loginThreats(this.props.state, { userId, userAgent, place, now: this.props.now() });
      if (threats.length > 0) {
        this.reportSecurityEvent({
          ...{ type: 'suspicious_login', severity: severityOf(threats), userId, sourceIP, userAgent },
          ...{
            action: 'login_succeeded',
            result: 'allowed',
            details: { ...details, threats, country: place?.country },
          },
        });
      }
    });
  }

  /** Whether a text is an SQL injection. If so, it is reported, and the caller rejects the request. */
  sqlInjection(input: string, userId?: string, sourceIP?: string, context: DetectionContext = 'parameter'): boolean {
    const found = isSqlInjection(textOf(input), contextOf(context));
    return found && this.violation('sql_injection', 'sql_injection', { input, userId, sourceIP, context });
  }

  /** Whether a text would run as code in a page. If so, it is reported, and the caller rejects the request. */
  xssAttempt(input: string, userId?: string, sourceIP?: string, context: DetectionContext = 'parameter'): boolean {
    const found = isXss(textOf(input), contextOf(context));
    return found && this.violation('xss', 'xss_attempt', { input, userId, sourceIP, context });
  }

  /** Whether a path or file name leaves its directory. If so, it is reported, and the caller rejects the request. */
  pathTraversal(input: string, userId?: string, sourceIP?: string, context: DetectionContext = 'parameter'): boolean {
    const found = isPathTraversal(textOf(input));
    return found && this.violation('path_traversal', 'suspicious_api_usage', { input, userId, sourceIP, context });
  }

  /** Reports an upload that the application has rejected as harmful. */
  maliciousUpload(fileName: string, reason: string, userId?: string, sourceIP?: string): void {
    const context = { reason };
    this.violation('malicious_upload', 'malicious_file_upload', { input: fileName, userId, sourceIP, context });
  }

  /** Reports a request that the application has rejected because its CSRF token was missing or wrong. */
  csrfViolation(resource: string, userId?: string, sourceIP?: string): void {
    this.violation('csrf', 'unauthorized_access', { input: resource, userId, sourceIP, context: {} }, 'medium');
  }

  /**
   * Counts a request of a client. Returns whether the client has exceeded its limit. Requests to other replicas count
   * from the next request on.
   */
  rateLimit(identifier: string, sourceIP: string, userId?: string, action = 'api_request'): boolean {
    const { state } = this.props;
    const { requestsPerMinute } = this.limits;
    const minute = Math.floor(this.props.now() / 60_000);
    const key = `rate:${identifier}:${sourceIP}:${minute}`;
    this.run(async () => {
      const { before, after } = await state.count(key, 60);
      if (before <= requestsPerMinute && after > requestsPerMinute) {
        const details = { limit: requestsPerMinute };
        this.reportSecurityEvent({
          ...{
            type: 'rate_limit_violation',
            severity: 'medium',
            userId,
            sourceIP,
            action,
            result: 'rejected',
            details,
          },
        });
      }
    });
    return state.known(key) > requestsPerMinute;
  }

  /** Whether a permission is missing. If so, it is reported. */
  unauthorizedAccess(
    resource: string,
    required: string,
    held: readonly string[],
    userId?: string,
    sourceIP?: string,
  ): boolean {
    if (held.includes(required)) {
      return false;
    }
    const details = { required, held };
    const what = { action: 'access_denied', resource, result: 'rejected', details } as const;
    this.reportSecurityEvent({ type: 'unauthorized_access', severity: 'medium', userId, sourceIP, ...what });
    return true;
  }

  /** Counts a call with an API key, and reports unusual use: too often, too many endpoints, too many addresses. */
  suspiciousAPI(apiKey: string, endpoint: string, method: string, sourceIP: string, userId?: string): void {
    const { state } = this.props;
    const { requestsPerMinute, endpointsPerKey, addressesPerKey } = this.limits;
    this.run(async () => {
      const counts = await Promise.all([
        state.count(`key-calls:${apiKey}`, 60),
        state.distinct(`key-endpoints:${apiKey}`, `${method} ${endpoint}`, 300),
        state.distinct(`key-addresses:${apiKey}`, sourceIP, LOGIN_WINDOW),
      ]);
      const limits = [requestsPerMinute, endpointsPerKey, addressesPerKey];
      const names = ['high_frequency', 'enumeration', 'many_addresses'];
      const patterns = names.filter((_, index) => crosses(counts[index]!, limits[index]! + 1));
      if (patterns.length > 0) {
        const severity = patterns.includes('high_frequency') ? 'medium' : 'high';
        const details = { patterns, method };
        this.reportSecurityEvent({
          ...{
            type: 'suspicious_api_usage',
            severity,
            userId,
            sourceIP,
            action: 'api_call',
            resource: endpoint,
            details,
          },
        });
      }
    });
  }

  /** Summary of the events of this process. @param timeframeMs @default - 24 hours */
  getSecurityMetrics(timeframeMs = 86_400_000): SecurityMetrics {
    return this.history.summary(timeframeMs);
  }

  /** What is known about an address. */
  getThreatIntelligence(ip: string): ThreatIntelligence | null {
    return this.intelligence.get(ip) ?? null;
  }

  /** Remembers something about an address for a day. At most 10,000 addresses are kept. */
  addThreatIntelligence(intelligence: ThreatIntelligence): void {
    this.intelligence.set(intelligence.ipAddress, intelligence, SUSPICIOUS_SECONDS);
  }

  /** Waits until every event so far is reported. */
  async settled(): Promise<void> {
    while (this.pending.size > 0) {
      await Promise.all(this.pending);
    }
  }

  private run(work: () => Promise<void>): void {
    const running = work()
      .catch((error) => this.props.logger.error('a security event could not be judged', { error }))
      .finally(() => this.pending.delete(running));
    this.pending.add(running);
  }

  private async process(event: SecurityEvent): Promise<void> {
    const { metrics, logger, identify, state } = this.props;
    const { type, severity, userId, sourceIP } = event;
    const intelligence = sourceIP === undefined ? undefined : this.intelligence.get(sourceIP)?.riskLevel;
    const suspiciousUser = userId !== undefined && (await state.read(`suspicious:${userId}`)) !== undefined;
    const risk = { type, severity, intelligence, suspiciousUser };
    const score = riskScore(risk);
    const counted = countedSeverity(risk);
    metrics.increment('sightedit_security_events_total', { type, severity: counted });
    this.history.add({ ...event, severity: counted }, score);
    logger.security({
      ...{
        event_type: type,
        user_id: identify(userId),
        source_ip: sourceIP,
        user_agent: event.userAgent && textOf(event.userAgent, SHOWN),
      },
      ...{ action: event.action, resource: event.resource, result: event.result ?? 'reported' },
      ...{ risk_level: riskLevel(score), details: { ...event.details, risk_score: score, severity: counted } },
    });
    if (score >= HIGH_RISK && userId !== undefined) {
      await state.write(`suspicious:${userId}`, type, SUSPICIOUS_SECONDS);
    }
  }

  private violation(
    metric: string,
    type: SecurityEvent['type'],
    attempt: { input: string; userId?: string; sourceIP?: string; context: DetectionContext },
    severity: SecuritySeverity = 'high',
  ): true {
    const { input, userId, sourceIP, context } = attempt;
    this.props.metrics.increment('sightedit_security_violations_total', { type: metric });
    const details = { input: textOf(input, SHOWN), ...(typeof context === 'object' ? { context } : {}) };
    this.reportSecurityEvent({ type, severity, userId, sourceIP, action: metric, result: 'rejected', details });
    return true;
  }
}

function contextOf(context: DetectionContext): InspectionContext {
  return context === 'content' ? 'content' : 'parameter';
}
