import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import type { KeepList } from '../../metrics';
import type { AlertLinks, RuleCatalogue } from '../../rules';
import {
  Component,
  ConfigDirectory,
  type Credentials,
  Endpoint,
  httpProbe,
  images,
  type Mount,
  type PrometheusLoad,
  SettingError,
  sizePrometheus,
  startupProbe,
  toYaml,
} from '../kit';
import {
  type PrometheusConfig,
  prometheusConfig,
  type RelabelConfig,
  type RemoteWriteConfig,
  type ScrapeConfig,
} from './prometheus-config';
import { fileJob, keeping, serviceJob, withLimits } from './scrape-jobs';

/** Where samples are sent besides the local storage. */
export interface RemoteWrite {
  /** Address of the receiver, e.g. `https://mimir.sightedit.com/api/v1/push`. */
  readonly url: string;
  /** Ranges that hold the receiver's addresses, where they are private. @default - the Internet */
  readonly cidrs?: readonly string[];
  /** Names of the metrics to send, as one anchored regular expression. @default - every metric */
  readonly keep?: string;
  /** Key of the bearer token in the Secret. @default - none */
  readonly tokenKey?: string;
}

export interface PrometheusProps {
  /** @default prometheus */
  readonly name?: string;
  /** Labels that every alert and every sample sent elsewhere carry, e.g. `cluster`. */
  readonly externalLabels: { readonly [label: string]: string };
  /** Where people reach the server; links in alerts lead there. */
  readonly externalUrl: string;
  /** Two make a pair that survives a node. @default 2 */
  readonly replicas?: number;
  /** Scrape and evaluation interval. @default 15 */
  readonly intervalSeconds?: number;
  /** @default 30 */
  readonly retentionDays?: number;
  /** Active series to size for. @default 250000 */
  readonly activeSeries?: number;
  /** Size of each volume. @default - sized for the load */
  readonly storageSize?: string;
  /** @default - the cluster's default class */
  readonly storageClass?: string;
  /** Names of the series that each scrape job keeps, e.g. `keepUsed()`. @default - every series */
  readonly keep?: KeepList;
  /** Receivers of samples besides the local storage. @default - none */
  readonly remoteWrites?: readonly RemoteWrite[];
  /** The Secret. Needed when a remote receiver has a token. */
  readonly credentials?: Credentials;
}

/** What a job may say besides where its targets are. */
export type ScrapeJobSettings = Omit<
  ScrapeConfig,
  'job_name' | 'scheme' | 'relabel_configs' | `${string}_sd_configs` | 'static_configs'
> & {
  /** Relabelling after that which names the target. @default - none */
  readonly relabel?: readonly RelabelConfig[];
};

/** Targets that an operator keeps in a ConfigMap of his own. */
export interface FileDiscovery {
  readonly job: string;
  /** Name of the ConfigMap; its files end in `.yaml`. The server starts without it. */
  readonly configMap: string;
  /** What the targets may be: opens the NetworkPolicy. */
  readonly endpoints: readonly Endpoint[];
}

const CONFIG_PATH = '/etc/prometheus/config';
const RULES_PATH = '/etc/prometheus/rules';
const TARGETS_PATH = '/etc/prometheus/targets';
const CREDENTIALS_PATH = '/etc/prometheus/credentials';
const DATA_PATH = '/prometheus';

/** Replaying the write-ahead log of a large head block takes minutes; killing it there begins it anew. */
const WAL_REPLAY_SECONDS = 3600;

/**
 * A Prometheus server, as a pair of replicas that scrape the same targets. It reloads its configuration and rules by
 * itself when their ConfigMaps change.
 */
export class Prometheus extends Construct {
  readonly component: Component;

  private readonly intervalSeconds: number;
  private readonly retentionDays: number;
  private readonly retentionSize: string;
  private readonly props: PrometheusProps;
  private readonly rules: ConfigDirectory;
  private readonly jobs = new Map<string, ScrapeConfig>();
  private readonly alertmanagers: { scheme: string; targets: readonly string[] }[] = [];
  private readonly remoteWrites: readonly RemoteWriteConfig[];
  private readonly discovered = new Set<string>();

  constructor(scope: Construct, id: string, props: PrometheusProps) {
    super(scope, id);
    const name = props.name ?? 'prometheus';
    this.props = props;
    this.intervalSeconds = props.intervalSeconds ?? 15;
    this.retentionDays = props.retentionDays ?? 30;
    const load: PrometheusLoad = {
      activeSeries: props.activeSeries ?? 250_000,
      scrapeIntervalSeconds: this.intervalSeconds,
      retentionDays: this.retentionDays,
    };
    const size = sizePrometheus(load, props.storageSize);
    this.retentionSize = size.retentionSize;

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
        replicas: props.replicas ?? 2,
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
      env: [podName()],
      probes: {
        startup: startupProbe('/-/ready', WAL_REPLAY_SECONDS),
        readiness: httpProbe('/-/ready'),
        liveness: httpProbe('/-/healthy', 'http', { failureThreshold: 6 }),
      },
      resources: { cpu: size.cpu, memory: size.memory },
      mounts: [config.mount, this.rules.mount],
      // The head block is written out on the way down.
      terminationGraceSeconds: 600,
    });
    this.remoteWrites = (props.remoteWrites ?? []).map((remoteWrite) => this.connectRemote(remoteWrite));
    this.mountTokens(props);
  }

  /** Adds a scrape job as Prometheus writes it. Limits that it leaves out are added. */
  addScrapeConfig(config: ScrapeConfig): void {
    if (this.jobs.has(config.job_name)) {
      throw new SettingError('job_name', config.job_name, 'give the scrape job a name that no other job has');
    }
    this.jobs.set(config.job_name, withLimits(config));
    for (const { role, namespaces } of config.kubernetes_sd_configs ?? []) {
      if (role !== 'node') {
        this.discoverIn(namespaces?.names ?? []);
      }
    }
  }

  /**
   * Scrapes the replicas behind an endpoint: writes the job, the right to discover it, and both sides of the
   * NetworkPolicy.
   *
   * @param settings anything else that the job needs, e.g. `metrics_path`
   */
  addScrapeJob(job: string, endpoint: Endpoint, settings: ScrapeJobSettings = {}): void {
    const { service, scheme } = this.component.connectTo(endpoint);
    if (!service) {
      throw new SettingError('addScrapeJob', job, 'the endpoint is no Service of the cluster; use addScrapeConfig()');
    }
    const { relabel = [], ...rest } = settings;
    const config = serviceJob(job, service);
    this.addScrapeConfig({
      ...config,
      scheme,
      ...rest,
      relabel_configs: [...(config.relabel_configs ?? []), ...relabel],
    });
  }

  /** Reads targets from a ConfigMap that an operator keeps, without a synth. */
  addFileDiscovery({ job, configMap, endpoints }: FileDiscovery): void {
    for (const endpoint of endpoints) {
      this.component.connectTo(endpoint);
    }
    this.component.addMount(optionalConfigMap(`targets-${job}`, configMap, `${TARGETS_PATH}/${job}`));
    this.addScrapeConfig(fileJob(job, `${TARGETS_PATH}/${job}/*.yaml`));
  }

  /** Loads the rules of a catalogue, a ConfigMap for each topic. */
  addRules(catalogue: RuleCatalogue, links: AlertLinks): void {
    for (const { topic, content } of catalogue.render(links)) {
      this.rules.addFile(`${topic}.yaml`, content, `${this.component.name}-rules-${topic}`);
    }
  }

  /** Sends alerts to every replica behind an endpoint. */
  addAlertmanager(endpoint: Endpoint): void {
    const { scheme, replicas, address } = this.component.connectTo(endpoint);
    this.alertmanagers.push({ scheme, targets: replicas.length > 0 ? replicas : [address] });
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
    return [...this.jobs].map(([name, job]) => keeping(job, this.props.keep?.(name)));
  }

  private get config(): PrometheusConfig {
    return prometheusConfig({
      intervalSeconds: this.intervalSeconds,
      retentionDays: this.retentionDays,
      retentionSize: this.retentionSize,
      externalLabels: this.props.externalLabels,
      rulesPath: RULES_PATH,
      alertmanagers: this.alertmanagers,
      remoteWrites: this.remoteWrites,
      scrapeConfigs: this.scrapeConfigs,
    });
  }

  private connectRemote({ url, cidrs, keep, tokenKey }: RemoteWrite): RemoteWriteConfig {
    if (!URL.canParse(url)) {
      throw new SettingError('remoteWrites.url', url, 'write a URL, e.g. https://mimir.sightedit.com/api/v1/push');
    }
    const { hostname, port, protocol } = new URL(url);
    const scheme = protocol.replace(':', '');
    this.component.connectTo(Endpoint.host(hostname, Number(port) || (scheme === 'https' ? 443 : 80), scheme, cidrs));
    return {
      url,
      authorization: tokenKey ? { credentials_file: `${CREDENTIALS_PATH}/${tokenKey}` } : undefined,
      write_relabel_configs: keep ? [{ source_labels: ['__name__'], regex: keep, action: 'keep' }] : undefined,
    };
  }

  private mountTokens({ remoteWrites = [], credentials }: PrometheusProps): void {
    const keys = remoteWrites.flatMap(({ tokenKey }) => (tokenKey ? [tokenKey] : []));
    if (keys.length === 0) {
      return;
    }
    if (!credentials) {
      throw new SettingError('credentials', credentials, `name the Secret that holds ${keys.join(', ')}`);
    }
    this.component.addMount(credentials.files(CREDENTIALS_PATH, keys, true));
  }

  private discoverIn(namespaces: readonly string[]): void {
    for (const namespace of namespaces.filter((name) => !this.discovered.has(name))) {
      this.discovered.add(namespace);
      this.component.addRole(namespace, DISCOVERY_RULES);
    }
  }
}

/** What Prometheus reads to discover targets in a namespace. */
const DISCOVERY_RULES: readonly k8s.PolicyRule[] = [
  { apiGroups: [''], resources: ['pods', 'services'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
];

function podName(): k8s.EnvVar {
  return { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } };
}

function optionalConfigMap(name: string, configMap: string, path: string): Mount {
  return { name, source: () => ({ configMap: { name: configMap, optional: true } }), path };
}
