import prometheusClient from 'prom-client';
import { type RemediationPolicy, restartWorkload, SkipError } from '../../../remediation';
import { Audit, Escalation, Events, Metrics } from '../../../remediation/audit';
import type { Aws, Cache, Database } from '../../../remediation/clients';
import { inputOf } from '../../../remediation/controller/attempt';
import type { Next, StepProps } from '../../../remediation/controller/step-props';
import { step } from '../../../remediation/controller/steps';
import type { GateContext, GateInput } from '../../../remediation/gates';
import { KillSwitch } from '../../../remediation/kill-switch';
import { type KubernetesObject, Leases, RESOURCES } from '../../../remediation/kubernetes';
import type { Limits } from '../../../remediation/limits';
import {
  alertDigest,
  KEYS,
  REMEDIATION,
  type RecordedAlert,
  RecordStore,
  type Remediation,
  type RemediationStatus,
  type Target,
  targetDigest,
} from '../../../remediation/record';
import { MemoryKubernetes } from '../../../testing/memory-kubernetes';
import { KnownPrometheus } from './prometheus';

/** Namespace of the records. */
export const MONITORING = 'sightedit-monitoring';

/** Namespace of what is repaired. */
export const APPLICATION = 'sightedit';

export const SWITCH = 'remediation-webhook-switch';

export const LIMITS: Limits = {
  freshnessSeconds: 600,
  approvalSeconds: 3600,
  budgetPerHour: 4,
  budgetPerActionPerHour: 4,
  circuitFailures: 3,
  circuitOpenSeconds: 7200,
  repeatSeconds: 900,
  verificationIntervalSeconds: 15,
  lockSeconds: 30,
};

const ALERTING = {
  alertmanagers: ['http://alertmanager:9093'],
  externalLabels: {},
  ownAlerts: {
    RemediationActionFailed: { severity: 'high', category: 'meta' },
    RemediationCircuitOpen: { severity: 'high', category: 'meta' },
  },
};

/** How the tests' policies see that a target is healthy. */
export const HEALTHY = `healthy{namespace="${APPLICATION}",name="backend"}`;

/** A policy that restarts the Deployments `backend` and `frontend`. */
export function restarts(options: Partial<Parameters<typeof restartWorkload>[0]> = {}): RemediationPolicy {
  return restartWorkload({
    name: 'restart',
    namespace: APPLICATION,
    deployments: ['backend', 'frontend'],
    cooldownSeconds: 1800,
    budgetPerHour: 3,
    verification: {
      query: 'healthy{namespace="$namespace",name="$name"}',
      stabilisationSeconds: 60,
      withinSeconds: 300,
    },
    ...options,
  });
}

export interface BenchProps {
  /** @default - one that restarts */
  readonly policies?: readonly RemediationPolicy[];
  readonly limits?: Partial<Limits>;
  /** @default false */
  readonly dryRun?: boolean;
  /** Name of the replica. */
  readonly holder?: string;
}

/** The server's parts around a Kubernetes API in memory, with the real time, which `standStill()` stops. */
export class Bench {
  readonly prometheus: KnownPrometheus;
  /** Lines of the log. */
  readonly logged: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  readonly api: MemoryKubernetes;
  /** Alerts that Alertmanager was sent, oldest first. */
  readonly raised: Raised[];
  readonly caches = new Map<string, Cache>();
  readonly databases = new Map<string, Database>();
  readonly aws: { call: Aws['call'] } = { call: () => Promise.reject(new Error('there is no AWS here')) };
  readonly metrics: Metrics;
  readonly context: GateContext;
  readonly props: StepProps;
  readonly escalation: Escalation;
  readonly policy: RemediationPolicy;

  /** @param other another replica, which has the same API server and Alertmanager */
  constructor(
    { policies = [restarts()], limits = {}, dryRun = false, holder = 'replica-1' }: BenchProps = {},
    other?: Bench,
  ) {
    const api = other?.api ?? new MemoryKubernetes();
    this.api = api;
    this.raised = other?.raised ?? [];
    this.prometheus = new KnownPrometheus(other?.prometheus.firing);
    this.policy = policies[0]!;
    const now = () => new Date();
    const log = (level: string, message: string, fields = {}) => void this.logged.push({ level, message, fields });
    // Metrics of the process watch it for as long as it lives.
    jest.spyOn(prometheusClient, 'collectDefaultMetrics').mockReturnValue(undefined);
    this.metrics = new Metrics(policies, 'test');
    const { metrics } = this;
    const events = new Events(api, holder, log);
    this.escalation = new Escalation({ ...ALERTING, metrics, log });
    this.context = {
      clients: {
        kubernetes: api,
        prometheus: this.prometheus,
        cache: (name) => known(this.caches, name),
        database: (name) => known(this.databases, name),
        aws: { call: (call, signal) => this.aws.call(call, signal) },
        now,
      },
      store: new RecordStore(api, MONITORING, now),
      leases: new Leases(api, MONITORING, now),
      killSwitch: new KillSwitch(api, MONITORING, SWITCH),
      limits: { ...LIMITS, ...limits },
      alertLabels: { external: {}, relabelled: [] },
      holder,
    };
    this.props = {
      context: this.context,
      audit: new Audit({ log, metrics, events, escalation: this.escalation }),
      metrics,
      policies: new Map(policies.map((policy) => [policy.name, policy])),
      dryRun,
    };
    this.listenForAlerts();
    if (!other) {
      this.arm();
    }
  }

  /** Lets actions run, or writes something else into the switch. */
  arm(data: { readonly [key: string]: string } = { armed: 'true' }): void {
    this.api.put(RESOURCES.configMaps, { metadata: { namespace: MONITORING, name: SWITCH }, data });
  }

  /** A Deployment that may be restarted: opted in, rolled out a day ago, with two replicas. */
  deploy(name = 'backend', { labels, spec, status }: DeploymentProps = {}): void {
    const { replicas = 2 } = spec ?? {};
    const selector = { app: name };
    this.api.put(RESOURCES.deployments, {
      metadata: { namespace: APPLICATION, name, labels: labels ?? { [KEYS.optIn]: 'enabled' }, generation: 3 },
      spec: { replicas, selector: { matchLabels: selector }, template: { metadata: { labels: selector } }, ...spec },
      status: {
        observedGeneration: 3,
        replicas,
        updatedReplicas: replicas,
        availableReplicas: replicas,
        ...status,
      },
    });
    const day = new Date(Date.now() - 86_400_000).toISOString();
    this.api.put(RESOURCES.replicaSets, {
      metadata: { namespace: APPLICATION, name: `${name}-1`, labels: selector, creationTimestamp: day },
    });
  }

  /** Lets the Deployment's controller see its newest template, and all replicas run it. */
  async rollOut(name = 'backend'): Promise<void> {
    const deployment = await this.deployment<KubernetesObject & { status: object }>(name);
    const status = { ...deployment.status, observedGeneration: deployment.metadata.generation };
    this.api.put(RESOURCES.deployments, { ...deployment, status });
  }

  deployment<T = { spec: { replicas: number; template: { metadata: { annotations?: Record<string, string> } } } }>(
    name = 'backend',
  ): Promise<T> {
    return this.api.get<T>({ resource: RESOURCES.deployments, namespace: APPLICATION, name });
  }

  /** When `kubectl rollout restart` or the server last restarted a Deployment. */
  async restartedAt(name = 'backend'): Promise<string | undefined> {
    const { spec } = await this.deployment(name);
    return spec.template.metadata.annotations?.['kubectl.kubernetes.io/restartedAt'];
  }

  /** Changes of the application that were asked for, as `<verb> <resource> <name>`. */
  get changes(): readonly string[] {
    return this.api.writes
      .filter(({ namespace, resource }) => namespace === APPLICATION && resource !== 'events')
      .map(({ verb, resource, name, dryRun }) => `${verb} ${resource} ${name}${dryRun ? ' (dry run)' : ''}`);
  }

  /** A record that was just accepted, as the intake makes it. */
  async accept(labels: Readonly<Record<string, string>> = {}, policy = this.policy): Promise<Remediation> {
    const alert = anAlert({ namespace: APPLICATION, deployment: 'backend', ...labels });
    this.prometheus.firing.push(alert.labels);
    const spec = { policy: policy.name, action: policy.action, alert, attempt: 1, traceparent: '' };
    return (await this.context.store.create(spec, alertDigest(policy.name, alert)))!;
  }

  /** A record that has come to some status, with the labels that it has then. */
  async put(status: RemediationStatus, metadata: Partial<Remediation['metadata']> = {}, policy = this.policy) {
    const record = await this.accept({}, policy);
    const { target, executionStartTime, executionTime } = status;
    const began = executionStartTime ?? executionTime;
    // A record exists before its execution begins.
    const creationTimestamp = began ?? record.metadata.creationTimestamp;
    const labels = {
      ...record.metadata.labels,
      ...(target ? { [KEYS.target]: targetDigest(target) } : {}),
      ...(executionStartTime ? { [KEYS.executed]: 'true' } : {}),
      ...metadata.labels,
    };
    return this.api.put<Remediation>(REMEDIATION, {
      ...record,
      metadata: { ...record.metadata, creationTimestamp, ...metadata, labels },
      status,
    });
  }

  async annotate({ metadata: { name } }: Remediation, annotations: Readonly<Record<string, string>>): Promise<void> {
    const reference = { resource: REMEDIATION, namespace: MONITORING, name };
    await this.api.patch(reference, 'merge', { metadata: { annotations } });
  }

  async read({ metadata }: Remediation): Promise<Remediation> {
    return (await this.context.store.read(metadata.name))!;
  }

  /** Takes the next step of a record, as it is by now. Returns when it wants the one after that, in milliseconds. */
  async step(record: Remediation): Promise<Next> {
    return step(await this.read(record), this.props);
  }

  /** What gates and actions see of a record with a target. */
  inputOf(record: Remediation, target = BACKEND, policy = this.policy): GateInput {
    return inputOf({ ...record, status: { ...record.status, target } }, policy, this.props);
  }

  /** Value of a series of the server's metrics. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
    const { values } = await this.metrics.registry.getSingleMetric(`remediation_${name}`)!.get();
    return values.find((sample) =>
      Object.entries(labels).every(([label, value]) => String(sample.labels[label]) === value),
    )?.value;
  }

  private listenForAlerts(): void {
    jest.spyOn(globalThis, 'fetch').mockImplementation(async (_url, init) => {
      this.raised.push(...(JSON.parse(String(init?.body)) as Raised[]));
      return new Response('{}');
    });
  }
}

interface Raised {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface DeploymentProps {
  readonly labels?: { readonly [label: string]: string };
  readonly spec?: { readonly replicas?: number; readonly [field: string]: unknown };
  readonly status?: object;
}

/** The Deployment `backend` as a target, as an alert's labels lead to it. */
export const BACKEND: Target = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: APPLICATION, name: 'backend' };

let fingerprints = 0;

/** An alert that no other test has. */
export function anAlert(labels: Readonly<Record<string, string>> = {}): RecordedAlert {
  fingerprints += 1;
  return {
    name: 'SampleAlert',
    fingerprint: fingerprints.toString(16).padStart(16, '0'),
    startsAt: new Date(Date.now() - 60_000).toISOString(),
    labels: { alertname: 'SampleAlert', ...labels },
    annotations: {},
  };
}

/** Why something was skipped, as `<reason>: <message>`; `passes` when it was not. */
export async function skipped(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'passes';
  } catch (error) {
    if (error instanceof SkipError) {
      return `${error.reason}: ${error.message}`;
    }
    throw error;
  }
}

function known<T>(all: ReadonlyMap<string, T>, name: string): T {
  const found = all.get(name);
  if (!found) {
    throw new Error(`the test has no connection ${name}`);
  }
  return found;
}
