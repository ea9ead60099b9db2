import type { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { KeepList } from '../../metrics';
import { type AlertLinks, type RuleCatalogue, rulesOf } from '../../rules';
import {
  Component,
  ConfigDirectory,
  type Credentials,
  configMapFiles,
  type Destination,
  DuplicateNameError,
  Endpoint,
  httpProbe,
  images,
  type PodOptions,
  SettingError,
  startupProbe,
  toYaml,
} from '../kit';
import { checkName, checkObjectName, checkScheme } from '../kit/checks';
import { PatchableConstruct } from '../kit/patchable-construct';
import { checkPrometheus, checkScrapeConfig } from './prometheus-checks';
import {
  type PrometheusConfig,
  prometheusConfig,
  type RelabelConfig,
  type RemoteWriteConfig,
  type ScrapeConfig,
} from './prometheus-config';
import { type RemoteWrite, remoteWriteConfig, tokenKeys } from './remote-write';
import { RenderedRules } from './rendered-rules';
import { jobCredentials, type ScrapeCredentials } from './scrape-credentials';
import { checkInterval } from './scrape-interval';
import { fileJob, serviceJob, withKeepList, withLimits } from './scrape-jobs';
import { sizePrometheus } from './sizing';

/** Defaults of `PrometheusProps`. */
export const PROMETHEUS_DEFAULTS = {
  replicas: 2,
  intervalSeconds: 15,
  retentionDays: 30,
  activeSeries: 250_000,
} as const;

export interface PrometheusProps {
  /** @default prometheus */
  readonly name?: string;
  /** Labels of every alert, and of every sample that is sent to a remote receiver, e.g. `cluster`. */
  readonly externalLabels: { readonly [label: string]: string };
  /** URL at which people reach the server, for links in alerts. */
  readonly externalUrl: string;
  /** Two replicas survive the loss of a node. @default 2 */
  readonly replicas?: number;
  /** Scrape and evaluation interval. @default 15 */
  readonly intervalSeconds?: number;
  /** @default 30 */
  readonly retentionDays?: number;
  /** Active series to size memory and volume for. @default 250000 */
  readonly activeSeries?: number;
  /** Size of each volume. @default - sized for the load */
  readonly storageSize?: string;
  /** @default - the cluster's default class */
  readonly storageClass?: string;
  /** Names of the series that each scrape job keeps, e.g. `keepUsed()`. @default - every series */
  readonly keep?: KeepList;
  /** Receivers of samples, in addition to the local storage. @default - none */
  readonly remoteWrites?: readonly RemoteWrite[];
  /** The Secret. Required if a remote receiver has a token. @default - none */
  readonly credentials?: Credentials;
  /** Ranges that hold the API server's addresses, for discovery. @default - every private range */
  readonly apiCidrs?: readonly string[];
  /** Options of the pods. `resources` replace those that `activeSeries` gives. @default - none */
  readonly pod?: PodOptions;
}

/** Settings of a scrape job, without those that find its targets. */
export type ScrapeJobSettings = Omit<
  ScrapeConfig,
  'job_name' | 'scheme' | 'relabel_configs' | `${string}_sd_configs` | 'static_configs'
> &
  ScrapeCredentials & {
    /** Relabelling after the rules that name the target. @default - none */
    readonly relabel?: readonly RelabelConfig[];
  };

/** Targets in a ConfigMap that an operator maintains. */
export interface FileDiscovery {
  readonly job: string;
  /** Name of the ConfigMap; its files end in `.yaml`. The server starts without it. */
  readonly configMap: string;
  /** Where the targets may be: opens the NetworkPolicy. */
  readonly destinations: readonly Destination[];
}

/** Protocols that Prometheus speaks. */
const HTTP_SCHEMES = ['http', 'https'];

const CONFIG_PATH = '/etc/prometheus/config';
const RULES_PATH = '/etc/prometheus/rules';
const TARGETS_PATH = '/etc/prometheus/targets';
const CREDENTIALS_PATH = '/etc/prometheus/credentials';
const SCRAPE_PATH = '/etc/prometheus/scrape';
const DATA_PATH = '/prometheus';

/** Replaying the write-ahead log of a large head block takes minutes, and a restart would begin it again. */
const WAL_REPLAY_SECONDS = 3600;

/** Read access for discovery in a namespace. */
const DISCOVERY_RULES: readonly k8s.PolicyRule[] = [
  { apiGroups: [''], resources: ['pods', 'services'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
];

/**
 * A Prometheus server in two replicas that scrape the same targets. It reloads its configuration and rules when their
 * ConfigMaps change.
 */
export class Prometheus extends PatchableConstruct {
  readonly component: Component;
  /** Scrape and evaluation interval. */
  readonly intervalSeconds: number;

  private readonly retention: { readonly days: number; readonly size: string };
  private readonly props: PrometheusProps;
  private readonly rules: ConfigDirectory;
  private readonly jobs = new Map<string, ScrapeConfig>();
  private readonly alertmanagers: { scheme: string; targets: readonly string[] }[] = [];
  private readonly remoteWrites: readonly RemoteWriteConfig[];
  private readonly optionalJobs = new Set<string>();

  /** @throws SettingError when a prop is invalid, or when the volume cannot hold the retention */
  constructor(scope: Construct, id: string, props: PrometheusProps) {
    super(scope, id);
    checkPrometheus(props);
    const {
      name = 'prometheus',
      replicas = PROMETHEUS_DEFAULTS.replicas,
      intervalSeconds = PROMETHEUS_DEFAULTS.intervalSeconds,
      retentionDays = PROMETHEUS_DEFAULTS.retentionDays,
      activeSeries = PROMETHEUS_DEFAULTS.activeSeries,
    } = props;
    const size = sizePrometheus({ activeSeries, intervalSeconds, retentionDays }, props.storageSize);
    this.props = props;
    this.intervalSeconds = intervalSeconds;
    this.retention = { days: retentionDays, size: size.retentionSize };

    const config = new ConfigDirectory(this, 'config', {
      name: `${name}-config`,
      path: CONFIG_PATH,
      onChange: 'reload',
    });
    config.addFile('prometheus.yml', () => toYaml(this.config));
    this.rules = new ConfigDirectory(this, 'rules', { name: `${name}-rules`, path: RULES_PATH, onChange: 'reload' });

    this.component = new Component(this, 'server', {
      name,
      image: images.prometheus,
      workload: {
        kind: 'StatefulSet',
        replicas,
        storage: { path: DATA_PATH, size: size.disk, storageClass: props.storageClass },
      },
      ports: { http: { port: 9090 } },
      args: [
        `--config.file=${CONFIG_PATH}/prometheus.yml`,
        '--config.auto-reload',
        `--storage.tsdb.path=${DATA_PATH}`,
        `--web.external-url=${props.externalUrl}`,
        '--web.route-prefix=/',
        '--enable-feature=exemplar-storage',
      ],
      env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      probes: {
        startup: startupProbe('/-/ready', WAL_REPLAY_SECONDS),
        readiness: httpProbe('/-/ready'),
        liveness: httpProbe('/-/healthy', 'http', { failureThreshold: 6 }),
      },
      resources: { cpu: size.cpu, memory: size.memory },
      mounts: [config.mount, this.rules.mount],
      // On SIGTERM the server writes its head block to disk.
      terminationGraceSeconds: 600,
      apiCidrs: props.apiCidrs,
      pod: props.pod,
      fixedReplicas: 'write the prop replicas of Prometheus',
    });
    this.remoteWrites = this.addRemoteWrites(props);
  }

  /**
   * Adds a scrape job as Prometheus writes it, with default limits. Discovery gets its Role; you open the way to the
   * targets with `component.connectTo()` or `component.allowEgressTo()`.
   *
   * @param optional the job may have no target, so `ScrapeTargetMissing` does not watch it
   * @throws DuplicateNameError for a second job of the same name
   * @throws SettingError for an invalid duration, and for discovery in no namespace or in an invalid one
   */
  addScrapeConfig(config: ScrapeConfig, { optional = false }: { readonly optional?: boolean } = {}): void {
    checkScrapeConfig(config, this.intervalSeconds);
    if (this.jobs.has(config.job_name)) {
      throw new DuplicateNameError('scrape job name', config.job_name);
    }
    this.jobs.set(config.job_name, withLimits(config));
    if (optional) {
      this.optionalJobs.add(config.job_name);
    }
    for (const { role, namespaces } of config.kubernetes_sd_configs ?? []) {
      if (role !== 'node') {
        this.discoverIn(namespaces?.names ?? []);
      }
    }
  }

  /**
   * Scrapes the replicas behind an endpoint. Writes the job, the Role for its discovery, and both sides of the
   * NetworkPolicy.
   *
   * @param settings other settings of the job, e.g. `metrics_path`, and what it authenticates with
   * @throws DuplicateNameError for a second job of the same name
   * @throws SettingError for settings that contradict each other
   * @example
   * prometheus.addScrapeJob('redis-exporter', redisExporter.endpoint);
   *
   * const certificates = new Credentials('etcd-client');
   * prometheus.addScrapeJob('etcd', etcd.endpoint, {
   *   tls: {
   *     ca: { credentials: certificates, key: 'ca.crt' },
   *     cert: { credentials: certificates, key: 'tls.crt' },
   *     key: { credentials: certificates, key: 'tls.key' },
   *   },
   * });
   */
  addScrapeJob(job: string, endpoint: Endpoint, settings: ScrapeJobSettings = {}): void {
    const connection = this.component.connectTo(endpoint);
    const { service, scheme, host } = connection;
    if (!service) {
      throw new SettingError('addScrapeJob', job, 'the endpoint has no Service in the cluster; use addScrapeConfig()');
    }
    checkScheme(`addScrapeJob('${job}')`, connection, HTTP_SCHEMES);
    const { relabel = [], tls, basicAuth, bearerToken, ...rest } = settings;
    const path = `${SCRAPE_PATH}/${job}`;
    const credentials = jobCredentials({ job, host, path, tls, basicAuth, bearerToken });
    const config = serviceJob(job, service);
    this.addScrapeConfig({
      ...config,
      scheme,
      ...credentials.config,
      ...rest,
      relabel_configs: [...(config.relabel_configs ?? []), ...relabel],
    });
    for (const mount of credentials.mounts) {
      this.component.addMount(mount);
    }
  }

  /** Reads targets from a ConfigMap that an operator maintains, without a synthesis. */
  addFileDiscovery({ job, configMap, destinations }: FileDiscovery): void {
    // The job is in the name of a volume.
    checkName('job', job);
    checkObjectName('configMap', configMap);
    for (const destination of destinations) {
      this.component.allowEgressTo(destination);
    }
    this.component.addMount(configMapFiles(`targets-${job}`, configMap, `${TARGETS_PATH}/${job}`, true));
    this.addScrapeConfig(fileJob(job, `${TARGETS_PATH}/${job}/*.yaml`), { optional: true });
  }

  /**
   * Loads the rules of a catalogue, in a ConfigMap for each topic. Rules of the package follow the scrape jobs that
   * exist when the manifests are written: see `RuleCatalogue.forJobs()`.
   *
   * @throws SettingError when the scrape interval is too long for the windows that the rules read
   */
  addRules(catalogue: RuleCatalogue, links: AlertLinks): void {
    checkInterval(this.intervalSeconds, rulesOf(catalogue.files));
    const rendered = new RenderedRules(catalogue, links);
    for (const { topic } of catalogue.files) {
      const content = () => rendered.contentOf(topic, { jobs: this.jobNames, optional: [...this.optionalJobs] });
      this.rules.addFile(`${topic}.yaml`, content, `${this.component.name}-rules-${topic}`);
    }
  }

  /**
   * Sends alerts to every replica behind an endpoint.
   *
   * @throws DuplicateNameError for the same endpoint again
   */
  addAlertmanager(endpoint: Endpoint): void {
    const connection = this.component.connectTo(endpoint);
    checkScheme('addAlertmanager', connection, HTTP_SCHEMES);
    const { scheme, replicas, address } = connection;
    const targets = replicas.length > 0 ? replicas : [address];
    if (this.alertmanagers.some((known) => known.targets.includes(targets[0]!))) {
      throw new DuplicateNameError('Alertmanager', address, 'remove one of them');
    }
    this.alertmanagers.push({ scheme, targets });
  }

  /** The server's API and its own metrics. */
  get endpoint(): Endpoint {
    return this.component.endpoint();
  }

  /** Names of the scrape jobs. */
  get jobNames(): readonly string[] {
    return [...this.jobs.keys()];
  }

  /** The scrape jobs as the server's configuration has them. */
  get scrapeConfigs(): readonly ScrapeConfig[] {
    return [...this.jobs].map(([name, job]) => withKeepList(job, this.props.keep?.(name)));
  }

  private get config(): PrometheusConfig {
    return prometheusConfig({
      intervalSeconds: this.intervalSeconds,
      retention: this.retention,
      externalLabels: this.props.externalLabels,
      rulesPath: RULES_PATH,
      alertmanagers: this.alertmanagers,
      remoteWrites: this.remoteWrites,
      scrapeConfigs: this.scrapeConfigs,
    });
  }

  private addRemoteWrites({ remoteWrites = [], credentials }: PrometheusProps): readonly RemoteWriteConfig[] {
    const keys = tokenKeys(remoteWrites);
    if (keys.length > 0 && !credentials) {
      throw new SettingError('credentials', credentials, `name the Secret that holds ${keys.join(', ')}`);
    }
    if (keys.length > 0 && credentials) {
      this.component.addMount(credentials.files(CREDENTIALS_PATH, keys, true));
    }
    return remoteWrites.map((remoteWrite) => {
      const config = remoteWriteConfig(remoteWrite, CREDENTIALS_PATH);
      this.component.allowEgressTo(Endpoint.url(remoteWrite.url, remoteWrite.cidrs));
      return config;
    });
  }

  private discoverIn(namespaces: readonly string[]): void {
    for (const namespace of namespaces) {
      this.component.addRole(namespace, DISCOVERY_RULES);
    }
  }
}
