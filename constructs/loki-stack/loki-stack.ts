import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import type { LokiConfig, LokiRules, LokiSettings } from '../../formats/loki';
import { parseYaml } from '../../formats/yaml';
import {
  type Component,
  ConfigDirectory,
  type Connection,
  DuplicateNameError,
  type Endpoint,
  SecretFiles,
  SettingError,
  scratch,
  toYaml,
} from '../kit';
import { checkObjectName, checkScheme } from '../kit/checks';
import { namespaceOf } from '../kit/component-checks';
import { PatchableConstruct } from '../kit/patchable-construct';
import { addressesOf, connectToCaches, connectToS3Server, gossipCluster } from './connections';
import { type IndexLabels, type ResolvedLimits, resolveIndexLabels, resolveLimits } from './limits';
import { checkLokiStack, checkSettings, modeOf } from './loki-checks';
import {
  DATA_PATH,
  GRPC_PORT,
  HTTP_PORT,
  type LokiConfigProps,
  lokiConfig,
  RULES_PATH,
  remoteWriteClient,
} from './loki-config';
import { addProcess, configDirectory, SECRETS_PATH, type StackParts } from './loki-process';
import {
  LOKI_DEFAULTS,
  type LokiRemoteWrite,
  type LokiRemoteWriteSettings,
  type LokiRuleOptions,
  type LokiStackProps,
} from './loki-props';
import { addRoles, indexGateways, ingesterNames, type Roles } from './loki-roles';
import { checkRules } from './rule-files';
import { type LokiMode, type LokiSize, replayMegabytes, sizeLoki, sizeRoles } from './sizing';

/** The tenant of a Loki without multi-tenancy. */
const ONE_TENANT = 'fake';

const RULER_SECRETS_PATH = '/etc/loki/ruler-secrets';

/**
 * Loki, a store for logs: one replica, three, or a workload for each component.
 *
 * @example
 * new LokiStack(chart, 'loki', {
 *   objectStorage: {
 *     kind: 's3',
 *     bucket: 'orders-logs',
 *     region: 'eu-central-1',
 *     access: { kind: 'role', arn: 'arn:aws:iam::111122223333:role/loki' },
 *   },
 *   retention: { days: 31, streams: [{ selector: '{stream="security"}', days: 365 }] },
 * });
 */
export class LokiStack extends PatchableConstruct {
  /** The servers: one, or one for each component of a distributed Loki. */
  readonly components: readonly Component[];
  /** How Loki is run. */
  readonly mode: LokiMode;
  /** Path below `pushEndpoint` for exporters of OTLP, which append `/v1/logs`. */
  readonly otlpPath: string = '/otlp';

  private readonly props: LokiStackProps;
  private readonly name: string;
  private readonly roles: Roles | undefined;
  private readonly limits: ResolvedLimits;
  private readonly indexLabels: Required<IndexLabels>;
  private readonly size: LokiSize | undefined;
  private readonly settings: LokiSettings;
  private readonly s3Server: Connection | undefined;
  private readonly caches: LokiConfigProps['caches'];
  private readonly rules = new Map<string, ConfigDirectory>();
  private readonly alertmanagers: string[] = [];
  private readonly remoteWrites: { [name: string]: { readonly url: string } } = {};
  private readonly rulerSecrets = new SecretFiles(RULER_SECRETS_PATH);

  /** @throws SettingError when a prop is invalid, or when the volume cannot hold the retention */
  constructor(scope: Construct, id: string, props: LokiStackProps = {}) {
    super(scope, id);
    checkLokiStack(props);
    checkSettings(props.config ?? {});
    const { name = LOKI_DEFAULTS.name, gigabytesPerDay = LOKI_DEFAULTS.gigabytesPerDay, objectStorage } = props;
    this.props = props;
    this.name = name;
    this.mode = modeOf(props);
    this.limits = resolveLimits(props.limits ?? {}, gigabytesPerDay);
    this.indexLabels = resolveIndexLabels(props.indexLabels);
    const secrets = new SecretFiles(SECRETS_PATH);
    this.settings = secrets.resolve<LokiSettings>('config', '', props.config ?? {});

    const config = configDirectory(this, name, () => toYaml(this.config));
    const parts: StackParts = { config, secrets, storage: objectStorage };
    if (this.mode === 'distributed') {
      this.roles = addRoles(this, { ...props, name, gigabytesPerDay }, parts);
      this.components = Object.values(this.roles).flat();
    } else {
      this.size = sizeLoki(
        { gigabytesPerDay, retention: this.retention },
        objectStorage ? 'bucket' : 'volume',
        props.storageSize,
      );
      this.components = [this.addServer(this.size, parts)];
    }
    this.s3Server = connectToS3Server(this.ruler, objectStorage);
    this.caches = connectToCaches(props.caches, this.roles, this.components);
    this.rulerSecrets.mountIn(this.ruler);
    if (props.multiTenancy) {
      this.ruler.addMount(scratch('rules', RULES_PATH));
    } else {
      this.rulesOf(ONE_TENANT);
    }
  }

  /** Where lines are sent: OTLP below `otlpPath`, Loki's own format at `/loki/api/v1/push`. */
  get pushEndpoint(): Endpoint {
    return (this.roles ? this.roles.distributor[0]! : this.components[0]!).endpoint('http');
  }

  /** Where lines are queried, e.g. by Grafana. */
  get queryEndpoint(): Endpoint {
    return (this.roles ? this.roles['query-frontend'][0]! : this.components[0]!).endpoint('http');
  }

  /** Where the alerts of its rules are listed: `/prometheus/api/v1/alerts`. */
  get rulesEndpoint(): Endpoint {
    return this.ruler.endpoint('http');
  }

  /**
   * Loads a file of rules. Loki reads a changed file within half a minute, without a restart.
   *
   * @param file name of the file, without `.yaml`
   * @param rules the rules, or their YAML
   * @throws SettingError for what the ruler refuses, or takes and drops without an error
   * @throws DuplicateNameError for a second file of the same name and tenant
   */
  addRules(file: string, rules: LokiRules | string, { tenant }: LokiRuleOptions = {}): void {
    checkObjectName('file', file);
    if (this.props.multiTenancy && tenant === undefined) {
      throw new SettingError('tenant', tenant, 'name the tenant whose lines the rules read');
    }
    if (!this.props.multiTenancy && tenant !== undefined) {
      throw new SettingError('tenant', tenant, 'leave it out, or write multiTenancy: true; there is one tenant');
    }
    const parsed = typeof rules === 'string' ? (parseYaml(rules) as LokiRules) : rules;
    checkRules(file, parsed);
    const directory = this.rulesOf(tenant ?? ONE_TENANT);
    const suffix = tenant === undefined ? file : `${tenant}-${file}`;
    directory.addFile(`${file}.yaml`, toYaml(parsed), `${this.name}-rules-${suffix}`);
  }

  /**
   * Sends alerts to every replica behind an endpoint.
   *
   * @throws DuplicateNameError for the same endpoint again
   */
  addAlertmanager(endpoint: Endpoint): void {
    const connection = this.ruler.connectTo(endpoint);
    checkScheme('addAlertmanager', connection, ['http', 'https']);
    const urls = addressesOf(connection).map((address) => `${connection.scheme}://${address}`);
    if (urls.some((url) => this.alertmanagers.includes(url))) {
      throw new DuplicateNameError('Alertmanager', connection.address, 'remove one of them');
    }
    this.alertmanagers.push(...urls);
  }

  /**
   * Sends the series of recording rules to every replica behind an endpoint. The series of alerts, one for each address
   * of an attack, stay in Loki.
   *
   * @throws DuplicateNameError for the same endpoint again
   * @example
   * loki.addRemoteWrite(prometheus.endpoint);
   * prometheus.component.addArgs('--web.enable-remote-write-receiver');
   */
  addRemoteWrite(endpoint: Endpoint, { path = '/api/v1/write', config = {} }: LokiRemoteWrite = {}): void {
    const connection = this.ruler.connectTo(endpoint);
    checkScheme('addRemoteWrite', connection, ['http', 'https']);
    const settings = this.rulerSecrets.resolve<LokiRemoteWriteSettings>('addRemoteWrite', 'remote_write', config);
    for (const address of addressesOf(connection)) {
      const name = address.replace(/[^a-zA-Z0-9]+/g, '-');
      if (name in this.remoteWrites) {
        throw new DuplicateNameError('remote write', address, 'remove one of them');
      }
      const url = `${connection.scheme}://${address}${path}`;
      this.remoteWrites[name] = { ...remoteWriteClient(url, this.props.externalLabels ?? {}), ...settings };
    }
  }

  private get retention() {
    return this.props.retention ?? LOKI_DEFAULTS.retention;
  }

  private get ruler(): Component {
    return this.roles ? this.roles.ruler[0]! : this.components[0]!;
  }

  private get config(): LokiConfig {
    const { multiTenancy = false, objectStorage, grafanaUrl, externalLabels = {} } = this.props;
    return lokiConfig({
      mode: this.mode,
      multiTenancy,
      retention: this.retention,
      limits: this.limits,
      indexLabels: this.indexLabels,
      storage: objectStorage,
      s3Server: this.s3Server,
      replayMegabytes: this.replayMegabytes,
      ...this.cluster(),
      caches: this.caches,
      ruler: { alertmanagers: this.alertmanagers, remoteWrites: this.remoteWrites, grafanaUrl, externalLabels },
      settings: this.settings,
    });
  }

  private get replayMegabytes(): number {
    const { gigabytesPerDay = LOKI_DEFAULTS.gigabytesPerDay, pod, roles } = this.props;
    return this.size
      ? replayMegabytes(this.size.memory, pod)
      : replayMegabytes(sizeRoles(gigabytesPerDay).ingester.memory, { ...pod, ...roles?.ingester });
  }

  /** How the processes find each other. */
  private cluster(): Pick<LokiConfigProps, 'cluster' | 'roles'> {
    const { gigabytesPerDay = LOKI_DEFAULTS.gigabytesPerDay, roles, zones } = this.props;
    const namespace = namespaceOf(Chart.of(this));
    const cluster = (names: readonly string[]) => gossipCluster({ namespace, name: this.name, zones }, names);
    switch (this.mode) {
      case 'monolithic':
        return {};
      case 'replicated':
        return { cluster: cluster([this.name]) };
      case 'distributed':
        return {
          cluster: cluster(ingesterNames({ name: this.name, zones })),
          roles: {
            compactor: `${this.name}-compactor.${namespace}.svc:${GRPC_PORT}`,
            tail: `http://${this.name}-querier.${namespace}.svc:${HTTP_PORT}`,
            indexGateways: indexGateways({ roles, gigabytesPerDay }),
          },
        };
    }
  }

  private addServer({ cpu, memory, disk }: LokiSize, parts: StackParts): Component {
    const clustered = this.mode === 'replicated';
    const component = addProcess(
      this,
      'server',
      {
        name: this.name,
        target: 'all',
        workload: {
          kind: 'StatefulSet',
          replicas: clustered ? 3 : 1,
          storage: { path: DATA_PATH, size: disk, storageClass: this.props.storageClass },
        },
        resources: { cpu, memory },
        clustered,
        usesStorage: true,
        pod: this.props.pod,
        fixedReplicas: 'write the prop mode: monolithic has one replica, and replicated three',
      },
      parts,
    );
    if (clustered) {
      component.connectReplicas(['grpc', 'gossip']);
    }
    return component;
  }

  private rulesOf(tenant: string): ConfigDirectory {
    const known = this.rules.get(tenant);
    if (known) {
      return known;
    }
    checkObjectName('tenant', tenant);
    const suffix = tenant === ONE_TENANT ? '' : `-${tenant}`;
    // At the root, Loki would take the links of a ConfigMap (`..data`) for tenants and evaluate the rules once more.
    const directory = new ConfigDirectory(this, `rules${suffix}`, {
      name: `${this.name}-rules${suffix}`,
      path: `${RULES_PATH}/${tenant}`,
      onChange: 'reload',
    });
    this.rules.set(tenant, directory);
    this.ruler.addMount(directory.mount);
    return directory;
  }
}
