import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { RemediationPolicy } from '../policy';
import { ATTEMPT_PHASES, OPEN_PHASES, SKIP_REASONS, type Target } from '../record';

/** Gauges of prom-client with names of counters. https://github.com/prometheus/client_js/issues/283 */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * Names of alerts with a series of their own, and their longest. The others share one: each name costs memory in the
 * server and in Prometheus, and a sender can make up any number of names.
 */
const ALERT_NAMES = { number: 500, length: 128 } as const;
const OTHER_NAMES = 'other';

/** Metrics of the server. Counters start at 0, because `increase()` misses the first increment of a new series. */
export class Metrics {
  readonly registry = new Registry();

  readonly requests = this.counter('webhook_requests_total', 'Notifications, by the status of the response.', ['code']);
  private readonly alerts = this.counter('alerts_received_total', 'Alerts in notifications.', ['alertname', 'status']);
  readonly truncated = this.counter(
    'alerts_truncated_total',
    'Alerts that Alertmanager left out of notifications (max_alerts).',
    [],
  );
  readonly decisions = this.counter('decisions_total', 'Decisions about remediations.', [
    'action',
    'policy',
    'decision',
    'reason',
  ]);
  readonly attempts = this.counter('actions_total', 'Finished attempts, by outcome.', [
    'action',
    'policy',
    'outcome',
    'target_kind',
    'target_namespace',
    'target_name',
  ]);
  readonly duration = new Histogram({
    name: 'remediation_action_duration_seconds',
    help: 'Duration of the change itself.',
    labelNames: ['action'],
    buckets: [0.05, 0.25, 0.5, 2.5, 5.5, 15.5, 30.5, 60.5],
    registers: [this.registry],
  });
  readonly verifications = this.counter('verification_total', 'Verifications of a change, by result.', [
    'action',
    'result',
  ]);
  readonly escalations = this.counter('escalations_total', 'Notifications of people.', ['channel', 'result']);
  readonly inFlight = this.gauge('in_flight', 'Remediations that this replica is working on.', []);
  readonly records = this.gauge('records', 'Open remediations, by phase.', ['phase']);
  readonly circuit = this.gauge('circuit_breaker_state', '0 closed, 1 half-open, 2 open.', [
    'action',
    'policy',
    'target',
  ]);
  readonly budget = this.gauge('budget_remaining', 'Attempts that are left in the current hour.', ['policy']);
  readonly leftChanges = this.gauge(
    'changes_left',
    'Temporary changes that should be reverted, have no record, and are not reverted.',
    ['policy'],
  );
  readonly dryRun = this.gauge('dry_run_enabled', '1 in mode dry-run.', []);
  readonly killSwitch = this.gauge('kill_switch_engaged', '1 while the kill switch stops all actions.', []);
  readonly heartbeat = this.gauge(
    'watchdog_last_received_timestamp_seconds',
    'Time of the last Watchdog notification.',
    [],
  );

  private readonly alertNames = new Set<string>();

  constructor(policies: readonly RemediationPolicy[], version: string) {
    collectDefaultMetrics({ register: this.registry });
    for (const name of MISNAMED) {
      this.registry.removeSingleMetric(name);
    }
    this.gauge('build_info', 'Version of the server.', ['version']).set({ version }, 1);
    for (const code of ['202', '400', '401', '403', '413', '503']) {
      this.requests.inc({ code }, 0);
    }
    for (const phase of OPEN_PHASES) {
      this.records.set({ phase }, 0);
    }
    for (const { name: policy, action } of policies) {
      this.leftChanges.set({ policy }, 0);
      for (const reason of SKIP_REASONS) {
        this.decisions.inc({ action, policy, decision: 'skipped', reason }, 0);
      }
      for (const decision of ['accepted', 'duplicate', 'awaiting-approval', 'executing', 'dry-run']) {
        this.decisions.inc({ action, policy, decision, reason: '' }, 0);
      }
      for (const result of ['healthy', 'unhealthy', 'unknown']) {
        this.verifications.inc({ action, result }, 0);
      }
    }
    for (const channel of ['alertmanager', 'slack']) {
      for (const result of ['sent', 'failed']) {
        this.escalations.inc({ channel, result }, 0);
      }
    }
  }

  /** Counts an alert of a notification. */
  countAlert(name: string, status: string): void {
    const isNamed = name.length <= ALERT_NAMES.length && this.alertNames.size < ALERT_NAMES.number;
    if (isNamed) {
      this.alertNames.add(name);
    }
    this.alerts.inc({ alertname: this.alertNames.has(name) ? name : OTHER_NAMES, status });
  }

  /** Starts the counters of a target at 0. */
  expectAttempts(action: string, policy: string, target: { kind: string; namespace?: string; name: string }): void {
    for (const outcome of ATTEMPT_PHASES) {
      this.attempts.inc(attemptLabels(action, policy, outcome, target), 0);
    }
  }

  private counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name: `remediation_${name}`, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  private gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ name: `remediation_${name}`, help, labelNames: [...labelNames], registers: [this.registry] });
  }
}

/**
 * Labels of an attempt. A target that is not a Kubernetes object (an address, a session) has no name here, because the
 * number of such targets is unbounded.
 */
export function attemptLabels(
  action: string,
  policy: string,
  outcome: string,
  target: Pick<Target, 'kind' | 'namespace' | 'name'> = { kind: 'unknown', name: '' },
) {
  return {
    action,
    policy,
    outcome,
    target_kind: target.kind,
    target_namespace: target.namespace ?? '',
    target_name: target.namespace ? target.name : '',
  };
}
