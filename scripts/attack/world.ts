import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blockAddress, openIncident, type RemediationPolicy, restartWorkload, scaleUp } from '../../remediation';
import { KEYS } from '../../remediation/record';
import { stopAtEnd, temporaryDirectory } from '../../testing/cleanup';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import { type Deployed, deployWebhook, MONITORING, type Replica, startWebhook } from '../../testing/webhook';
import { type AlertSource, startAlertSource } from './alerts';
import { type FaultProxy, startFaultProxy } from './fault-proxy';
import type { Random } from './random';

export const APPLICATION = 'sightedit';
export const OWNERS_MINIMUM = 2;
export const MAXIMUM = 6;
/** Seconds after which changes are reverted. */
export const EXPIRY_SECONDS = 8;

/** Deployments by what may happen to them. Alerts about `quiet` never fire, so nothing may ever change it. */
export const DEPLOYMENTS = {
  repaired: ['one', 'two', 'three'],
  quiet: 'quiet',
  foreign: 'foreign',
  optedOut: 'private',
};
const NAMED = [...DEPLOYMENTS.repaired, DEPLOYMENTS.quiet, DEPLOYMENTS.optedOut];
const ALL = [...NAMED, DEPLOYMENTS.foreign];

export const GROUP = { path: '/apis/cilium.io/v2/ciliumcidrgroups', name: 'blocked-addresses' };

/** @param budget attempts of each policy within the campaign */
export function policies(budget: number): readonly RemediationPolicy[] {
  const common = { cooldownSeconds: 3, budgetPerHour: budget, timeoutSeconds: 5 };
  const verification = { query: 'healthy', stabilisationSeconds: 0, withinSeconds: 2 };
  const workloads = { namespace: APPLICATION, deployments: NAMED, verification, ...common };
  return [
    restartWorkload({ ...workloads, minimumAgeSeconds: 0 }),
    scaleUp({ ...workloads, autoscalers: NAMED, maxReplicas: MAXIMUM, expiresAfterSeconds: EXPIRY_SECONDS }),
    blockAddress({
      ...{ ...common, ttlSeconds: EXPIRY_SECONDS, rehearsal: true, loadBalancers: [], neverBlock: ['9.9.9.9/32'] },
      denylist: { kind: 'cilium-cidr-group', name: GROUP.name },
    }),
    openIncident(common),
  ];
}

/** The servers of a campaign. */
export interface World {
  readonly kubernetes: Kubernetes;
  readonly deployed: Deployed;
  readonly proxy: FaultProxy;
  readonly source: AlertSource;
  readonly budget: number;
  /** Starts a replica whose clock is ahead by some seconds. */
  start(mode: 'active' | 'dry-run', skewSeconds: number): Promise<Replica>;
}

/** Starts an API server with a webhook, an application and the stand-in for Prometheus. */
export async function makeWorld(random: Random, budget: number): Promise<World> {
  const kubernetes = await startKubernetes(
    [],
    [
      { group: 'apps', resources: ['deployments', 'deployments/scale'] },
      { group: 'autoscaling', resources: ['horizontalpodautoscalers'] },
      { group: 'cilium.io', resources: ['ciliumcidrgroups'] },
    ],
  );
  await makeNamespace(kubernetes, APPLICATION);
  await makeGroup(kubernetes);
  const deployed = await deployWebhook(kubernetes, policies(budget));
  for (const name of ALL) {
    await makeWorkload(kubernetes, name);
  }
  rollOut(kubernetes);
  const [proxy, source] = await Promise.all([startFaultProxy(kubernetes, random), startAlertSource(random)]);
  const skew = join(temporaryDirectory(), 'skew.cjs');
  writeFileSync(skew, SKEW);
  const limits = {
    ...{ freshnessSeconds: 30, approvalSeconds: 30, repeatSeconds: 1, verificationIntervalSeconds: 1, lockSeconds: 3 },
    ...{ budgetPerHour: 4 * budget, circuitFailures: 1000 },
  };
  return {
    ...{ kubernetes, deployed, proxy, source, budget },
    start: (mode, skewSeconds) =>
      startWebhook(
        kubernetes,
        deployed,
        {
          ...{ mode, limits, prometheus: [source.url] },
          kubernetes: { ...proxy.connection, tokenFile: deployed.tokenFile },
        },
        { NODE_OPTIONS: `${deployed.nodeOptions} --require=${skew}`, SKEW_SECONDS: String(skewSeconds) },
      ),
  };
}

/** Makes the clock of a process wrong. */
const SKEW = `const Real = Date;
const skew = Number(process.env.SKEW_SECONDS) * 1000;
globalThis.Date = class extends Real {
  constructor(...values) {
    super(...(values.length === 0 ? [Real.now() + skew] : values));
  }
  static now() {
    return Real.now() + skew;
  }
};
`;

async function makeGroup(kubernetes: Kubernetes): Promise<void> {
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  await kubernetes.kubectlWith(
    {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'ciliumcidrgroups.cilium.io' },
      spec: {
        group: 'cilium.io',
        scope: 'Cluster',
        names: { kind: 'CiliumCIDRGroup', plural: 'ciliumcidrgroups' },
        versions: [{ name: 'v2', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    },
    'create',
  );
  await kubernetes.kubectl('wait', '--for=condition=Established', 'crd/ciliumcidrgroups.cilium.io');
  const body = {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumCIDRGroup',
    metadata: { name: GROUP.name },
    spec: { externalCIDRs: [] },
  };
  await kubernetes.send('POST', GROUP.path, body);
}

async function makeWorkload({ send }: Kubernetes, name: string): Promise<void> {
  const labels = { app: name };
  const optIn = name === DEPLOYMENTS.optedOut ? {} : { [KEYS.optIn]: 'enabled' };
  await send('POST', `/apis/apps/v1/namespaces/${APPLICATION}/deployments`, {
    metadata: { name, labels: optIn },
    spec: {
      replicas: 4,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'server', image: 'sightedit/backend:1' }] } },
    },
  });
  await send('POST', `/apis/autoscaling/v2/namespaces/${APPLICATION}/horizontalpodautoscalers`, {
    metadata: { name },
    spec: {
      ...{ minReplicas: OWNERS_MINIMUM, maxReplicas: 10 },
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    },
  });
}

interface Rollout {
  readonly metadata: { readonly name: string; readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status: { readonly observedGeneration?: number };
}

/** Completes rollouts after about a second, in the place of the controllers. */
function rollOut({ send }: Kubernetes): void {
  const path = `/apis/apps/v1/namespaces/${APPLICATION}/deployments`;
  const timer = setInterval(async () => {
    const { items } = await send<{ readonly items: readonly Rollout[] }>('GET', path).catch(() => ({ items: [] }));
    for (const { metadata, spec, status } of items) {
      if (status.observedGeneration !== metadata.generation) {
        const { replicas } = spec;
        const counts = { replicas, readyReplicas: replicas, updatedReplicas: replicas, availableReplicas: replicas };
        const body = { status: { observedGeneration: metadata.generation, ...counts } };
        await send('PATCH', `${path}/${metadata.name}/status`, body, 'application/merge-patch+json').catch(() => {});
      }
    }
  }, 1000);
  stopAtEnd(async () => clearInterval(timer));
}

export const RECORDS = `/apis/monitoring.sightedit.com/v1alpha1/namespaces/${MONITORING}/remediations`;
