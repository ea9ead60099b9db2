import type { RemediationPolicy } from '../../../remediation';
import { isOpen, KEYS, type Remediation } from '../../../remediation/record';
import {
  type AuditedRequest,
  type Kubernetes,
  makeNamespace,
  startKubernetes,
  WORKLOAD_CONTROLLERS,
} from './kubernetes';
import { readyPods } from './pods';
import { startPrometheus } from './prometheus';
import { waitFor } from './server';
import { alert, type Deployed, deployWebhook, MONITORING, type Overrides } from './webhook';

/** Namespace of what is repaired in the tests. */
export const APPLICATION = 'sightedit';

/** A cluster with an application that can be repaired, and the webhook's manifests applied. */
export interface Stage {
  readonly kubernetes: Kubernetes;
  readonly deployed: Deployed;
  /** What replicas are started with: a real Prometheus, and times that a test can wait for. */
  readonly overrides: Overrides;
}

/** Sets the stage for a set of policies. */
export async function setStage(
  policies: readonly RemediationPolicy[],
  limits: Overrides['limits'] = {},
): Promise<Stage> {
  const kubernetes = await startKubernetes(WORKLOAD_CONTROLLERS);
  await makeNamespace(kubernetes, APPLICATION);
  readyPods(kubernetes, APPLICATION);
  const { url } = await startPrometheus();
  const deployed = await deployWebhook(kubernetes, policies);
  return {
    kubernetes,
    deployed,
    overrides: { prometheus: [url], limits: { lookSeconds: 1, lockSeconds: 3, budgetPerHour: 1000, ...limits } },
  };
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

/** The records of a policy, the oldest first. */
export async function recordsOf(kubernetes: Kubernetes, policy: string): Promise<readonly Remediation[]> {
  const { stdout } = await kubernetes.kubectl(
    ...['get', 'remediations', `--namespace=${MONITORING}`, `--selector=${KEYS.policy}=${policy}`],
    ...['--sort-by=.metadata.creationTimestamp', '--output=json'],
  );
  return (JSON.parse(stdout) as { items: Remediation[] }).items;
}

/** Waits until a policy has this many records, and all of them are finished. */
export async function finished(
  kubernetes: Kubernetes,
  policy: string,
  count = 1,
  timeoutSeconds = 60,
): Promise<readonly Remediation[]> {
  let records: readonly Remediation[] = [];
  await waitFor(
    `${count} records of ${policy} to be finished`,
    async () => {
      records = await recordsOf(kubernetes, policy);
      return records.length === count && records.every(({ status }) => !isOpen(status.phase));
    },
    { timeoutSeconds },
  ).catch((error: Error) => {
    throw new Error(
      `${error.message}; there are ${JSON.stringify(
        records.map(({ status }) => status),
        undefined,
        1,
      )}`,
    );
  });
  return records;
}

/** How the records ended: `succeeded`, `skipped(cooldown)`, in alphabetical order. */
export function endings(records: readonly Remediation[]): readonly string[] {
  return records.map(({ status }) => (status.phase === 'skipped' ? `skipped(${status.reason})` : status.phase)).sort();
}

/** Requests of the webhook that change a target, the API server's own words. */
export function changesOf(kubernetes: Kubernetes, name: string): readonly AuditedRequest[] {
  return kubernetes
    .audited()
    .filter(
      ({ user, objectRef }) =>
        user.username === `system:serviceaccount:${MONITORING}:remediation-webhook` &&
        objectRef.namespace === APPLICATION &&
        objectRef.resource !== 'events' &&
        objectRef.name === name,
    );
}
