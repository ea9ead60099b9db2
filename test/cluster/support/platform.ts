import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import type { ApiClient } from '../../../testing/api-client';
import { succeed } from '../../../testing/cluster';
import { DIST, type Manifest, ofKind } from '../../../testing/manifests';
import { ROOT } from '../../../tools/catalogue';
import type { Cluster } from './cluster';

export const APPLICATION = 'sightedit';
export const MONITORING = 'sightedit-monitoring';
export const NODE_MONITORING = 'sightedit-monitoring-node';

/** Host of the simulated Internet, which the tests can listen on. Port 443 is what the policies allow. */
const SINK = 'http://internet.test:443';

/** The Secret of the platform. Its addresses lead to the simulated Internet. */
const CREDENTIALS = {
  ALERT_WEBHOOK_URL: `${SINK}/webhook`,
  DEAD_MANS_SWITCH_URL: `${SINK}/dead-mans-switch`,
  SMS_GATEWAY_URL: `${SINK}/sms`,
  PAGERDUTY_INTEGRATION_KEY: 'not-a-real-routing-key',
  SLACK_BOT_TOKEN: 'not-a-real-bot-token',
  SMTP_PASSWORD: 'not-a-real-password',
  POSTGRES_USER: 'sightedit_monitor',
  POSTGRES_PASSWORD: 'not-a-real-postgres-password',
  REDIS_PASSWORD: 'not-a-real-redis-password',
  GRAFANA_ADMIN_USER: 'admin',
  GRAFANA_ADMIN_PASSWORD: 'not-a-real-password',
  REMEDIATION_POSTGRES_PASSWORD: 'not-a-real-password',
  REMEDIATION_REDIS_PASSWORD: 'not-a-real-redis-password',
};

/** What no log may hold: names of users are not secret. */
export const SECRET_VALUES = Object.entries(CREDENTIALS).flatMap(([key, value]) =>
  key.includes('USER') ? [] : [value],
);

/** Seconds within which every pod must be Ready, images included. It took 30 on two processors. */
export const READY_WITHIN = 240;

/** Deploys what the platform monitors: a backend, PostgreSQL and Redis. */
export async function deployApplication({ api, directory }: Cluster): Promise<void> {
  await succeed(api.kubectl('apply', '--filename', join(ROOT, 'testing', 'cluster', 'application.yaml')));
  const read = (name: string) => readFileSync(join(directory, 'certificates', name), 'utf8');
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'postgres-tls', namespace: APPLICATION },
    type: 'kubernetes.io/tls',
    stringData: { 'tls.crt': read('postgres.crt'), 'tls.key': read('postgres.key') },
  };
  await succeed(api.kubectlWith(secret, 'apply'));
}

/** Creates the namespaces of the platform, and its Secret, which an operator creates before the rest. */
export async function prepareNamespaces({ api }: Cluster, manifests: readonly Manifest[]): Promise<void> {
  await succeed(api.kubectlWith(list(ofKind(manifests, 'Namespace')), 'apply'));
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'sightedit-monitoring-credentials', namespace: MONITORING },
    stringData: CREDENTIALS,
  };
  await succeed(api.kubectlWith(secret, 'apply'));
}

/** `kubectl apply --filename dist`, as the README says. @returns its output, a line for each object */
export async function applyDist({ api }: Cluster, directory = DIST): Promise<string[]> {
  return linesOf(await succeed(api.kubectl('apply', '--filename', directory)));
}

/** `kubectl apply` of objects. */
export async function applyAll({ api }: Cluster, manifests: readonly Manifest[]): Promise<string[]> {
  return linesOf(await succeed(api.kubectlWith(list(manifests), 'apply')));
}

/** `kubectl delete` of objects, until they are gone. */
export async function deleteAll({ api }: Cluster, manifests: readonly Manifest[]): Promise<void> {
  await succeed(api.kubectlWith(list(manifests), 'delete', '--ignore-not-found', '--wait', '--timeout=180s'));
}

/** Deploys the application and production's `dist/`, unless they run. */
export async function ensureProduction(cluster: Cluster): Promise<void> {
  const { code } = await cluster.api.kubectl('get', 'statefulset', 'prometheus', `--namespace=${MONITORING}`);
  if (code !== 0) {
    await deployApplication(cluster);
    await prepareNamespaces(cluster, readObjects(DIST));
    await applyDist(cluster);
  }
  await waitUntilReady(cluster);
}

/** Objects in the YAML files of a directory. */
function readObjects(directory: string): Manifest[] {
  return loadAll(readFileSync(join(directory, '0000-sightedit-namespaces.k8s.yaml'), 'utf8')) as Manifest[];
}

interface Workload {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly generation: number };
  readonly spec: { readonly replicas?: number };
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly desiredNumberScheduled?: number;
    readonly numberReady?: number;
    readonly updatedNumberScheduled?: number;
  };
}

/** Waits until each workload of the cluster has all its pods, of its newest template, Ready. */
export async function waitUntilReady({ api }: Cluster, timeoutSeconds = READY_WITHIN): Promise<void> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  for (;;) {
    const waiting = (await workloadsOf(api)).filter((workload) => !isReady(workload));
    if (waiting.length === 0) {
      return;
    }
    if (Date.now() > deadline) {
      const { stdout } = await api.kubectl('get', 'pods,events', '--all-namespaces', '--output=wide');
      const names = waiting.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
      throw new Error(`after ${timeoutSeconds} s these are not Ready: ${names.join(', ')}\n${stdout}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function workloadsOf(api: ApiClient): Promise<Workload[]> {
  const kinds = 'deployments,statefulsets,daemonsets';
  const { items } = JSON.parse(await succeed(api.kubectl('get', kinds, '--all-namespaces', '--output=json')));
  return items as Workload[];
}

function isReady({ kind, metadata, spec, status }: Workload): boolean {
  if (status.observedGeneration !== metadata.generation) {
    return false;
  }
  if (kind === 'DaemonSet') {
    const { desiredNumberScheduled: wanted = 0, numberReady = 0, updatedNumberScheduled = 0 } = status;
    return wanted > 0 && numberReady === wanted && updatedNumberScheduled === wanted;
  }
  const wanted = spec.replicas ?? 1;
  const { replicas = 0, readyReplicas = 0, updatedReplicas = 0 } = status;
  return replicas === wanted && readyReplicas === wanted && updatedReplicas === wanted;
}

function list(items: readonly object[]): object {
  return { apiVersion: 'v1', kind: 'List', items };
}

function linesOf(output: string): string[] {
  return output.split('\n').filter(Boolean);
}
