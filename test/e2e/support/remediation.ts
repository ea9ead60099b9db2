import { Endpoint, PRIVATE_CIDRS } from '../../../constructs';
import { type RemediationPolicy, type ResponseOptions, restartWorkload } from '../../../remediation';
import type { ConnectionSettings } from '../../../remediation/clients';
import type { Verification } from '../../../remediation/policy';
import { isOpen, KEYS, type Phase, type Remediation } from '../../../remediation/record';
import {
  type AuditedRequest,
  type Kubernetes,
  makeNamespace,
  startKubernetes,
  WORKLOAD_CONTROLLERS,
} from '../../../testing/kubernetes';
import { startPrometheus } from '../../../testing/prometheus';
import { waitFor } from '../../../testing/server';
import {
  alert,
  type Deployed,
  deployWebhook,
  MONITORING,
  notify,
  type Overrides,
  type Replica,
  startWebhook,
} from '../../../testing/webhook';
import { readyPods } from './pods';

/** Namespace of what is repaired in the tests. */
export const APPLICATION = 'sightedit';

/** Deployments of a test, one for each question, so that none waits for the rest of another. */
export const DEPLOYMENTS: readonly string[] = Array.from({ length: 24 }, (_, index) => `service-${index}`);

/** Proofs that a test can wait for, answered by a real Prometheus that knows nothing else. */
export const PROOFS = {
  well: { query: 'vector(1)', stabilisationSeconds: 0, withinSeconds: 30 },
  unwell: { query: 'vector(0)', stabilisationSeconds: 0, withinSeconds: 2 },
  unknown: { query: 'up{job="nothing"}', stabilisationSeconds: 0, withinSeconds: 2 },
} as const satisfies { readonly [name: string]: Verification };

/** A policy that restarts any of the Deployments. */
export function restarts(name: string, options: ResponseOptions = {}, verification: Verification = PROOFS.well) {
  return restartWorkload({
    name,
    namespace: APPLICATION,
    deployments: DEPLOYMENTS,
    minimumAgeSeconds: 0,
    budgetPerHour: 50,
    verification,
    ...options,
  });
}

/** A cluster with an application that can be repaired, and the webhook's manifests applied. */
export class Stage {
  private replica: Replica | undefined;
  private used = 0;

  /** Sets the stage for a set of policies, and starts a replica. */
  static async set(
    policies: readonly RemediationPolicy[],
    limits: Overrides['limits'] = {},
    { connections = {}, env = {} }: Outside = {},
  ): Promise<Stage> {
    const kubernetes = await startKubernetes(WORKLOAD_CONTROLLERS);
    await makeNamespace(kubernetes, APPLICATION);
    readyPods(kubernetes, APPLICATION);
    const { url } = await startPrometheus();
    const deployed = await deployWebhook(kubernetes, policies, connectionProps(connections));
    const overrides = {
      prometheus: [url],
      connections,
      limits: { verificationIntervalSeconds: 1, lockSeconds: 3, budgetPerHour: 1000, ...limits },
    };
    const stage = new Stage(kubernetes, deployed, overrides, env);
    await stage.restart();
    return stage;
  }

  private constructor(
    readonly kubernetes: Kubernetes,
    readonly deployed: Deployed,
    private readonly overrides: Overrides,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** The replica that is notified. */
  get webhook(): Replica {
    return this.replica!;
  }

  /** Starts another replica. */
  start(overrides: Overrides = {}): Promise<Replica> {
    const limits = { ...this.overrides.limits, ...overrides.limits };
    return startWebhook(this.kubernetes, this.deployed, { ...this.overrides, ...overrides, limits }, this.env);
  }

  /** Ends the replica and starts one in its place, with other settings. */
  async restart(overrides: Overrides = {}): Promise<void> {
    await this.replica?.server.stop();
    this.replica = await this.start(overrides);
  }

  /** Takes the webhook's right to a resource in its own namespace for as long as something is done. */
  async withoutRight(resource: string, work: () => Promise<void>): Promise<void> {
    const { stdout } = await this.kubernetes.kubectl(
      ...['get', 'role', 'remediation-webhook', `--namespace=${MONITORING}`, '--output=json'],
    );
    const role = JSON.parse(stdout) as { readonly rules: readonly { readonly resources: readonly string[] }[] };
    const patch = (rules: unknown) =>
      this.kubernetes.kubectl(
        ...['patch', 'role', 'remediation-webhook', `--namespace=${MONITORING}`, '--type=merge'],
        `--patch=${JSON.stringify({ rules })}`,
      );
    await patch(role.rules.filter(({ resources }) => !resources.includes(resource)));
    try {
      await work();
    } finally {
      await patch(role.rules);
    }
  }

  /** Makes a Deployment that no question was asked about yet. */
  async newDeployment(changes: Changes = {}): Promise<string> {
    const name = DEPLOYMENTS[this.used++]!;
    await deploy(this.kubernetes, name, changes);
    return name;
  }

  /** Notifies the replica. */
  async ask(...alerts: readonly Asked[]): Promise<void> {
    const { status } = await notify(this.webhook, this.deployed, alerts);
    if (status !== 202) {
      throw new Error(`the webhook answered ${status}`);
    }
  }

  /** Notifies the replica, and waits for what comes of it. */
  async outcome(...alerts: readonly Asked[]): Promise<readonly Remediation[]> {
    await this.ask(...alerts);
    return finished(this.kubernetes, ...alerts);
  }
}

/** What there is outside of the cluster. */
export interface Outside {
  readonly connections?: ConnectionSettings;
  /** Environment of the replicas. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Connections as the construct takes them. Files of passwords and authorities are the tests' own. */
function connectionProps(connections: ConnectionSettings): Parameters<typeof deployWebhook>[2] {
  return Object.fromEntries(
    Object.entries(connections).map(([name, { host, port, passwordFile, tls, ...settings }]) => [
      name,
      { ...settings, endpoint: Endpoint.host(host, port, settings.kind, PRIVATE_CIDRS) },
    ]),
  );
}

/** Makes a Deployment, and waits until it has rolled out. */
export async function deploy(kubernetes: Kubernetes, name: string, changes: Changes = {}): Promise<void> {
  const labels = { 'app.kubernetes.io/name': 'sightedit', component: name };
  const { namespace = APPLICATION, optIn = true, wait = true, ...spec } = changes;
  const { code, stderr } = await kubernetes.kubectlWith(
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace, labels: { ...labels, ...(optIn ? { [KEYS.optIn]: 'enabled' } : {}) } },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'server', image: 'sightedit/backend:1' }] } },
        ...spec,
      },
    },
    'apply',
  );
  if (code !== 0) {
    throw new Error(stderr);
  }
  if (wait) {
    await rolledOut(kubernetes, name, namespace);
  }
}

export interface Changes {
  readonly namespace?: string;
  readonly optIn?: boolean;
  readonly wait?: boolean;
  readonly replicas?: number;
  readonly strategy?: { readonly type: string };
  readonly paused?: boolean;
}

/** Waits for a roll-out. */
export async function rolledOut(kubernetes: Kubernetes, name: string, namespace = APPLICATION): Promise<void> {
  const { code, stderr } = await kubernetes.kubectl(
    ...['rollout', 'status', `deployment/${name}`, `--namespace=${namespace}`, '--timeout=60s'],
  );
  if (code !== 0) {
    throw new Error(stderr);
  }
}

/** An alert that asks for a policy, about a Deployment. */
export function alertAbout(deployment: string, policy: string, labels: Readonly<Record<string, string>> = {}) {
  return alert({
    remediation: policy,
    namespace: APPLICATION,
    workload: deployment,
    workload_type: 'deployment',
    ...labels,
  });
}

/** An alert as a test sends it. */
export type Asked = ReturnType<typeof alert>;

/** The records of alerts, in the order of the alerts; `undefined` where there is none. */
export async function recordsOf(
  kubernetes: Kubernetes,
  asked: readonly Asked[],
): Promise<readonly (Remediation | undefined)[]> {
  const { stdout } = await kubernetes.kubectl('get', 'remediations', `--namespace=${MONITORING}`, '--output=json');
  const { items } = JSON.parse(stdout) as { readonly items: readonly Remediation[] };
  return asked.map(({ fingerprint }) => items.find(({ spec }) => spec.alert.fingerprint === fingerprint));
}

/** Waits until the records of alerts are in a phase, and gives them in the order of the alerts. */
export async function inPhase(
  kubernetes: Kubernetes,
  asked: readonly Asked[],
  what: string,
  test: (phase: Phase) => boolean,
): Promise<readonly Remediation[]> {
  let records: readonly (Remediation | undefined)[] = [];
  await waitFor(what, async () => {
    records = await recordsOf(kubernetes, asked);
    return records.every((record) => record && test(record.status.phase));
  }).catch((error: Error) => {
    throw new Error(`${error.message}; there are ${JSON.stringify(records.map((record) => record?.status))}`);
  });
  return records as readonly Remediation[];
}

/** Waits until the records of alerts are finished. */
export function finished(kubernetes: Kubernetes, ...asked: readonly Asked[]): Promise<readonly Remediation[]> {
  return inPhase(kubernetes, asked, 'the records to be finished', (phase) => !isOpen(phase));
}

/** Waits until a request waits for a human. */
export async function awaitingApproval(kubernetes: Kubernetes, asked: Asked): Promise<Remediation> {
  const [record] = await inPhase(
    kubernetes,
    [asked],
    'a request for approval',
    (phase) => phase === 'awaiting-approval',
  );
  return record!;
}

/** How records ended: `succeeded`, `skipped(cooldown)`. */
export function endings(records: readonly Remediation[]): readonly string[] {
  return records.map(({ status }) => (status.phase === 'skipped' ? `skipped(${status.reason})` : status.phase)).sort();
}

/** The webhook, as the API server calls it. */
export const WEBHOOK = `system:serviceaccount:${MONITORING}:remediation-webhook`;

/** Requests of the webhook that change a target, the API server's own words. */
export function changesOf(kubernetes: Kubernetes, name: string): readonly AuditedRequest[] {
  return kubernetes
    .audited()
    .filter(
      ({ user, objectRef }) =>
        user.username === WEBHOOK &&
        objectRef.namespace === APPLICATION &&
        objectRef.resource !== 'events' &&
        objectRef.name === name,
    );
}

/** When a Deployment was last restarted, as its template says. */
export async function restartedAt({ kubectl }: Kubernetes, name: string): Promise<string> {
  const path = '{.spec.template.metadata.annotations.kubectl\\.kubernetes\\.io/restartedAt}';
  const { stdout } = await kubectl(
    'get',
    'deployment',
    name,
    `--namespace=${APPLICATION}`,
    `--output=jsonpath=${path}`,
  );
  return stdout;
}
