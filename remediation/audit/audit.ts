import { ATTEMPT_PHASES, describeTarget, KEYS, type Phase, type Remediation } from '../record';
import type { Escalation } from './escalation';
import type { Events } from './events';
import type { Log } from './log';
import { attemptLabels, type Metrics } from './metrics';
import { currentTraceId } from './tracing';

export interface AuditProps {
  readonly log: Log;
  readonly metrics: Metrics;
  readonly events: Events;
  readonly escalation: Escalation;
}

/** Phases about which people are notified: every attempt that did not succeed. */
const ESCALATED: readonly Phase[] = ATTEMPT_PHASES.filter((phase) => phase !== 'succeeded');

/**
 * Reports every decision, skipped records included: a log line, a metric and an Event on the target. A failed attempt
 * also raises an alert and posts to Slack. The record and the span are written where the decision is made.
 */
export class Audit {
  constructor(private readonly props: AuditProps) {}

  /** Reports that a record has reached its phase. */
  async onTransition(record: Remediation): Promise<void> {
    const { spec, status, metadata } = record;
    const { log, metrics, events, escalation } = this.props;
    const { policy, action, alert } = spec;
    log(isEscalated(status.phase) ? 'warn' : 'info', status.message ?? status.phase, {
      record: metadata.name,
      policy,
      action,
      phase: status.phase,
      reason: status.reason,
      target: status.target && describeTarget(status.target),
      alert: alert.name,
      dry_run: status.dryRun,
      trace_id: currentTraceId(),
    });
    switch (status.phase) {
      case 'accepted':
      case 'verifying':
        break;
      case 'awaiting-approval':
      case 'executing':
      case 'dry-run':
      case 'skipped':
        metrics.decisions.inc({ action, policy, decision: status.phase, reason: status.reason ?? '' });
        break;
      default:
        metrics.attempts.inc(attemptLabels(action, policy, status.phase, status.target));
    }
    await events.emit(record, status.target, {
      reason: `Remediation${camelCase(status.phase)}`,
      message: `${policy}: ${status.message ?? status.phase} (alert ${alert.name}, record ${metadata.name}, trace ${currentTraceId()})`,
      warning: isEscalated(status.phase),
    });
    if (status.phase === 'awaiting-approval') {
      await escalation.postToSlack(
        `:raised_hand: ${policy} waits for approval: ${status.plan?.summary} (${status.plan?.needsApproval ?? 'the policy requires it'}).\n` +
          `\`kubectl --namespace ${metadata.namespace} annotate remediation ${metadata.name} ${KEYS.approved}=${status.planDigest ?? true} --overwrite\``,
      );
    }
    if (isEscalated(status.phase)) {
      await this.escalate(record);
    }
  }

  /** Reports that a change was reverted, or that it was left for people to revert. */
  async onRevert(record: Remediation, outcome: 'reverted' | 'left'): Promise<void> {
    const { spec, status, metadata } = record;
    const message = `${spec.policy}: ${status.revertResult} (record ${metadata.name})`;
    const warning = outcome === 'left';
    const reason = warning ? 'RemediationLeft' : 'RemediationReverted';
    const fields = { record: metadata.name, policy: spec.policy, trace_id: currentTraceId() };
    this.props.log(warning ? 'warn' : 'info', message, fields);
    await this.props.events.emit(record, status.target, { reason, message, warning });
    if (warning) {
      await this.escalate(record);
    }
  }

  /** Reports that attempts on a target have failed so often that no more are made. */
  async onCircuitOpened(record: Remediation): Promise<void> {
    const { policy, action } = record.spec;
    const target = describeTarget(record.status.target!);
    this.props.log('error', `circuit open: ${policy} does not help ${target}`, { policy, action, target });
    await this.props.escalation.raiseAlert({
      name: 'RemediationCircuitOpen',
      labels: { action, policy, target },
      annotations: {
        summary: `${policy} does not help ${target} and was stopped`,
        description: 'The last attempts had no effect. No more are made for now; see "kubectl get remediations".',
      },
    });
    await this.props.escalation.postToSlack(
      `:octagonal_sign: circuit open: ${policy} does not help ${target}. A person must investigate.`,
    );
  }

  private async escalate(record: Remediation): Promise<void> {
    const { spec, status, metadata } = record;
    const { outcome, ...labels } = attemptLabels(spec.action, spec.policy, status.phase, status.target);
    const target = status.target ? describeTarget(status.target) : 'an unknown target';
    await this.props.escalation.raiseAlert({
      name: 'RemediationActionFailed',
      labels,
      annotations: {
        summary: `${spec.policy} on ${target} ended ${outcome}`,
        description: `${status.message} Triggered by ${spec.alert.name}; see "kubectl describe remediation ${metadata.name}".`,
      },
    });
    await this.props.escalation.postToSlack(
      `:warning: ${spec.policy} on ${target} ended ${outcome}: ${status.message} (alert ${spec.alert.name}, record ${metadata.name})`,
    );
  }
}

function isEscalated(phase: Phase): boolean {
  return ESCALATED.includes(phase);
}

/** `timed-out` → `TimedOut`. */
function camelCase(phase: string): string {
  return phase.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
