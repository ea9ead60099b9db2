import { readFileSync } from 'node:fs';
import { ApiObject } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { parseYaml } from '../../formats/yaml';
import { packagePath } from '../../package-root';
import type { Requirements } from '../../remediation';
import type { Configuration } from '../../remediation/configuration';
import type { AlertingRule } from '../../rules';
import type { AlertRouting } from '../alert-routing';
import {
  Component,
  ConfigDirectory,
  type Connection,
  clusterScoped,
  Endpoint,
  httpProbe,
  images,
  patchable,
  type SecretKey,
  SettingError,
  scratch,
} from '../kit';
import { clusterOf } from '../kit/object-names';
import { PatchableConstruct } from '../kit/patchable-construct';
import { AUDIENCE, checkRemediationLabels, notifyWebhook, shippedOwnAlerts } from './alertmanager';
import { addCertificate, TLS_PATH, tlsMount } from './certificate';
import { connectByHttp, connectToLoki, urlsOf } from './connections';
import { EVENTS, ownRules, requirementsOf, rulesByNamespace, TOKEN_REVIEWS } from './permissions';
import { checkConnectionScheme, checkWebhook } from './remediation-webhook-checks';
import {
  authorityMounts,
  checkPolicies,
  connectionSettings,
  credentialMounts,
  DEFAULT_LIMITS,
  DEFAULT_RETENTION,
  type Limits,
  type SecretFile,
  secretFile,
  secretKeys,
  WEBHOOK_DEFAULTS,
} from './remediation-webhook-config';
import type { RemediationWebhookProps } from './remediation-webhook-props';
import { APP_PATH, RUNBOOKS_PATH, runbookFiles, serverFiles } from './server-files';
import { UpdateGuard } from './update-guard';

const DEFAULT_NAME = 'remediation-webhook';
const CONFIG_PATH = '/etc/remediation';

const HTTP_PORT = 8080;
const HTTPS_PORT = 8443;
/** Time of a step in addition to the timeout of its action: it asks Prometheus, and writes records. */
const STEP_SECONDS = 3_600;
/** User `node` of the Node image. */
const NODE_USER = 1000;

/** Name of the ConfigMap that stops every action of a webhook. */
export function killSwitchName(webhook = DEFAULT_NAME): string {
  return `${webhook}-switch`;
}

/**
 * The remediation server: it receives Alertmanager's notifications and executes the policies of their alerts, guarded
 * by the gates, locks and budgets that `docs/remediation.md` describes. Its RBAC rules and the admission policy follow
 * from the policies.
 */
export class RemediationWebhook extends PatchableConstruct {
  /** The server, for arguments, mounts and connections. */
  readonly component: Component;

  private readonly props: RemediationWebhookProps;
  private readonly limits: Limits;
  private readonly tlsSecret: string | undefined;
  private readonly secretKeys: readonly SecretKey[];
  private readonly file: SecretFile;
  private readonly prometheus: Connection;
  private readonly connections: Configuration['connections'];
  private readonly loki: Configuration['loki'];
  private readonly threats: Connection | undefined;
  private readonly tracing: Connection | undefined;
  private readonly alertmanagers: Connection[] = [];
  private readonly subjects: string[] = [];

  /**
   * @throws SettingError when a prop is invalid, and when a connection is missing
   * @throws DuplicateNameError when two policies have the same name
   */
  constructor(scope: Construct, id: string, props: RemediationWebhookProps) {
    super(scope, id);
    const { name = DEFAULT_NAME, connections = {} } = props;
    checkWebhook(props);
    this.props = props;
    this.limits = { ...DEFAULT_LIMITS, ...props.limits };
    this.tlsSecret = props.tlsSecret ?? (props.certificate && `${name}-tls`);
    this.secretKeys = secretKeys(props.slack?.token, connections);
    this.file = secretFile(this.secretKeys);
    const requirements = requirementsOf(props.policies);
    checkPolicies(props.policies, requirements.connections, connections);

    this.component = this.addServer(name, requirements);
    this.prometheus = connectByHttp(this.component, 'prometheus', props.prometheus);
    this.loki = connectToLoki(this.component, props.loki);
    this.threats = props.threats && connectByHttp(this.component, 'threats', props.threats);
    this.tracing = props.tracing && connectByHttp(this.component, 'tracing', props.tracing);
    if (props.slack || requirements.awsRole) {
      this.component.allowEgressTo(Endpoint.anyHost());
    }
    this.connections = Object.fromEntries(
      Object.entries(connections).map(([key, settings]) => {
        const connection = this.component.connectTo(settings.endpoint);
        checkConnectionScheme(key, settings.kind, connection);
        return [key, connectionSettings(key, settings, connection, this.file)];
      }),
    );
    if (props.installCrd ?? true) {
      this.addDefinition();
    }
    this.node.addValidation({ validate: () => this.neighbours() });
    if (props.certificate) {
      addCertificate(this, this.component, props.certificate, this.tlsSecret!);
    }
    this.addKillSwitch();
    this.addRights(requirements);
  }

  /** Where its metrics are scraped, and where it serves the runbooks. */
  get endpoint(): Endpoint {
    return this.component.endpoint('http');
  }

  /** Name of the ConfigMap that stops every action. */
  get killSwitchName(): string {
    return killSwitchName(this.component.name);
  }

  /**
   * Lets an Alertmanager notify the webhook about alerts with a label `remediation`, and about Watchdog. The alerts
   * continue to their recipients.
   */
  receiveFrom(routing: AlertRouting): void {
    const { component, tlsSecret, limits } = this;
    this.subjects.push(notifyWebhook(routing, { component, tlsSecret, limits, policies: this.props.policies }));
    this.alertmanagers.push(component.connectTo(routing.endpoint));
  }

  /**
   * Checks that every alert with a label `remediation` has a policy.
   *
   * @throws SettingError for a label that names no policy
   */
  checkAlerts(alerts: readonly AlertingRule[]): void {
    checkRemediationLabels(alerts, this.props.policies);
  }

  /**
   * The configuration of the server.
   *
   * @throws SettingError before the first `receiveFrom()`
   * @internal
   */
  get configuration(): Configuration {
    const { props } = this;
    if (this.subjects.length === 0) {
      throw new SettingError('receiveFrom', undefined, `say which Alertmanager may notify ${this.component.name}`);
    }
    return {
      mode: props.mode ?? WEBHOOK_DEFAULTS.mode,
      namespace: this.component.namespace,
      killSwitch: this.killSwitchName,
      port: HTTP_PORT,
      tls: this.tlsSecret
        ? { port: HTTPS_PORT, certificateFile: `${TLS_PATH}/tls.crt`, keyFile: `${TLS_PATH}/tls.key` }
        : undefined,
      authentication: { audience: AUDIENCE, subjects: this.subjects },
      prometheus: urlsOf(this.prometheus),
      loki: this.loki,
      threats: this.threats?.url(),
      alertmanagers: this.alertmanagers.flatMap(urlsOf),
      externalLabels: { ...props.externalLabels },
      relabelledLabels: props.relabelledLabels && [...props.relabelledLabels],
      ownAlerts: props.ownAlerts ?? shippedOwnAlerts(),
      links: props.links,
      slack: props.slack && { channel: props.slack.channel, tokenFile: this.file(props.slack.token) },
      otlp: this.tracing?.url(),
      runbooks: props.runbooks && RUNBOOKS_PATH,
      limits: this.limits,
      retention: props.retention ?? DEFAULT_RETENTION,
      policies: props.policies,
      connections: this.connections,
    };
  }

  private addServer(name: string, { awsRole }: Requirements): Component {
    const { props, tlsSecret } = this;
    const { connections = {}, payloads = {} } = props;
    const config = new ConfigDirectory(this, 'config', { name: `${name}-config`, path: CONFIG_PATH });
    config.addFile('remediation.json', () => `${JSON.stringify(this.configuration, undefined, 2)}\n`);
    return new Component(this, 'server', {
      name,
      image: props.image ?? images.node,
      workload: { kind: 'Deployment', replicas: props.replicas ?? WEBHOOK_DEFAULTS.replicas },
      ports: {
        ...(tlsSecret ? { https: { port: HTTPS_PORT, scheme: 'https' } } : {}),
        http: { port: HTTP_PORT },
      },
      args: [
        'node',
        props.image ? `${APP_PATH}/server.cjs` : `${APP_PATH}/start.mjs`,
        `${CONFIG_PATH}/remediation.json`,
      ],
      env: [
        { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'NODE_OPTIONS', value: '--max-old-space-size=64 --max-semi-space-size=2' },
      ],
      probes: { readiness: httpProbe('/readyz'), liveness: httpProbe('/healthz') },
      resources: { cpu: '50m', memory: '192Mi' },
      apiCidrs: props.apiCidrs,
      user: NODE_USER,
      serviceAccountAnnotations: awsRole ? { 'eks.amazonaws.com/role-arn': awsRole } : undefined,
      terminationGraceSeconds: 40,
      pod: props.pod,
      fixedReplicas: 'write the prop replicas of RemediationWebhook',
      mounts: [
        config.mount,
        scratch('tmp', '/tmp'),
        ...(props.image ? [] : [serverFiles(this, `${name}-server`, payloads.server)]),
        ...(props.runbooks ? [runbookFiles(this, `${name}-runbooks`, props.runbooks, payloads.runbooks)] : []),
        ...credentialMounts(this.secretKeys),
        ...(tlsSecret ? [tlsMount(tlsSecret)] : []),
        ...authorityMounts(connections),
      ],
    });
  }

  /** Another webhook of the namespace would take up these records, and end those of policies that it does not have. */
  private neighbours(): string[] {
    const { name, namespace } = this.component;
    const others = this.node.root.node
      .findAll()
      .filter((other) => other instanceof RemediationWebhook && other !== this && clusterOf(other) === clusterOf(this))
      .filter((other) => (other as RemediationWebhook).component.namespace === namespace);
    return others.map(
      ({ node }) =>
        `${name} and ${node.path} are in namespace ${namespace}: records belong to the namespace; ` +
        'put all policies into one webhook, or the webhooks into namespaces of their own',
    );
  }

  /** The custom resource of the records. */
  private addDefinition(): void {
    const definition = parseYaml(readFileSync(packagePath('imports', 'crds', 'remediation.yaml'), 'utf8')) as {
      readonly apiVersion: string;
      readonly kind: string;
      readonly metadata: { readonly name: string };
    };
    clusterScoped(new ApiObject(this, 'definition', definition));
  }

  private addKillSwitch(): void {
    patchable(
      new k8s.KubeConfigMap(this, 'switch', {
        metadata: { name: this.killSwitchName, labels: this.component.labels },
        data: { armed: 'true' },
      }),
    );
  }

  /** RBAC says which objects the server may update; the admission policy says which of their fields. */
  private addRights(requirements: Requirements): void {
    const { name, namespace, labels, serviceAccountName } = this.component;
    const byNamespace = rulesByNamespace(requirements);
    this.component.addClusterRole([TOKEN_REVIEWS, ...(byNamespace.get(undefined) ?? [])]);
    this.component.addRole(namespace, ownRules(this.killSwitchName));
    for (const [target, rules] of byNamespace) {
      if (target) {
        this.component.addRole(target, [...rules, EVENTS]);
      }
    }
    new UpdateGuard(this, 'update-guard', {
      name: `${namespace}-${name}`,
      labels,
      serviceAccount: { namespace, name: serviceAccountName },
      allowedUpdates: requirements.allowedUpdates,
      longestStepSeconds:
        Math.max(...this.props.policies.map(({ timeoutSeconds }) => timeoutSeconds), 0) + STEP_SECONDS,
    });
  }
}
