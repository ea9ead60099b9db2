import type { CollectorSettings } from '../../formats/otel-collector';
import { type SecretKey, SettingError } from '../kit';
import { checkCredentials } from '../kit/checks';

/** What a collector sends. */
export type Signal = 'traces' | 'logs' | 'metrics';

/** Datadog, by its OTLP intake. https://docs.datadoghq.com/opentelemetry/setup/otlp_ingest/ */
export interface DatadogVendor {
  /** The Secret and the key of the API key. */
  readonly apiKey: SecretKey;
  /** Site of the account: the host in its URL, without `app.`. @default datadoghq.com */
  readonly site?: string;
  /** Send every log record. @default true */
  readonly logs?: boolean;
  /**
   * Send the traces that were kept. The intake of traces is in preview: Datadog opens it on request, and gives you this
   * name.
   * @default - no traces are sent
   */
  readonly traceSource?: string;
}

/** New Relic, by its OTLP endpoint. https://docs.newrelic.com/docs/opentelemetry/best-practices/opentelemetry-otlp/ */
export interface NewRelicVendor {
  /** The Secret and the key of the licence key. */
  readonly licenseKey: SecretKey;
  /** Region of the account. @default us */
  readonly region?: 'us' | 'eu';
  /** What is sent. Traces are those that were kept. @default traces and metrics */
  readonly signals?: readonly Signal[];
}

/** Sentry, by its OTLP endpoint: the traces with an error, and log records at level error. https://docs.sentry.io/concepts/otlp/ */
export interface SentryVendor {
  /** The Secret and the key of the public key: the part of the DSN between `//` and `@`. */
  readonly publicKey: SecretKey;
  /** Number of the organization: the digits after `@o` in the DSN. */
  readonly organization: string;
  /** Number of the project: the last part of the DSN. */
  readonly project: string;
  /** Region of the organization: `us` or `de` in the DSN. @default - the host has none */
  readonly region?: 'us' | 'de';
}

/** Vendors that data is sent to. One that is left out does not exist in the configuration. */
export interface Vendors {
  /** Datadog. @default - nothing is sent */
  readonly datadog?: DatadogVendor;
  /** New Relic. @default - nothing is sent */
  readonly newRelic?: NewRelicVendor;
  /** Sentry. @default - nothing is sent */
  readonly sentry?: SentryVendor;
}

/** An exporter to a vendor. */
export interface VendorExporter {
  /** Id of the exporter, e.g. `otlp_http/sentry`. */
  readonly id: string;
  /** Host that it sends to, on port 443. */
  readonly host: string;
  /** Endpoint and headers. */
  readonly settings: CollectorSettings;
  readonly signals: readonly Signal[];
  /** Whether it gets only what tells of an error. */
  readonly errorsOnly: boolean;
  /** Variable with the key, and where its value comes from. */
  readonly variable: string;
  readonly key: SecretKey;
}

/** A name in DNS with at least two labels. */
const SITE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+$/;

/**
 * The exporters of the vendors that are set. The vendors take plain OTLP over HTTP with a key in a header.
 *
 * @throws SettingError for an empty key and for an invalid site, region or number
 */
export function vendorExporters({ datadog, newRelic, sentry }: Vendors = {}): readonly VendorExporter[] {
  return [
    ...(datadog ? [datadogExporter(datadog)] : []),
    ...(newRelic ? [newRelicExporter(newRelic)] : []),
    ...(sentry ? [sentryExporter(sentry)] : []),
  ];
}

function datadogExporter({ apiKey, site = 'datadoghq.com', logs = true, traceSource }: DatadogVendor): VendorExporter {
  checkKey('vendors.datadog.apiKey', apiKey);
  if (!SITE.test(site)) {
    throw new SettingError('vendors.datadog.site', site, 'write the host of the site, e.g. datadoghq.eu');
  }
  if (!logs && traceSource === undefined) {
    throw new SettingError('vendors.datadog.logs', logs, 'name a traceSource, or leave out datadog: nothing is sent');
  }
  const variable = 'DATADOG_API_KEY';
  return exporter('datadog', {
    host: `otlp.${site}`,
    headers: {
      'dd-api-key': fromVariable(variable),
      ...(traceSource === undefined ? {} : { 'dd-otlp-source': traceSource }),
    },
    signals: [...(traceSource === undefined ? [] : ['traces' as const]), ...(logs ? ['logs' as const] : [])],
    variable,
    key: apiKey,
  });
}

function newRelicExporter({
  licenseKey,
  region = 'us',
  signals = ['traces', 'metrics'],
}: NewRelicVendor): VendorExporter {
  checkKey('vendors.newRelic.licenseKey', licenseKey);
  if (region !== 'us' && region !== 'eu') {
    throw new SettingError('vendors.newRelic.region', region, "write 'us' or 'eu'");
  }
  if (signals.length === 0) {
    throw new SettingError('vendors.newRelic.signals', signals, 'name traces, logs or metrics, or leave out newRelic');
  }
  const variable = 'NEW_RELIC_LICENSE_KEY';
  return exporter('newrelic', {
    host: region === 'eu' ? 'otlp.eu01.nr-data.net' : 'otlp.nr-data.net',
    headers: { 'api-key': fromVariable(variable) },
    signals,
    variable,
    key: licenseKey,
  });
}

function sentryExporter({ publicKey, organization, project, region }: SentryVendor): VendorExporter {
  checkKey('vendors.sentry.publicKey', publicKey);
  for (const [name, value] of Object.entries({ organization, project })) {
    if (!/^\d+$/.test(value)) {
      throw new SettingError(`vendors.sentry.${name}`, value, 'write the digits of the DSN: its number, not its name');
    }
  }
  if (region !== undefined && region !== 'us' && region !== 'de') {
    throw new SettingError('vendors.sentry.region', region, "write 'us' or 'de', or leave it out");
  }
  const variable = 'SENTRY_PUBLIC_KEY';
  return exporter('sentry', {
    host: `o${organization}.ingest.${region === undefined ? '' : `${region}.`}sentry.io`,
    path: `/api/${project}/integration/otlp`,
    headers: { 'x-sentry-auth': `sentry sentry_key=${fromVariable(variable)}` },
    signals: ['traces', 'logs'],
    errorsOnly: true,
    variable,
    key: publicKey,
  });
}

interface VendorShape extends Pick<VendorExporter, 'host' | 'signals' | 'variable' | 'key'> {
  readonly path?: string;
  readonly headers: { readonly [name: string]: string };
  readonly errorsOnly?: boolean;
}

function exporter(name: string, { path = '', headers, errorsOnly = false, ...vendor }: VendorShape): VendorExporter {
  const settings = { endpoint: `https://${vendor.host}${path}`, headers };
  return { id: `otlp_http/${name}`, settings, errorsOnly, ...vendor };
}

function fromVariable(variable: string): string {
  return `\${env:${variable}}`;
}

function checkKey(setting: string, { credentials, key }: SecretKey): void {
  checkCredentials(`${setting}.credentials`, credentials);
  if (key.trim() === '') {
    throw new SettingError(`${setting}.key`, key, 'name the key of the Secret, or leave the vendor out');
  }
}
