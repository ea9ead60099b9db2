import { DiagLogLevel, diag } from '@opentelemetry/api';
import { onceAMinute } from '../once-a-minute';
import { optionalPackage, type Tell } from '../optional';
import { withinTime } from '../timeout';

/** Settings of tracing. */
export interface TelemetryOptions {
  /** Name of the service. @default - `OTEL_SERVICE_NAME`, or sightedit-backend */
  readonly serviceName?: string;
  /** Version of the service. @default - `npm_package_version` */
  readonly serviceVersion?: string;
  /** OTLP/HTTP address of the collector, without `/v1/traces`. @default - `OTEL_EXPORTER_OTLP_ENDPOINT`, or http://localhost:4318 */
  readonly endpoint?: string;
  /** Share of traces that begin here and are recorded. The gateway decides which are kept. @default 1 */
  readonly sampleRatio?: number;
  /** Paths whose requests are no traces. @default /health, /health/ready, /metrics */
  readonly ignoredPaths?: readonly string[];
  /** Whether `SIGTERM` and `SIGINT` send the last spans. The application still ends itself. @default true */
  readonly flushOnSignal?: boolean;
  /** Hears of missing packages and failures, at most once a minute each. @default - a JSON line on standard error */
  readonly tell?: Tell;
}

/** Running telemetry. */
export interface Telemetry {
  /** Whether spans are recorded. False when a package of the SDK is missing. */
  readonly enabled: boolean;
  /** Sends the spans so far. Never throws. */
  flush(): Promise<void>;
  /** Sends the last spans and stops. Never throws, and takes at most three seconds. */
  shutdown(): Promise<void>;
}

/** The SDK, as far as this library uses it. Its packages are optional, so its types are not published. */
interface Sdk {
  readonly NodeTracerProvider: new (options: object) => Provider;
  readonly BatchSpanProcessor: new (exporter: object, options: object) => object;
  readonly ParentBasedSampler: new (options: object) => object;
  readonly TraceIdRatioBasedSampler: new (ratio: number) => object;
}

interface Provider {
  register(): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

const LIMIT_MS = 3_000;
const IGNORED = ['/health', '/health/ready', '/metrics'];

/** Attributes from the downward API: the manifest sets these variables. @see https://opentelemetry.io/docs/specs/semconv/resource/k8s */
const KUBERNETES = {
  'k8s.pod.name': 'POD_NAME',
  'k8s.namespace.name': 'POD_NAMESPACE',
  'k8s.node.name': 'NODE_NAME',
  'k8s.pod.uid': 'POD_UID',
  'k8s.container.name': 'CONTAINER_NAME',
} as const;

let started: Telemetry | undefined;

/**
 * Starts tracing of HTTP, Express, pg, ioredis, fetch and DNS. Call it before the application imports those packages:
 * instrumentation replaces their functions when they are loaded.
 *
 * Without a collector, spans are dropped. The application neither waits for it nor ends. A second call changes nothing.
 */
export function startTelemetry(options: TelemetryOptions = {}): Telemetry {
  const tell = seldom(options.tell ?? standardError);
  if (started) {
    tell('startTelemetry() was called twice: the second call changes nothing');
    return started;
  }
  started = start(options, tell);
  return started;
}

function start(options: TelemetryOptions, tell: Tell): Telemetry {
  const need = <T>(name: string) => optionalPackage<T>(name, 'Traces are not recorded', tell);
  const sdk = need<Sdk>('@opentelemetry/sdk-trace-node');
  const exporters =
    sdk && need<{ OTLPTraceExporter: new (options: object) => object }>('@opentelemetry/exporter-trace-otlp-http');
  const resources =
    exporters && need<{ resourceFromAttributes(attributes: object): object }>('@opentelemetry/resources');
  if (!sdk || !exporters || !resources) {
    return { enabled: false, flush: async () => {}, shutdown: async () => {} };
  }
  const { OTEL_EXPORTER_OTLP_ENDPOINT = 'http://localhost:4318' } = process.env;
  const { endpoint = OTEL_EXPORTER_OTLP_ENDPOINT, sampleRatio = 1, flushOnSignal = true } = options;
  const exporter = new exporters.OTLPTraceExporter({
    ...{ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: LIMIT_MS },
  });
  const provider = new sdk.NodeTracerProvider({
    resource: resources.resourceFromAttributes(resourceOf(options)),
    sampler: new sdk.ParentBasedSampler({ root: new sdk.TraceIdRatioBasedSampler(sampleRatio) }),
    // Above the size of the queue, spans are dropped: memory stays bounded while the collector is away.
    spanProcessors: [new sdk.BatchSpanProcessor(exporter, { maxQueueSize: 4_096, scheduledDelayMillis: 2_000 })],
  });
  diag.setLogger(diagnostics(tell), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  provider.register();
  instrument(provider, options.ignoredPaths ?? IGNORED, tell);
  const telemetry: Telemetry = {
    enabled: true,
    flush: () => withinLimit(provider.forceFlush()),
    shutdown: () => withinLimit(provider.shutdown()),
  };
  if (flushOnSignal) {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      onSignal(signal, telemetry);
    }
  }
  return telemetry;
}

/** A listener for a signal removes Node's own reaction to it, which is to end. If ours is the only one, it ends. */
function onSignal(signal: NodeJS.Signals, telemetry: Telemetry): void {
  process.once(signal, () => {
    const alone = process.listenerCount(signal) === 0;
    void telemetry.flush().then(() => {
      if (alone) {
        process.kill(process.pid, signal);
      }
    });
  });
}

function resourceOf({ serviceName, serviceVersion }: TelemetryOptions): Record<string, string> {
  const { env } = process;
  const given = (env.OTEL_RESOURCE_ATTRIBUTES ?? '').split(',').flatMap((pair): [string, string][] => {
    const [key, value] = pair.split('=');
    return key && value ? [[key.trim(), decoded(value.trim())]] : [];
  });
  const kubernetes = Object.entries(KUBERNETES).flatMap(([key, name]) =>
    env[name] ? [[key, env[name]] as const] : [],
  );
  const version = serviceVersion ?? env.npm_package_version;
  return {
    ...Object.fromEntries(kubernetes),
    ...Object.fromEntries(given),
    'service.name': serviceName ?? env.OTEL_SERVICE_NAME ?? 'sightedit-backend',
    ...(version ? { 'service.version': version } : {}),
    ...(env.POD_UID ? { 'service.instance.id': env.POD_UID } : {}),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function instrument(provider: Provider, ignored: readonly string[], tell: Tell): void {
  const registration = optionalPackage<{ registerInstrumentations(options: object): void }>(
    '@opentelemetry/instrumentation',
    'Libraries are not traced',
    tell,
  );
  const isIgnored = ({ url = '' }: { url?: string }) => ignored.includes(url.split('?', 1)[0]!);
  const wanted: readonly (readonly [name: string, member: string, options: object])[] = [
    ['http', 'HttpInstrumentation', { ignoreIncomingRequestHook: isIgnored }],
    // One span for each middleware would be most of the spans.
    ['express', 'ExpressInstrumentation', { ignoreLayersType: ['middleware'] }],
    ['pg', 'PgInstrumentation', { enhancedDatabaseReporting: false, requireParentSpan: true }],
    ['ioredis', 'IORedisInstrumentation', { requireParentSpan: true }],
    ['undici', 'UndiciInstrumentation', { requireParentforSpans: true }],
    ['dns', 'DnsInstrumentation', {}],
  ];
  const instrumentations = wanted.flatMap(([name, member, options]) => {
    const module = optionalPackage<Record<string, new (options: object) => object>>(
      `@opentelemetry/instrumentation-${name}`,
      `${name} is not traced`,
      tell,
    );
    return module?.[member] ? [new module[member](options)] : [];
  });
  registration?.registerInstrumentations({ tracerProvider: provider, instrumentations });
}

async function withinLimit(work: Promise<void>): Promise<void> {
  await withinTime(work, LIMIT_MS, 'the spans were not sent in time').catch(() => {});
}

function standardError(message: string): void {
  process.stderr.write(`${JSON.stringify({ timestamp: new Date().toISOString(), level: 'warn', message })}\n`);
}

/** Messages that differ, at most once a minute each. A collector that is away fails every few seconds. */
function seldom(tell: Tell): Tell {
  const isDue = onceAMinute();
  return (message) => {
    if (isDue(message.slice(0, 60))) {
      tell(message);
    }
  };
}

function diagnostics(tell: Tell) {
  const say = (message: string, ...values: unknown[]) =>
    tell(`OpenTelemetry: ${[message, ...values].join(' ').slice(0, 500)}`);
  const nothing = () => {};
  return { error: say, warn: say, info: nothing, debug: nothing, verbose: nothing };
}
