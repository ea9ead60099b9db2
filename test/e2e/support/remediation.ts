import { Endpoint, PRIVATE_CIDRS } from '../../../constructs';
import { type PolicyOptions, type RemediationPolicy, restartWorkload } from '../../../remediation';
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

/** Namespace of the application in the tests. */
export const APPLICATION = 'sightedit';

/** Deployments of a test, one per attempt, so that none waits for the cooldown of another. */
export const DEPLOYMENTS: readonly string[] = Array.from({ length: 24 }, (_, index) => `service-${index}`);

/** Verifications with short times, for a real Prometheus without data. */
export const VERIFICATIONS = {
  healthy: { query: 'vector(1)', stabilisationSeconds: 0, withinSeconds: 30 },
  unhealthy: { query: 'vector(0)', stabilisationSeconds: 0, withinSeconds: 2 },
  unknown: { query: 'up{job="nothing"}', stabilisationSeconds: 0, withinSeconds: 2 },
} as const satisfies { readonly [name: string]: Verification };

/** A policy for restarts of all test Deployments. */
export function restarts(
  name: string,
  options: PolicyOptions = {},
  verification: Verification = VERIFICATIONS.healthy,
) {
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

/** A cluster with an application and the applied manifests of the webhook. */
export class Stage {
  private replica: Replica | undefined;
  private used = 0;

  /** Prepares a cluster for a set of policies, and starts a replica. */
  static async set(
    policies: readonly RemediationPolicy[],
    limits: Overrides['limits'] = {},
    { connections = {}, env = {}, loki }: Outside = {},
  ): Promise<Stage> {
    const kubernetes = await startKubernetes(WORKLOAD_CONTROLLERS);
    await makeNamespace(kubernetes, APPLICATION);
    readyPods(kubernetes, APPLICATION);
    const { url } = await startPrometheus();
    const deployed = await deployWebhook(kubernetes, withoutRules(policies), connectionProps(connections));
    const overrides = {
      prometheus: [url],
      connections,
      loki,
      limits: {
        verificationIntervalSeconds: 1,
        lockSeconds: 3,
        budgetPerHour: 100,
        budgetPerActionPerHour: limits.budgetPerHour ?? 100,
        ...limits,
      },
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

  /** The replica that receives notifications. */
  get webhook(): Replica {
    return this.replica!;
  }

  /** Starts another replica. */
  start(overrides: Overrides = {}): Promise<Replica> {
    const limits = { ...this.overrides.limits, ...overrides.limits };
    const policies = overrides.policies && { policies: withoutRules(overrides.policies) };
    return startWebhook(
      this.kubernetes,
      this.deployed,
      { ...this.overrides, ...overrides, ...policies, limits },
      this.env,
    );
  }

  /** Replaces the replica by one with other settings. */
  async restart(overrides: Overrides = {}): Promise<void> {
    await this.replica?.server.stop();
    this.replica = await this.start(overrides);
  }

  /** Removes the webhook's RBAC rule for a resource in its own namespace while `work` runs. */
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

  /** Creates a Deployment that no attempt has used yet. */
  async newDeployment(changes: Changes = {}): Promise<string> {
    const name = DEPLOYMENTS[this.used++]!;
    await deploy(this.kubernetes, name, changes);
    return name;
  }

  /** Sends a notification to the replica. */
  async ask(...alerts: readonly Asked[]): Promise<void> {
    const { status } = await notify(this.webhook, this.deployed, alerts);
    if (status !== 202) {
      throw new Error(`the webhook answered ${status}`);
    }
  }

  /** Sends a notification to the replica, and waits for the final records. */
  async outcome(...alerts: readonly Asked[]): Promise<readonly Remediation[]> {
    await this.ask(...alerts);
    return finished(this.kubernetes, ...alerts);
  }
}

/** The policies for alerts that the tests send: no rule raises them. Policies that say something else are kept. */
function withoutRules(policies: readonly RemediationPolicy[]): readonly RemediationPolicy[] {
  return policies.map((policy) => (policy.name.startsWith(FIRING) ? policy : { ...policy, requireFiring: false }));
}

/** How the names of policies begin whose alerts a rule of the stage's Prometheus raises. */
export const FIRING = 'firing-';

/** Servers outside the cluster. */
export interface Outside {
  readonly connections?: ConnectionSettings;
  /** Environment of the replicas. */
  readonly env?: NodeJS.ProcessEnv;
  /** @default - the webhook has no Loki */
  readonly loki?: Overrides['loki'];
}

/** The connections as props of the construct, without the files of passwords and authorities. */
function connectionProps(connections: ConnectionSettings): Parameters<typeof deployWebhook>[2] {
  return Object.fromEntries(
    Object.entries(connections).map(([name, { host, port, passwordFile, tls, ...settings }]) => [
      name,
      { ...settings, endpoint: Endpoint.host(host, port, settings.kind, PRIVATE_CIDRS) },
    ]),
  );
}

/** Creates a Deployment, and waits for its rollout. */
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

/** Waits for a rollout. */
export async function rolledOut(kubernetes: Kubernetes, name: string, namespace = APPLICATION): Promise<void> {
  const { code, stderr } = await kubernetes.kubectl(
    ...['rollout', 'status', `deployment/${name}`, `--namespace=${namespace}`, '--timeout=60s'],
  );
  if (code !== 0) {
    throw new Error(stderr);
  }
}

/** An alert about a Deployment that triggers a policy. */
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

/** The records of alerts, in the order of the alerts; `undefined` where none exists. */
export async function recordsOf(
  kubernetes: Kubernetes,
  asked: readonly Asked[],
): Promise<readonly (Remediation | undefined)[]> {
  const { stdout } = await kubernetes.kubectl('get', 'remediations', `--namespace=${MONITORING}`, '--output=json');
  const { items } = JSON.parse(stdout) as { readonly items: readonly Remediation[] };
  return asked.map(({ fingerprint }) => items.find(({ spec }) => spec.alert.fingerprint === fingerprint));
}

/** Waits until the records of alerts are in a phase. Returns them in the order of the alerts. */
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

/** Waits until a record waits for approval. */
export async function awaitingApproval(kubernetes: Kubernetes, asked: Asked): Promise<Remediation> {
  const [record] = await inPhase(
    kubernetes,
    [asked],
    'a record that waits for approval',
    (phase) => phase === 'awaiting-approval',
  );
  return record!;
}

/** How records ended: `succeeded`, `skipped(cooldown)`. */
export function endings(records: readonly Remediation[]): readonly string[] {
  return records.map(({ status }) => (status.phase === 'skipped' ? `skipped(${status.reason})` : status.phase)).sort();
}

/** User name of the webhook at the API server. */
export const WEBHOOK = `system:serviceaccount:${MONITORING}:remediation-webhook`;

/** Requests of the webhook that change a target, from the API server's audit log. */
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

/** When a Deployment was last restarted, by the annotation of its template. */
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
