import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiObject, JsonPatch } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { Certificate } from '../../imports/cert-manager.io';
import { packagePath } from '../../package-root';
import type { RemediationPolicy } from '../../remediation';
import type { Configuration } from '../../remediation/configuration';
import type { AlertingRule } from '../../rules';
import { parseYaml } from '../../yaml';
import type { AlertRouting } from '../alert-routing';
import {
  Component,
  ConfigDirectory,
  type Connection,
  Endpoint,
  httpProbe,
  type Image,
  identityToken,
  images,
  type Mount,
  SettingError,
  scratch,
} from '../kit';
import { bundledServer, parts, STARTER } from './bundle';
import { EVENTS, ownRules, requirementsOf, rulesByNamespace, TOKEN_REVIEWS } from './permissions';
import {
  type ConnectionProps,
  connectionSettings,
  DEFAULT_LIMITS,
  DEFAULT_RETENTION,
  type Limits,
  type SecretKey,
} from './remediation-webhook-config';
import { UpdateGuard } from './update-guard';

export interface RemediationWebhookProps {
  /** @default remediation-webhook */
  readonly name?: string;
  /** What is done about which alerts. */
  readonly policies: readonly RemediationPolicy[];
  /** `dry-run` asks the targets what would happen; `active` repairs them. @default dry-run */
  readonly mode?: Configuration['mode'];
  /** @default 2 */
  readonly replicas?: number;
  /** Prometheus, which says whether a repair helped. */
  readonly prometheus: Endpoint;
  /** Labels that Prometheus adds to its alerts; the webhook's own have them too. @default - none */
  readonly externalLabels?: { readonly [label: string]: string };
  /** Where the webhook's own alerts lead: the runbooks, without the alert's name, and a dashboard. @default - nowhere */
  readonly links?: Configuration['links'];
  /** What actions change beside Kubernetes, by the names that policies use. @default - nothing */
  readonly connections?: { readonly [name: string]: ConnectionProps };
  /** Channel for what a human should see, and the key of the bot token. @default - Alertmanager alone tells humans */
  readonly slack?: { readonly channel: string; readonly token: SecretKey };
  /** Receiver of traces, OTLP over HTTP. @default - traces are not kept; their ids are in logs and records */
  readonly tracing?: Endpoint;
  /** @default - see DEFAULT_LIMITS */
  readonly limits?: Partial<Limits>;
  /** How long finished records are kept. @default - 90 days, 2000 records */
  readonly retention?: Configuration['retention'];
  /** Directory of runbooks, `<AlertName>.md`, which are served as web pages. @default - none */
  readonly runbooks?: string;
  /** A certificate that cert-manager makes and renews, and who signs it. @default - none, or that of `tlsSecret` */
  readonly certificate?: CertificateIssuer;
  /**
   * Secret of type `kubernetes.io/tls` with `ca.crt`.
   * @default - that of `certificate`; without one it is HTTP, behind the NetworkPolicy
   */
  readonly tlsSecret?: string;
  /** An image that has the server at /app/server.cjs. @default - a stock Node image, with the server from ConfigMaps */
  readonly image?: Image;
  /** Ranges that hold the API server's addresses. @default - every private range */
  readonly apiCidrs?: readonly string[];
}

/** An issuer of cert-manager. */
export interface CertificateIssuer {
  readonly issuer: string;
  /** @default ClusterIssuer */
  readonly issuerKind?: 'Issuer' | 'ClusterIssuer';
}

const AUDIENCE = 'remediation-webhook';
const CONFIG_PATH = '/etc/remediation';
const CREDENTIALS_PATH = '/etc/remediation-credentials';
const RUNBOOKS_PATH = '/runbooks';
const TLS_PATH = '/etc/remediation-tls';
const APP_PATH = '/app';
const CA_PATH = '/etc/remediation-ca';
/** Where Alertmanager finds its token, and the authority of the webhook's certificate. */
const TOKEN_PATH = '/etc/alertmanager/remediation-token';
const AUTHORITY_PATH = '/etc/alertmanager/remediation-ca';

const HTTP_PORT = 8080;
const HTTPS_PORT = 8443;
/** User `node` of the Node image. */
const NODE_USER = 1000;

/** Longest time from a notification to the change that it asks for, mostly for a lock. */
const ASK_LATER_MINUTES = 5;

/** Bytes of runbooks in one ConfigMap. */
const RUNBOOK_BYTES = 120_000;

/**
 * The server that repairs: it takes Alertmanager's notifications, and does what the policies say about their alerts,
 * behind gates, locks and budgets that `docs/remediation.md` describes. Its rights, and the fence of admission around
 * them, follow from the policies.
 */
export class RemediationWebhook extends Construct {
  readonly component: Component;

  private readonly props: RemediationWebhookProps;
  private readonly tlsSecret: string | undefined;
  private readonly prometheus: Connection;
  private readonly connections: Configuration['connections'];
  private readonly tracing: Connection | undefined;
  private readonly alertmanagers: Connection[] = [];
  private readonly subjects: string[] = [];

  constructor(scope: Construct, id: string, props: RemediationWebhookProps) {
    super(scope, id);
    const name = props.name ?? 'remediation-webhook';
    this.props = props;
    this.tlsSecret = props.tlsSecret ?? (props.certificate && `${name}-tls`);
    const needs = requirementsOf(props.policies);
    this.checkConnections(needs.connections);

    const config = new ConfigDirectory(this, 'config', { name: `${name}-config`, path: CONFIG_PATH });
    config.addFile('remediation.json', () => `${JSON.stringify(this.configuration, undefined, 2)}\n`);
    this.component = new Component(this, 'server', {
      name,
      image: props.image ?? images.node,
      workload: { kind: 'Deployment', replicas: props.replicas ?? 2 },
      ports: {
        ...(this.tlsSecret ? { https: { port: HTTPS_PORT, scheme: 'https' } } : {}),
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
      user: NODE_USER,
      serviceAccountAnnotations: needs.awsRole ? { 'eks.amazonaws.com/role-arn': needs.awsRole } : undefined,
      terminationGraceSeconds: 40,
      mounts: [
        config.mount,
        scratch('tmp', '/tmp'),
        ...(props.image ? [] : [this.addServer(`${name}-server`)]),
        ...(props.runbooks ? [this.addRunbooks(`${name}-runbooks`, props.runbooks)] : []),
        ...this.credentials(),
        ...(this.tlsSecret ? [tlsMount(this.tlsSecret)] : []),
        ...authorities(props.connections ?? {}),
      ],
    });

    this.prometheus = this.component.connectTo(props.prometheus);
    this.tracing = props.tracing && this.component.connectTo(props.tracing);
    this.component.connectTo(Endpoint.kubernetesApi(props.apiCidrs));
    if (props.slack || needs.awsRole) {
      this.component.connectTo(Endpoint.anyHost());
    }
    this.connections = Object.fromEntries(
      Object.entries(props.connections ?? {}).map(([key, connection]) => [
        key,
        connectionSettings(connection, this.component.connectTo(connection.endpoint), {
          credentials: CREDENTIALS_PATH,
          authority: `${CA_PATH}/${key}/ca.crt`,
        }),
      ]),
    );
    this.addDefinition();
    this.addCertificate();
    this.addKillSwitch();
    this.addRights(needs);
    new UpdateGuard(this, 'fence', {
      name: `${this.component.namespace}-${name}`,
      labels: this.component.labels,
      serviceAccount: { namespace: this.component.namespace, name: this.component.serviceAccountName },
      allowedUpdates: needs.allowedUpdates,
    });
  }

  /** Where it is scraped, and where the runbooks are. */
  get endpoint(): Endpoint {
    return this.component.endpoint('http');
  }

  /** Name of the ConfigMap that stops every action. */
  get killSwitchName(): string {
    return `${this.component.name}-switch`;
  }

  /**
   * Lets an Alertmanager notify: alerts with a label `remediation` come here first and go on to humans, and so does
   * Watchdog. Both sides prove who they are to each other as far as the settings allow.
   */
  receiveFrom(routing: AlertRouting): void {
    const { tlsSecret } = this;
    const name = this.component.name;
    const intake = routing.connectTo(this.component.endpoint(tlsSecret ? 'https' : 'http'));
    routing.component.addMount(identityToken('remediation-token', TOKEN_PATH, AUDIENCE));
    if (tlsSecret) {
      routing.component.addMount(authorityMount(tlsSecret));
    }
    const webhook = (path: string, resolved: boolean) => ({
      url: intake.url(path),
      send_resolved: resolved,
      http_config: {
        authorization: { credentials_file: `${TOKEN_PATH}/token` },
        follow_redirects: false,
        tls_config: tlsSecret ? { ca_file: `${AUTHORITY_PATH}/ca.crt` } : undefined,
      },
    });
    routing.addReceiver({
      receiver: { name, webhook_configs: [webhook('/api/v1/alerts', true)] },
      matchers: ['remediation != ""'],
      // Each alert is asked for on its own, soon, and again while it fires: the same request is not carried out twice.
      groupBy: ['...'],
      timing: { group_wait: '10s', group_interval: '1m', repeat_interval: this.repeatInterval },
    });
    routing.addHeartbeat({ name: `${name}-heartbeat`, webhook_configs: [webhook('/api/v1/heartbeat', false)] });
    this.subjects.push(`system:serviceaccount:${routing.component.namespace}:${routing.component.serviceAccountName}`);
    this.alertmanagers.push(this.component.connectTo(routing.endpoint));
  }

  /**
   * Checks that every alert that asks for a response gets one.
   *
   * @throws SettingError for a label `remediation` that names no policy
   */
  checkAlerts(alerts: readonly AlertingRule[]): void {
    const names = this.props.policies.map((policy) => policy.name);
    for (const { alert, labels } of alerts) {
      if (labels.remediation !== undefined && !names.includes(labels.remediation)) {
        throw new SettingError(
          `the label remediation of ${alert}`,
          labels.remediation,
          `write one of ${names.join(', ')}, or add a policy of that name`,
        );
      }
    }
  }

  /** The server's configuration as it stands. */
  get configuration(): Configuration {
    const { props } = this;
    if (this.subjects.length === 0) {
      throw new SettingError('receiveFrom', undefined, `say which Alertmanager may notify ${this.component.name}`);
    }
    return {
      mode: props.mode ?? 'dry-run',
      namespace: this.component.namespace,
      killSwitch: this.killSwitchName,
      port: HTTP_PORT,
      tls: this.tlsSecret
        ? { port: HTTPS_PORT, certificateFile: `${TLS_PATH}/tls.crt`, keyFile: `${TLS_PATH}/tls.key` }
        : undefined,
      authentication: { audience: AUDIENCE, subjects: this.subjects },
      prometheus: urlsOf(this.prometheus),
      alertmanagers: this.alertmanagers.flatMap(urlsOf),
      externalLabels: { ...props.externalLabels },
      links: props.links,
      slack: props.slack && { channel: props.slack.channel, tokenFile: `${CREDENTIALS_PATH}/${props.slack.token.key}` },
      otlp: this.tracing?.url(),
      runbooks: props.runbooks && RUNBOOKS_PATH,
      limits: { ...DEFAULT_LIMITS, ...props.limits },
      retention: props.retention ?? DEFAULT_RETENTION,
      policies: props.policies,
      connections: this.connections,
    };
  }

  /**
   * How often a firing alert asks again: when its target has rested, and some minutes later, because a rest begins with
   * the change and not with the notification. Asked a moment too early, it would be refused and wait a second time.
   */
  private get repeatInterval(): string {
    const { policies, limits } = this.props;
    const { repeatSeconds } = { ...DEFAULT_LIMITS, ...limits };
    const rests = policies.map(({ cooldownSeconds }) => cooldownSeconds);
    return `${Math.ceil(Math.max(repeatSeconds, ...rests) / 60) + ASK_LATER_MINUTES}m`;
  }

  /** @throws SettingError when a policy needs a connection that is not given */
  private checkConnections(needed: readonly string[]): void {
    for (const name of needed) {
      if (!this.props.connections?.[name]) {
        throw new SettingError(`connections.${name}`, undefined, 'a policy needs it: say where the server is');
      }
    }
    const names = this.props.policies.map((policy) => policy.name);
    const repeated = names.find((name, index) => names.indexOf(name) !== index);
    if (repeated) {
      throw new SettingError('policies', repeated, 'two policies have this name: give one of them another');
    }
  }

  private addServer(name: string): Mount {
    const directory = new ConfigDirectory(this, 'app', { name, path: APP_PATH });
    directory.addFile('start.mjs', STARTER);
    for (const [index, part] of parts(bundledServer()).entries()) {
      const number = String(index).padStart(2, '0');
      directory.addFile(`server.part-${number}.js`, part, `${name}-${number}`);
    }
    return directory.mount;
  }

  /** The server reads a runbook when somebody asks for it: a change needs no restart. */
  private addRunbooks(name: string, source: string): Mount {
    const directory = new ConfigDirectory(this, 'runbooks', { name, path: RUNBOOKS_PATH, onChange: 'reload' });
    let bytes = 0;
    for (const file of readdirSync(source)
      .filter((entry) => entry.endsWith('.md'))
      .sort()) {
      const content = readFileSync(join(source, file), 'utf8');
      bytes += Buffer.byteLength(content);
      directory.addFile(file, content, `${name}-${String(Math.floor(bytes / RUNBOOK_BYTES)).padStart(2, '0')}`);
    }
    return directory.mount;
  }

  private credentials(): readonly Mount[] {
    const { slack, connections = {} } = this.props;
    const keys = [slack?.token, ...Object.values(connections).map(({ password }) => password)].filter(
      (key): key is SecretKey => key !== undefined,
    );
    const [first] = keys;
    // It starts without the Secret: what needs no password works, and decisions are recorded.
    return first
      ? [
          first.credentials.files(
            CREDENTIALS_PATH,
            keys.map(({ key }) => key),
            true,
          ),
        ]
      : [];
  }

  /** The custom resource of the records. */
  private addDefinition(): void {
    const definition = parseYaml(readFileSync(packagePath('imports', 'crds', 'remediation.yaml'), 'utf8')) as {
      readonly apiVersion: string;
      readonly kind: string;
      readonly metadata: { readonly name: string };
    };
    new ApiObject(this, 'definition', definition).addJsonPatch(JsonPatch.remove('/metadata/namespace'));
  }

  private addCertificate(): void {
    const { certificate } = this.props;
    const { name, namespace, labels } = this.component;
    if (certificate) {
      new Certificate(this, 'certificate', {
        metadata: { name, labels: { ...labels } },
        spec: {
          secretName: this.tlsSecret!,
          dnsNames: [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`],
          privateKey: { algorithm: 'ECDSA', rotationPolicy: 'Always' },
          issuerRef: { name: certificate.issuer, kind: certificate.issuerKind ?? 'ClusterIssuer' },
        },
      });
    }
  }

  private addKillSwitch(): void {
    new k8s.KubeConfigMap(this, 'switch', {
      metadata: { name: this.killSwitchName, labels: this.component.labels },
      data: { armed: 'true' },
    });
  }

  private addRights(needs: ReturnType<typeof requirementsOf>): void {
    const byNamespace = rulesByNamespace(needs);
    this.component.addClusterRole([TOKEN_REVIEWS, ...(byNamespace.get(undefined) ?? [])]);
    this.component.addRole(this.component.namespace, ownRules(this.killSwitchName));
    for (const [namespace, rules] of byNamespace) {
      if (namespace) {
        this.component.addRole(namespace, [...rules, EVENTS]);
      }
    }
  }
}

/** Replicas by name where there are any: each of them answers for itself. */
function urlsOf({ scheme, replicas, url }: Connection): string[] {
  return replicas.length > 0 ? replicas.map((address) => `${scheme}://${address}`) : [url()];
}

function tlsMount(secretName: string): Mount {
  return { name: 'tls', source: () => ({ secret: { secretName, defaultMode: 0o440 } }), path: TLS_PATH };
}

/** The authority alone: the key stays with the webhook. */
function authorityMount(secretName: string): Mount {
  return {
    name: 'remediation-ca',
    source: () => ({ secret: { secretName, items: [{ key: 'ca.crt', path: 'ca.crt' }] } }),
    path: AUTHORITY_PATH,
  };
}

function authorities(connections: { readonly [name: string]: ConnectionProps }): readonly Mount[] {
  return Object.entries(connections).flatMap(([name, { tls }]) =>
    tls?.configMap
      ? [{ name: `ca-${name}`, source: () => ({ configMap: { name: tls.configMap } }), path: `${CA_PATH}/${name}` }]
      : [],
  );
}
