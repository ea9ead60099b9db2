import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'cdk8s';
import { MonitoringChart } from '../charts';
import {
  AlertRouting,
  type ConnectionProps,
  Credentials,
  Endpoint,
  ownAlertsOf,
  PRIVATE_CIDRS,
  RemediationWebhook,
} from '../constructs';
import { bundledServer } from '../constructs/remediation-webhook/bundle';
import type { RemediationPolicy } from '../remediation';
import type { Configuration } from '../remediation/configuration';
import { RuleCatalogue } from '../rules';
import { node, packagedDirectory } from '../tools/packages';
import { temporaryDirectory } from './cleanup';
import type { Kubernetes } from './kubernetes';
import { makeNamespace } from './kubernetes';
import type { Manifest } from './manifests';
import { freePorts, type Server, startServer, waitFor } from './server';

/** Namespace of the webhook in the tests. */
export const MONITORING = 'sightedit-monitoring';

/** ServiceAccount that may notify in the tests. */
export const ALERTMANAGER = 'alertmanager';

/** A webhook whose manifests were applied. */
export interface Deployed {
  readonly configuration: Configuration;
  /** File of the applied manifests. */
  readonly manifests: string;
  /** `NODE_OPTIONS` of its pods. */
  readonly nodeOptions: string;
  /** File of a token of the webhook's ServiceAccount. */
  readonly tokenFile: string;
  /** Token of Alertmanager, with the webhook's audience. */
  readonly notifierToken: string;
}

/**
 * Applies what the construct synthesizes for a set of policies: custom resource, roles, admission policy, kill switch.
 * The cluster has no nodes, so `startWebhook()` runs the server as a process, with the token of its ServiceAccount.
 */
export async function deployWebhook(
  kubernetes: Kubernetes,
  policies: readonly RemediationPolicy[],
  connections: { readonly [name: string]: ConnectionProps } = {},
): Promise<Deployed> {
  const app = new App();
  const chart = new MonitoringChart(app, 'remediation', { namespace: MONITORING });
  const credentials = new Credentials('credentials');
  const routing = new AlertRouting(chart, 'alerts', {
    externalUrl: 'http://localhost:9093',
    credentials,
    channels: { slack: { kind: 'app' } },
    levels: { critical: RECIPIENTS, high: RECIPIENTS, medium: RECIPIENTS, low: RECIPIENTS },
  });
  const webhook = new RemediationWebhook(chart, 'webhook', {
    policies,
    connections,
    mode: 'active',
    prometheus: Endpoint.host('prometheus', 9090, 'http', PRIVATE_CIDRS),
    ownAlerts: ownAlertsOf(RuleCatalogue.sightEdit().alerts),
  });
  webhook.receiveFrom(routing);

  await makeNamespace(kubernetes, MONITORING);
  const manifests = join(temporaryDirectory(), 'manifests.yaml');
  writeFileSync(manifests, app.synthYaml());
  await waitFor('the manifests to be applied', async () => {
    const { code, stderr } = await kubernetes.kubectl('apply', '--filename', manifests);
    if (code !== 0) {
      throw new Error(stderr);
    }
    return true;
  });
  await kubernetes.kubectl('wait', '--for=condition=Established', 'crd/remediations.monitoring.sightedit.com');
  const tokenFile = join(temporaryDirectory(), 'token');
  writeFileSync(tokenFile, await token(kubernetes, 'remediation-webhook'));
  return {
    configuration: webhook.configuration,
    nodeOptions: nodeOptionsOf(app.charts.flatMap((each) => each.toJson())),
    manifests,
    tokenFile,
    notifierToken: await token(kubernetes, ALERTMANAGER, '--audience=remediation-webhook'),
  };
}

/** `NODE_OPTIONS` of the webhook's pods. */
export function nodeOptionsOf(manifests: readonly Manifest[]): string {
  const deployment = manifests.find(
    ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'remediation-webhook',
  );
  const env: { name: string; value?: string }[] = deployment!.spec.template.spec.containers[0].env;
  return env.find(({ name }) => name === 'NODE_OPTIONS')!.value!;
}

const RECIPIENTS = { slack: ['#alerts'] };

/** A token of a ServiceAccount in the monitoring namespace, issued by the API server. */
export async function token(kubernetes: Kubernetes, account: string, ...options: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await kubernetes.kubectl(
    'create',
    'token',
    account,
    `--namespace=${MONITORING}`,
    ...options,
  );
  if (code !== 0) {
    throw new Error(stderr);
  }
  return stdout.trim();
}

/** Changes of the configuration for a test. */
export type Overrides = Partial<Omit<Configuration, 'limits'>> & { readonly limits?: Partial<Configuration['limits']> };

/** A running replica. */
export interface Replica {
  readonly url: string;
  readonly server: Server;
  /** Kills it with SIGKILL, so it cannot shut down cleanly. */
  kill(): Promise<void>;
}

let bundle: string | undefined;

/** Starts a replica as a process: the bundled server with the deployed configuration. */
export async function startWebhook(
  kubernetes: Kubernetes,
  { configuration, tokenFile, nodeOptions }: Pick<Deployed, 'configuration' | 'tokenFile' | 'nodeOptions'>,
  overrides: Overrides = {},
  env: NodeJS.ProcessEnv = {},
): Promise<Replica> {
  const directory = temporaryDirectory();
  const [port] = (await freePorts(1)) as [number];
  const file = join(directory, 'remediation.json');
  writeFileSync(
    file,
    JSON.stringify({
      ...configuration,
      alertmanagers: [],
      ...overrides,
      limits: { ...configuration.limits, ...overrides.limits },
      port,
      kubernetes: overrides.kubernetes ?? { ...kubernetes.connection, tokenFile },
    }),
  );
  if (!bundle) {
    bundle = join(temporaryDirectory(), 'server.cjs');
    writeFileSync(bundle, bundledServer());
  }
  const url = `http://127.0.0.1:${port}`;
  const name = `webhook-${randomBytes(2).toString('hex')}`;
  const server = await startServer(name, {
    command: join(packagedDirectory(node), 'bin', 'node'),
    args: [bundle, file],
    env: { POD_NAME: name, NODE_OPTIONS: nodeOptions, ...env },
    ready: async () => (await fetch(`${url}/readyz`)).ok,
  });
  return { url, server, kill: () => server.stop('SIGKILL') };
}

/** An alert as Alertmanager sends it. */
export function alert(labels: Readonly<Record<string, string>>, changes: object = {}) {
  return {
    status: 'firing',
    labels: { alertname: 'SampleAlert', severity: 'high', category: 'application', ...labels },
    annotations: { summary: 'Something is wrong', description: 'Something is wrong' },
    startsAt: new Date(Date.now() - 60_000).toISOString(),
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: 'http://prometheus/graph',
    fingerprint: randomBytes(8).toString('hex'),
    ...changes,
  };
}

/** A notification of version 4, as Alertmanager 0.34 sends it. */
export function notification(alerts: readonly object[]) {
  return {
    version: '4',
    groupKey: '{}/{remediation!=""}:{alertname="SampleAlert"}',
    truncatedAlerts: 0,
    receiver: 'remediation-webhook',
    status: 'firing',
    notification_reason: 'first notification',
    groupLabels: {},
    commonLabels: {},
    commonAnnotations: {},
    routeLabels: {},
    externalURL: 'http://alertmanager',
    alerts,
  };
}

/** Sends a notification to a replica. */
export function notify(
  { url }: Replica,
  { notifierToken }: Deployed,
  alerts: readonly object[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${url}/api/v1/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${notifierToken}`, ...headers },
    body: JSON.stringify(notification(alerts)),
  });
}
