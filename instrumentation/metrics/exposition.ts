import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type OpenMetricsContentType, Registry } from 'prom-client';

interface Sample {
  readonly metricName?: string;
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly exemplar?: {
    readonly labelSet: Readonly<Record<string, string | number>>;
    readonly value: number;
    readonly timestamp: number;
  };
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly Sample[];
}

/** prom-client's types of a registry's metrics lack this method. */
interface Readable {
  get(): Promise<Family>;
}

/** A handler for node:http and Express. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

type AnyRegistry = Registry<OpenMetricsContentType>;

/**
 * Answers scrapes: in OpenMetrics, which has exemplars, if the client asks for it, otherwise in Prometheus' text
 * format.
 */
export function metricsHandler(registry: AnyRegistry): Handler {
  return (request, response) => {
    const open = (request.headers.accept ?? '').includes('application/openmetrics-text');
    exposition(registry, open).then(
      (body) => {
        const type = open ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
        response.writeHead(200, { 'content-type': type }).end(body);
      },
      () => response.writeHead(500).end(),
    );
  };
}

/** Serves `/metrics` on a port of its own. @param port 0 for any free port */
export function serveMetrics(registry: AnyRegistry, port: number): Server {
  const handle = metricsHandler(registry);
  return createServer((request, response) => {
    if (request.url?.split('?')[0] === '/metrics') {
      handle(request, response);
    } else {
      response.writeHead(404).end();
    }
  }).listen(port);
}

/**
 * prom-client renames its counters when it writes OpenMetrics, so one registry cannot serve both formats. This writes
 * either from the same values.
 *
 * @see https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
async function exposition(registry: AnyRegistry, open: boolean): Promise<string> {
  const metrics = registry.getMetricsAsArray() as unknown as readonly Readable[];
  const families = await Promise.all(metrics.map(async (metric) => familyOf(await metric.get(), open)));
  return `${families.join('')}${open ? '# EOF\n' : ''}`;
}

function familyOf({ name, help, type, values }: Family, open: boolean): string {
  const family = open && type === 'counter' ? name.replace(/_total$/, '') : name;
  const lines = values.map(({ metricName = name, labels, value, exemplar }) => {
    const line = `${metricName}${braces(labels)} ${numberOf(value)}`;
    return open && exemplar && Object.keys(exemplar.labelSet).length > 0
      ? `${line} # ${braces(exemplar.labelSet)} ${numberOf(exemplar.value)} ${exemplar.timestamp}\n`
      : `${line}\n`;
  });
  return `# HELP ${family} ${escaped(help)}\n# TYPE ${family} ${type}\n${lines.join('')}`;
}

function braces(labels: Readonly<Record<string, string | number>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(numberOf(value))}"`);
  return pairs.length > 0 ? `{${pairs.join(',')}}` : '';
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

function numberOf(value: string | number): string {
  return value === Number.POSITIVE_INFINITY ? '+Inf' : value === Number.NEGATIVE_INFINITY ? '-Inf' : `${value}`;
}
