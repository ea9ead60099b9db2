import type { Remediation } from '../record';
import { describeTarget, type FinalPhase } from '../record';
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

/** Ends that a human must hear of. */
const ESCALATED: readonly FinalPhase[] = ['ineffective', 'inconclusive', 'failed', 'timed-out'];

/**
 * Leaves a trace of every decision, those to do nothing too: a log line, a metric, an Event on the target, and, where a
 * run did not help, an alert and a message. The record and its span are written where the decision is made.
 */
export class Audit {
  constructor(private readonly props: AuditProps) {}

  /** Notes that a record has moved on. */
  async onTransition(record: Remediation): Promise<void> {
    const { spec, status, metadata } = record;
    const { log, metrics, events, escalation } = this.props;
    const { policy, action, alert } = spec;
    log(isTrouble(status.phase) ? 'warn' : 'info', status.message ?? status.phase, {
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
      reason: `Remediation${camel(status.phase)}`,
      message: `${policy}: ${status.message ?? status.phase} (alert ${alert.name}, record ${metadata.name}, trace ${currentTraceId()})`,
      warning: isTrouble(status.phase),
    });
    if (status.phase === 'awaiting-approval') {
      await escalation.postToSlack(
        `:raised_hand: ${policy} waits for approval: ${status.plan?.summary} (${status.plan?.needsApproval ?? 'the policy wants it'}).\n` +
          `\`kubectl --namespace ${metadata.namespace} annotate remediation ${metadata.name} monitoring.sightedit.com/approved=true\``,
      );
    }
    if (isTrouble(status.phase)) {
      await this.escalate(record);
    }
  }

  /** Notes that a change was taken back, or that it was left and somebody has to. */
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

  /** Notes that runs on a target have been in vain so often that no more are made. */
  async onCircuitOpened(record: Remediation): Promise<void> {
    const { policy, action } = record.spec;
    const target = describeTarget(record.status.target!);
    this.props.log('error', `circuit open: ${policy} does not help ${target}`, { policy, action, target });
    await this.props.escalation.raiseAlert({
      labels: { alertname: 'RemediationCircuitOpen', severity: 'high', category: 'meta', action, policy, target },
      annotations: {
        summary: `${policy} does not help ${target} and was stopped`,
        description: `The last runs had no effect. Nothing more is done automatically; see "kubectl get remediations".`,
      },
    });
    await this.props.escalation.postToSlack(
      `:octagonal_sign: circuit open: ${policy} does not help ${target}. A human must look.`,
    );
  }

  private async escalate(record: Remediation): Promise<void> {
    const { spec, status, metadata } = record;
    const { outcome, ...labels } = attemptLabels(spec.action, spec.policy, status.phase, status.target);
    const target = status.target ? describeTarget(status.target) : 'a target that could not be found';
    await this.props.escalation.raiseAlert({
      labels: { alertname: 'RemediationActionFailed', severity: 'high', category: 'meta', ...labels },
      annotations: {
        summary: `${spec.policy} on ${target} ended ${outcome}`,
        description: `${status.message} Asked by ${spec.alert.name}; see "kubectl describe remediation ${metadata.name}".`,
      },
    });
    await this.props.escalation.postToSlack(
      `:warning: ${spec.policy} on ${target} ended ${outcome}: ${status.message} (alert ${spec.alert.name}, record ${metadata.name})`,
    );
  }
}

function isTrouble(phase: string): boolean {
  return (ESCALATED as readonly string[]).includes(phase);
}

/** `timed-out` → `TimedOut`. */
function camel(phase: string): string {
  return phase.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
