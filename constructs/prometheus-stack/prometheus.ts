import type { Construct } from 'constructs';
import { type AlertLinks, type RuleCatalogue, rulesOf } from '../../rules';
import {
  Component,
  ConfigDirectory,
  configMapFiles,
  DuplicateNameError,
  Endpoint,
  httpProbe,
  httpUrl,
  images,
  SecretFiles,
  SettingError,
  startupProbe,
  toYaml,
  type WithSecretKeys,
} from '../kit';
import { checkName, checkObjectName, checkScheme, privateHost } from '../kit/checks';
import { PatchableConstruct } from '../kit/patchable-construct';
import { storageFrom } from '../kit/storage';
import { serverOf } from '../kit/url';
import { addRemoteWrites } from './add-remote-writes';
import { grantDiscovery } from './discovery-rights';
import { checkPrometheus, checkScrapeConfig } from './prometheus-checks';
import {
  type AlertmanagerClient,
  checkSettings,
  type PrometheusConfig,
  type PrometheusSettings,
  prometheusConfig,
  type RemoteWriteConfig,
  type ScrapeConfig,
} from './prometheus-config';
import {
  type FileDiscovery,
  PROMETHEUS_DEFAULTS,
  type PrometheusProps,
  type ScrapeConfigOptions,
  type ScrapeJobSettings,
} from './prometheus-props';
import { RenderedRules } from './rendered-rules';
import { jobCredentials } from './scrape-credentials';
import { checkInterval } from './scrape-interval';
import { fileJob, serviceJob, withKeepList, withLimits } from './scrape-jobs';
import { sizePrometheus } from './sizing';

/** Protocols that Prometheus speaks. */
const HTTP_SCHEMES = ['http', 'https'];

const CONFIG_PATH = '/etc/prometheus/config';
const RULES_PATH = '/etc/prometheus/rules';
const TARGETS_PATH = '/etc/prometheus/targets';
const SECRETS_PATH = '/etc/prometheus/secrets';
const SCRAPE_PATH = '/etc/prometheus/scrape';
const DATA_PATH = '/prometheus';

/** Replaying the write-ahead log of a large head block takes minutes, and a restart would begin it again. */
const WAL_REPLAY_SECONDS = 3600;

/**
 * A Prometheus server in two replicas that scrape the same targets. It reloads its configuration and rules when their
 * ConfigMaps change.
 */
export class Prometheus extends PatchableConstruct {
  /** The server, for arguments, mounts and connections. */
  readonly component: Component;
  /** Scrape and evaluation interval. */
  readonly intervalSeconds: number;

  private readonly retention: { readonly days: number; readonly size: string };
  private readonly props: PrometheusProps;
  private readonly rules: ConfigDirectory;
  private readonly jobs = new Map<string, ScrapeConfig>();
  private readonly alertmanagers: AlertmanagerClient[] = [];
  /** Address of the first replica of each. */
  private readonly alertmanagerAddresses = new Set<string>();
  private readonly secrets = new SecretFiles(SECRETS_PATH);
  private readonly settings: PrometheusSettings;
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
    checkSettings(props.config ?? {});
    this.settings = this.secrets.resolve<PrometheusSettings>('config', '', props.config ?? {});
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
        storage: storageFrom(props, { path: DATA_PATH, size: size.disk, replicas, readsSize: true }),
      },
      ports: { http: { port: 9090 } },
      args: [
        `--config.file=${CONFIG_PATH}/prometheus.yml`,
        '--config.auto-reload',
        `--storage.tsdb.path=${DATA_PATH}`,
        `--web.external-url=${props.externalUrl}`,
        '--web.route-prefix=/',
        `--enable-feature=${['exemplar-storage', ...(props.features ?? [])].join(',')}`,
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
    this.secrets.mountIn(this.component);
    this.remoteWrites = addRemoteWrites(this.component, this.secrets, props);
    for (const { url } of this.settings.remote_read ?? []) {
      const { host } = serverOf(httpUrl('config.remote_read.url', url, 'https://mimir.example.com/api/v1/read'));
      if (privateHost(host) === undefined) {
        this.component.allowEgressTo(Endpoint.url(url));
      }
    }
  }

  /**
   * Adds a scrape job as Prometheus reads it, with default limits. A field that names a file takes a key of a Secret.
   *
   * Discovery in Kubernetes gets its rights in its namespaces, or in the whole cluster with `allNamespaces`. You open
   * the way to the targets, and to the API of another discovery, with `component.connectTo()` or
   * `component.allowEgressTo()`.
   *
   * @throws DuplicateNameError for a second job of the same name
   * @throws SettingError for an invalid duration, for discovery in no namespace or in an invalid one, and for a secret
   *   that stands in the job itself
   */
  addScrapeConfig(settings: WithSecretKeys<ScrapeConfig>, options: ScrapeConfigOptions = {}): void {
    const config = this.secrets.resolve<ScrapeConfig>(`scrape job ${settings.job_name}`, 'scrape_configs', settings);
    const { allNamespaces = false, grantRights = true, optional = false } = options;
    checkScrapeConfig(config, { intervalSeconds: this.intervalSeconds, allNamespaces });
    if (this.jobs.has(config.job_name)) {
      throw new DuplicateNameError('scrape job name', config.job_name);
    }
    this.jobs.set(config.job_name, withLimits(config));
    if (optional) {
      this.optionalJobs.add(config.job_name);
    }
    for (const discovery of grantRights ? (config.kubernetes_sd_configs ?? []) : []) {
      grantDiscovery(this.component, discovery);
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
   * @param settings more settings of the client, as Prometheus reads them: `basic_auth`, `sigv4`, `path_prefix` …
   * @throws DuplicateNameError for the same endpoint again
   */
  addAlertmanager(
    endpoint: Endpoint,
    settings: WithSecretKeys<Omit<AlertmanagerClient, 'static_configs' | 'scheme'>> = {},
  ): void {
    const connection = this.component.connectTo(endpoint);
    checkScheme('addAlertmanager', connection, HTTP_SCHEMES);
    const { scheme, replicas, address } = connection;
    const targets = replicas.length > 0 ? replicas : [address];
    if (this.alertmanagerAddresses.has(targets[0]!)) {
      throw new DuplicateNameError('Alertmanager', address, 'remove one of them');
    }
    this.alertmanagerAddresses.add(targets[0]!);
    this.alertmanagers.push({
      api_version: 'v2',
      scheme,
      // Every replica, never the Service: https://prometheus.io/docs/alerting/latest/alertmanager/#high-availability
      static_configs: [{ targets }],
      ...this.secrets.resolve<AlertmanagerClient>('addAlertmanager', 'alertmanagers', settings),
    });
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
      settings: this.settings,
    });
  }
}
