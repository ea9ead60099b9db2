import type { Mount } from '../kit';
import type { RelabelConfig, ScrapeConfig } from '../prometheus-stack';
import { jobCredentials } from '../prometheus-stack/scrape-credentials';
import { credentialsIn, type SecretAccess } from './secrets';
import type { Section, Source } from './source';

/** A scrape job made from an object, with the volumes that it needs. */
export interface AdoptedJob {
  readonly config: ScrapeConfig;
  readonly mounts: readonly Mount[];
}

/** Fields of an endpoint whose value Prometheus takes as it is, under another name. */
const ENDPOINT_FIELDS: { readonly [field: string]: string } = {
  path: 'metrics_path',
  params: 'params',
  interval: 'scrape_interval',
  scrapeTimeout: 'scrape_timeout',
  honorLabels: 'honor_labels',
  honorTimestamps: 'honor_timestamps',
  trackTimestampsStaleness: 'track_timestamps_staleness',
  followRedirects: 'follow_redirects',
  enableHttp2: 'enable_http2',
  proxyUrl: 'proxy_url',
  noProxy: 'no_proxy',
  proxyFromEnvironment: 'proxy_from_environment',
};

/** The same for fields of `spec`. */
const SPEC_FIELDS: { readonly [field: string]: string } = {
  sampleLimit: 'sample_limit',
  targetLimit: 'target_limit',
  labelLimit: 'label_limit',
  labelNameLengthLimit: 'label_name_length_limit',
  labelValueLengthLimit: 'label_value_length_limit',
  keepDroppedTargets: 'keep_dropped_targets',
  bodySizeLimit: 'body_size_limit',
  scrapeProtocols: 'scrape_protocols',
  fallbackScrapeProtocol: 'fallback_scrape_protocol',
  scrapeClassicHistograms: 'always_scrape_classic_histograms',
  nativeHistogramBucketLimit: 'native_histogram_bucket_limit',
  nativeHistogramMinBucketFactor: 'native_histogram_min_bucket_factor',
  convertClassicHistogramsToNHCB: 'convert_classic_histograms_to_nhcb',
};

/** Where the files of credentials are mounted. */
const FILES = '/etc/prometheus/scrape';

/** Input of `adoptedJob()`. */
export interface JobProps {
  readonly source: Source;
  readonly access: SecretAccess;
  readonly job: string;
  /** The section with the fields of the endpoint. */
  readonly endpoint: Section;
  /** How targets are found. */
  readonly discovery: Pick<ScrapeConfig, 'kubernetes_sd_configs' | 'static_configs' | 'params'>;
  /** Relabelling before that of the object. */
  readonly rules: readonly RelabelConfig[];
  /** Relabelling of the object. */
  readonly relabelings: readonly RelabelConfig[];
}

/** The scrape job of an endpoint. The caller reports the fields that are left. */
export function adoptedJob(props: JobProps): AdoptedJob {
  const { source, access, job, endpoint, discovery, rules, relabelings } = props;
  const scheme = endpoint.get<string>('scheme')?.toLowerCase();
  const { credentials, settings } = credentialsIn(endpoint, source, access);
  const directory = `${FILES}/${job.replaceAll('/', '-')}`;
  const authenticated = jobCredentials({ job, host: '', path: directory, ...credentials });
  const { tls_config: tls, scheme: _, ...auth } = authenticated.config;
  const metricRelabelings = relabelingsIn(endpoint, 'metricRelabelings');
  const config = {
    job_name: job,
    ...(scheme ? { scheme } : {}),
    ...renamed(endpoint, ENDPOINT_FIELDS),
    ...renamed(source.spec, SPEC_FIELDS),
    ...auth,
    ...settings,
    ...(tls || settings.tls_config ? { tls_config: tlsConfig(tls, settings.tls_config) } : {}),
    ...discovery,
    relabel_configs: [
      // Relabelings of objects may refer to this label.
      { source_labels: ['job'], target_label: '__tmp_prometheus_job_name' },
      ...rules,
      ...relabelings,
    ],
    ...(metricRelabelings.length > 0 ? { metric_relabel_configs: metricRelabelings } : {}),
  };
  return { config, mounts: authenticated.mounts };
}

/** Without a name to expect, Prometheus expects the target's address. */
function tlsConfig(mounted: object | undefined, files: unknown): ScrapeConfig['tls_config'] {
  const { server_name: _, ...tls } = (mounted ?? {}) as { readonly server_name?: string };
  const entries = Object.entries({ ...tls, ...(files as object | undefined) });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function renamed(
  section: Section,
  fields: { readonly [field: string]: string },
): { readonly [field: string]: unknown } {
  const entries = Object.entries(fields).map(([field, name]) => [name, section.get(field)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** Steps of relabelling, with the names of fields that Prometheus uses. */
export function relabelingsIn(section: Section, field: string): readonly RelabelConfig[] {
  return section.sections(field).map((each) => {
    const action = each.get<string>('action')?.toLowerCase();
    // The replacement may be empty, which deletes a label; the separator too.
    const texts = ['separator', 'replacement'].filter((name) => typeof each.fields[name] === 'string');
    const result = {
      ...renamed(each, {
        sourceLabels: 'source_labels',
        targetLabel: 'target_label',
        regex: 'regex',
        modulus: 'modulus',
      }),
      ...Object.fromEntries(texts.map((name) => [name, each.fields[name]])),
      ...(action ? { action } : {}),
    };
    each.get('separator');
    each.get('replacement');
    each.finish();
    return result as RelabelConfig;
  });
}
