import type { Identify } from '../log/identities';
import { redact, redactText } from '../log/redact';
import { optionalPackage, type Tell } from '../optional';
import { getTraceId } from '../trace/tracing';

/** Importance of a message. */
export type ErrorLevel = 'fatal' | 'error' | 'warning' | 'info' | 'debug';

/** The user of an error. The id appears as the setting `identities` says; nothing else is sent. */
export interface ErrorUser {
  /** Id of the user. */
  readonly id?: string;
}

/** Settings of error tracking. */
export interface ErrorTrackingOptions {
  /** Address of the Sentry project. Without it, nothing is loaded or sent. @default - off */
  readonly dsn?: string;
  /** Environment, e.g. `production`. @default - `NODE_ENV` */
  readonly environment?: string;
  /** Release, for which the source maps were uploaded. @default - Sentry's own: `SENTRY_RELEASE` */
  readonly release?: string;
  /** Share of errors that are sent, from 0 to 1. @default 1 */
  readonly sampleRate?: number;
  /** Share of transactions that are sent. Traces go to the collector, so Sentry needs none. @default 0 */
  readonly tracesSampleRate?: number;
  /** Tags of every error. @default - none */
  readonly tags?: Readonly<Record<string, string>>;
  /** User of every error. @default - none */
  readonly user?: ErrorUser;
}

/** What is known about an error. */
export interface ErrorContext {
  /** Searchable. @default - none */
  readonly tags?: Readonly<Record<string, string>>;
  /** Shown with the error. Secrets are replaced. @default - none */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** The user. @default - the one of `setUser()` */
  readonly user?: ErrorUser;
  /** Importance. @default error */
  readonly level?: ErrorLevel;
}

/** Something that happened before an error. */
export interface Breadcrumb {
  /** What happened. */
  readonly message: string;
  /** Kind, e.g. `editor`. @default - none */
  readonly category?: string;
  /** Importance. @default info */
  readonly level?: ErrorLevel;
  /** Anything else. Secrets are replaced. @default - none */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** What a user says about an error. */
export interface UserFeedback {
  /** The message. */
  readonly message: string;
  /** Id of the error, by `captureException()`. @default - not about one error */
  readonly associatedEventId?: string;
}

/** What this library uses of @sentry/node and @sentry/browser. */
interface Sentry {
  init(options: object): unknown;
  captureException(error: unknown, context?: object): string;
  captureMessage(message: string, level?: string): string;
  captureFeedback?(feedback: object): string;
  addBreadcrumb(breadcrumb: object): void;
  setUser(user: object | null): void;
  setTag(key: string, value: string): void;
  setExtra(key: string, value: unknown): void;
  flush(timeoutMs?: number): PromiseLike<boolean>;
  close(timeoutMs?: number): PromiseLike<boolean>;
}

/** Sends errors to Sentry. Every call does nothing until `init()` was called with a DSN. */
export class ErrorTracking {
  private sentry: Sentry | undefined;

  /** @internal */
  constructor(
    private readonly identify: Identify,
    private readonly tell: Tell,
    private readonly load = () => optionalPackage<Sentry>('@sentry/node', 'Errors are not sent to Sentry', this.tell),
  ) {}

  /** Starts error tracking. Returns whether it is on. */
  init(options: ErrorTrackingOptions): boolean {
    const { dsn, environment = process.env.NODE_ENV, tags = {}, user, ...rest } = options;
    if (!dsn) {
      return false;
    }
    this.sentry = this.load();
    this.sentry?.init({
      ...{ tracesSampleRate: 0, ...rest, dsn, environment, sendDefaultPii: false },
      // The OpenTelemetry SDK runs already. A second one would replace its context manager.
      skipOpenTelemetrySetup: true,
      initialScope: { tags, user: this.userOf(user) },
      beforeSend: (event: { tags?: object; request?: object }) => withoutSecrets(event),
    });
    return this.sentry !== undefined;
  }

  /** Sends an error. Returns its id, or undefined when tracking is off. */
  captureException(error: unknown, context: ErrorContext = {}): string | undefined {
    const { tags = {}, extra, user, level } = context;
    const trace = getTraceId();
    return this.sentry?.captureException(error, {
      ...{ tags: { ...tags, ...(trace ? { trace_id: trace } : {}) }, extra: redact(extra ?? {}), level },
      ...(user ? { user: this.userOf(user) } : {}),
    });
  }

  /** Sends a message. Returns its id. */
  captureMessage(message: string, level: ErrorLevel = 'info'): string | undefined {
    return this.sentry?.captureMessage(redactText(message), level);
  }

  /** Sends what a user says about an error. Returns its id. */
  captureFeedback(feedback: UserFeedback): string | undefined {
    return this.sentry?.captureFeedback?.({ ...feedback, message: redactText(feedback.message) });
  }

  /** Remembers a step, which is sent with the next error. */
  addBreadcrumb(breadcrumb: Breadcrumb): void {
    this.sentry?.addBreadcrumb(redact(breadcrumb) as object);
  }

  /** Sets the user of the next errors. @param user null for nobody */
  setUser(user: ErrorUser | null): void {
    this.sentry?.setUser(user && (this.userOf(user) ?? null));
  }

  /** Sets a tag of the next errors. */
  setTag(key: string, value: string): void {
    this.sentry?.setTag(key, redactText(value));
  }

  /** Sets a field of the next errors. */
  setExtra(key: string, value: unknown): void {
    this.sentry?.setExtra(key, redact(value));
  }

  /** Waits until everything is sent. Resolves to whether it was. @param timeoutMs @default 2000 */
  async flush(timeoutMs = 2_000): Promise<boolean> {
    return (await this.sentry?.flush(timeoutMs)) ?? true;
  }

  /** Sends everything and stops. @param timeoutMs @default 2000 */
  async close(timeoutMs = 2_000): Promise<boolean> {
    const closed = await this.sentry?.close(timeoutMs);
    this.sentry = undefined;
    return closed ?? true;
  }

  private userOf(user: ErrorUser | undefined): { readonly id: string } | undefined {
    const id = this.identify(user?.id);
    return id === undefined ? undefined : { id };
  }
}

/** Bodies, cookies and headers of requests are not sent. The messages are cleaned like log lines. */
function withoutSecrets(event: object): object {
  const { request, ...rest } = event as {
    request?: { url?: string; method?: string };
    message?: string;
    exception?: { values?: { value?: string }[] };
  };
  for (const exception of rest.exception?.values ?? []) {
    exception.value = exception.value === undefined ? undefined : redactText(exception.value);
  }
  return {
    ...rest,
    ...(rest.message === undefined ? {} : { message: redactText(rest.message) }),
    ...(request ? { request: { url: request.url?.split('?', 1)[0], method: request.method } } : {}),
  };
}
