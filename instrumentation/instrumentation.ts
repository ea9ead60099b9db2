import type { Server } from 'node:http';
import { BusinessMetrics } from './business/business-metrics';
import { KpiComputation, type KpiOptions } from './business/kpis';
import { type Cache, type CacheOptions, createCache } from './cache';
import { ErrorTracking } from './errors/error-tracking';
import { type AddressedRequest, clientAddress } from './http/client-address';
import { type Health, type HealthChecks, healthHandlers } from './http/health';
import { type MeasureOptions, type Middleware, measureRequests } from './http/measure';
import { type Identify, type IdentityMode, identifier } from './log/identities';
import { createLogger, type Logger } from './log/logger';
import { type Handler, metricsHandler, serveMetrics } from './metrics/exposition';
import { Metrics } from './metrics/metrics';
import { measurePool, measureProcess, type ObservedPool } from './metrics/runtime';
import type { Vocabulary } from './metrics/vocabulary';
import { onceAMinute } from './once-a-minute';
import { cspReports } from './security/csp';
import { Denylist, type DenylistOptions } from './security/denylist';
import type { Locate } from './security/logins';
import { type ProtectOptions, protect } from './security/protect';
import { type SecurityLimits, SecurityMonitor } from './security/security-monitor';
import { type SharedRedis, SharedState } from './security/shared-state';
import { profileHandler } from './trace/profiles';
import { addContext, type SpanContextFields } from './trace/tracing';

/** Settings of the instrumentation. */
export interface InstrumentationOptions {
  /** Names that the code uses as label values. @default - every name counts as `other` */
  readonly vocabulary?: Vocabulary;
  /** The Redis that all replicas share: counters of attacks, the denylist, caches. @default - each replica counts alone */
  readonly redis?: SharedRedis;
  /** Load balancers that append to `X-Forwarded-For`. @default 1 */
  readonly trustedProxies?: number;
  /** How user and session ids appear in logs and spans. @default hashed */
  readonly identities?: IdentityMode;
  /** Key of the hashes. Replicas with the same key write the same hashes. @default - random in each process */
  readonly identityKey?: string;
  /** Finds the place of an address, for suspicious logins. @default - places are not compared */
  readonly locate?: Locate;
  /** Limits of the detectors. @default - those that SightEdit has in use */
  readonly limits?: SecurityLimits;
  /** The denylist in Redis. @default - as the remediation webhook writes it */
  readonly denylist?: DenylistOptions;
  /** Database for the key figures. @default - key figures of users are 0, and their metrics absent */
  readonly kpis?: KpiOptions;
  /** Token for profiles on demand, at least 16 characters. @default - no profiles */
  readonly profileToken?: string;
  /** Writes the log. @default - JSON lines on standard output */
  readonly logger?: Logger;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Instrumentation of a service. */
export class Instrumentation {
  /** The metrics of the contract. */
  readonly metrics: Metrics;
  /** Writes the log. */
  readonly logger: Logger;
  /** Counts what users do. */
  readonly businessMetrics: BusinessMetrics;
  /** Detects attacks. */
  readonly securityMonitor: SecurityMonitor;
  /** Sends errors to Sentry. */
  readonly errors: ErrorTracking;

  private readonly state: SharedState;
  private readonly denylist: Denylist;
  private readonly kpis: KpiComputation | undefined;
  private readonly identify: Identify;
  private readonly isDue = onceAMinute();

  /** Starts to measure the process, and to compute the key figures. Connects nothing. */
  constructor(private readonly options: InstrumentationOptions = {}) {
    const { vocabulary = {}, now = Date.now, redis, locate, limits, identities = 'hashed', identityKey } = options;
    this.logger = options.logger ?? createLogger();
    this.identify = identifier(identities, identityKey);
    this.metrics = new Metrics(vocabulary, (message) => this.logger.warn(message, { component: 'metrics' }));
    measureProcess(this.metrics);
    this.state = new SharedState({ redis, now, onFailure: (error) => this.failed('shared_state_unavailable', error) });
    const failOpen = () => (redis ? this.failed('denylist_unavailable') : undefined);
    this.denylist = new Denylist(this.state, options.denylist ?? {}, failOpen, now);
    this.kpis = options.kpis && new KpiComputation(options.kpis, this.metrics, this.logger);
    this.kpis?.start();
    const common = { metrics: this.metrics, logger: this.logger, identify: this.identify, now };
    this.businessMetrics = new BusinessMetrics({ ...common, kpis: this.kpis });
    this.securityMonitor = new SecurityMonitor({ ...common, state: this.state, locate, limits });
    this.errors = new ErrorTracking(this.identify, (message) => this.logger.warn(message, { component: 'errors' }));
  }

  /** Middleware that measures each request. Register it before all other middleware. */
  measureRequests(options: MeasureOptions = {}): Middleware {
    return measureRequests(this.metrics, this.logger, options);
  }

  /** Middleware that refuses blocked addresses, clients above the rate limit, and attacks. Register it after body parsers. */
  protect(options: ProtectOptions = {}): Middleware {
    const { metrics, denylist, securityMonitor: monitor } = this;
    return protect({ ...options, metrics, denylist, monitor, trustedProxies: this.trustedProxies });
  }

  /** Handler of `GET /metrics`. */
  metricsHandler(): Handler {
    return metricsHandler(this.metrics.registry);
  }

  /** Serves `/metrics` on a port of its own. The caller closes the server. @param port 0 for any free port */
  serveMetrics(port: number): Server {
    return serveMetrics(this.metrics.registry, port);
  }

  /** Handlers of the probes: `/health` and `/health/ready`. */
  health(checks: HealthChecks = {}): Health {
    return healthHandlers(checks);
  }

  /** Handler of `POST /api/csp-report`. */
  cspReports(): Middleware {
    return cspReports(this.metrics);
  }

  /** Handler of `GET /debug/profile`. Answers 404 without the setting `profileToken`. */
  profileHandler(): Handler {
    return profileHandler(this.options.profileToken);
  }

  /** Measures a connection pool of pg. @param name value of the label `db_client_connection_pool_name` */
  measurePool(name: string, pool: ObservedPool): void {
    measurePool(this.metrics, name, pool);
  }

  /** A cache in Redis with a checksum of each entry, and a version that the remediation webhook can raise. */
  createCache(options: CacheOptions): Cache {
    return createCache(this.state, this.metrics, options);
  }

  /** Counts the bytes of an upload that was accepted. */
  trackUpload(bytes: number): void {
    this.metrics.increment('sightedit_upload_bytes_total', {}, bytes);
  }

  /** The address of a request's client. */
  clientAddress(request: AddressedRequest): string | undefined {
    return clientAddress(request, this.trustedProxies);
  }

  /** Sets attributes of the active span: `business.<key>`. */
  addBusinessContext(fields: SpanContextFields): void {
    addContext('business', fields, this.identify);
  }

  /** Sets attributes of the active span: `security.<key>`. */
  addSecurityContext(fields: SpanContextFields): void {
    addContext('security', fields, this.identify);
  }

  /** Stops the computations, and waits for events that are being judged. Never throws. */
  async stop(): Promise<void> {
    await Promise.allSettled([this.kpis?.stop(), this.securityMonitor.settled(), this.errors.close()]);
  }

  private get trustedProxies(): number {
    return this.options.trustedProxies ?? 1;
  }

  /** Counted each time, and logged once a minute. */
  private failed(what: 'denylist_unavailable' | 'shared_state_unavailable', error?: unknown): void {
    this.metrics.increment('sightedit_errors_total', { error_type: what });
    if (this.isDue(what)) {
      const message =
        what === 'denylist_unavailable' ? 'requests are not checked against the denylist' : 'Redis does not answer';
      this.logger.warn(message, { component: 'security', error });
    }
  }
}
