import { context, trace } from '@opentelemetry/api';
import { type Action, actions, type Effect, type Run, SkipError } from '../actions';
import { type Audit, inSpan, type Metrics } from '../audit';
import { contextOf, currentTraceId } from '../audit/tracing';
import {
  circuitState,
  type GateContext,
  gatesAfterLock,
  gatesBeforeLock,
  lastGate,
  type Request,
  requireBudget,
} from '../gates';
import { KubernetesError } from '../kubernetes';
import type { RemediationPolicy } from '../policy';
import {
  hasWork,
  isOpen,
  KEYS,
  lockName,
  type Plan,
  type Remediation,
  type SkipReason,
  type Target,
  targetDigest,
} from '../record';
import { withLock } from './lock';
import { look } from './verification';

export interface StepProps {
  readonly policies: ReadonlyMap<string, RemediationPolicy>;
  readonly gates: GateContext;
  readonly audit: Audit;
  readonly metrics: Metrics;
  readonly dryRun: boolean;
  /** How often the effect of a change is looked at, in seconds. */
  readonly verificationIntervalSeconds: number;
}

/** When a record wants to be looked at again, in milliseconds; `undefined` when nothing is left to do. */
export type Next = number | undefined;

const LOCKED_RETRY_MS = 1_000;
const APPROVAL_POLL_MS = 10_000;
const STOPPED_RETRY_MS = 10_000;
const EXECUTE_ATTEMPTS = 3;

/**
 * Takes a record one step on, in the trace of the notification that asked. Whoever takes the next step, this replica or
 * another, finds all it needs in the record.
 */
export function step(record: Remediation, props: StepProps): Promise<Next> {
  const { policy, action, alert, traceparent } = record.spec;
  return inSpan(
    `remediation ${record.status.phase}`,
    contextOf(traceparent),
    {
      'remediation.record': record.metadata.name,
      'remediation.policy': policy,
      'remediation.action': action,
      alert: alert.name,
    },
    () => new Steps(record, props).take(),
  );
}

/**
 * Ends a request that has failed to be decided about again and again, and says so to humans. What has begun is not given
 * up: it is tried until it is known what became of it.
 */
export async function giveUp(record: Remediation, error: Error, props: StepProps): Promise<Next> {
  const undecided = isOpen(record.status.phase) && record.status.executionStartTime === undefined;
  return undecided ? new Steps(record, props).giveUp(error) : undefined;
}

/**
 * Tells once more how a record has ended, and closes it: whoever ended it died before humans were told, or before that was
 * noted.
 */
export async function tellAgain(record: Remediation, { audit, gates, policies }: StepProps): Promise<void> {
  // A change is left to humans when its policy is gone, and for no other reason.
  const outcome = policies.has(record.spec.policy) ? 'taken back' : 'left';
  await (record.status.revertResult ? audit.onRevert(record, outcome) : audit.onTransition(record));
  await gates.store.label(record);
}

/** One step of one record. */
class Steps {
  private readonly policy: RemediationPolicy | undefined;

  constructor(
    private record: Remediation,
    private readonly props: StepProps,
  ) {
    this.policy = props.policies.get(record.spec.policy);
  }

  async take(): Promise<Next> {
    if (!this.policy) {
      return this.abandon(`there is no policy ${this.record.spec.policy} any more`);
    }
    const { phase, target, expirationTime, revertResult } = this.record.status;
    switch (phase) {
      case 'accepted':
      case 'awaiting-approval':
        return this.skippable(() => this.decide(this.policy!));
      case 'executing':
        // Whoever held it has died, and the change may be made or not; while the switch is off nothing is.
        if (await this.props.gates.killSwitch.reason()) {
          return STOPPED_RETRY_MS;
        }
        return this.locked(target!, this.policy, () => this.skippable(() => this.resume(this.request(target!))));
      case 'verifying':
        return this.locked(target!, this.policy, () => this.verify(this.request(target!)));
      default:
        return expirationTime && !revertResult ? this.expire(this.request(target!), expirationTime) : undefined;
    }
  }

  /** Runs through the gates; the answer is to skip, to ask a human, or to act. */
  private async decide(policy: RemediationPolicy): Promise<Next> {
    const { gates } = this.props;
    const { record } = this;
    const action = actions[policy.action] as Action<unknown>;
    const waits = record.status.phase === 'awaiting-approval';
    const approved = record.metadata.annotations?.[KEYS.approved] === 'true';
    const resolved = record.metadata.annotations?.[KEYS.resolved] !== undefined;
    if (waits && !approved && !resolved) {
      return this.await(record);
    }
    // The switch comes first: while it is off, not even the target is looked at.
    const [killSwitch, ...others] = gatesBeforeLock;
    await killSwitch!({ record, policy, action } as Request, gates);
    const target = record.status.target ?? (await action.findTarget(record.spec.alert, policy.parameters, gates.tools));
    this.record = { ...record, status: { ...record.status, target } };
    const request = this.request(target);
    for (const gate of others) {
      await gate(request, gates);
    }
    return this.locked(target, policy, () =>
      this.skippable(async () => {
        for (const gate of gatesAfterLock) {
          await gate(request, gates);
        }
        const plan = await action.plan(this.run(request, AbortSignal.timeout(policy.timeoutSeconds * 1000)));
        await requireBudget(request, gates);
        const reason = policy.approval ? 'the policy wants it' : plan.needsApproval;
        if (reason && !approved && !request.dryRun) {
          await this.move({ phase: 'awaiting-approval', target, plan, message: `waits for approval: ${reason}` });
          return APPROVAL_POLL_MS;
        }
        // Looking has taken its time, and somebody may have engaged the switch meanwhile.
        await killSwitch!(request, gates);
        await lastGate(request, gates);
        // Others see by the label that the target is taken, so it comes first.
        this.record = { ...(await gates.store.label(this.record)), status: this.record.status };
        const started = gates.tools.now();
        await this.move({
          phase: 'executing',
          target,
          plan,
          dryRun: request.dryRun,
          holder: gates.holder,
          executionStartTime: started.toISOString(),
          // From now on the change may be there, and would stay if nobody learnt what became of it.
          expirationTime: request.dryRun ? undefined : expiry(plan, started),
          message: `${request.dryRun ? 'would' : 'will'} ${plan.summary}`,
        });
        return this.execute(this.request(target));
      }),
    );
  }

  private async await(record: Remediation): Promise<Next> {
    const { limits, tools } = this.props.gates;
    const since = Date.parse(record.status.transitions?.at(-1)?.time ?? '');
    return tools.now().getTime() - since > limits.approvalSeconds * 1000
      ? this.skip('approval-expired', `nobody agreed within ${limits.approvalSeconds} s`)
      : APPROVAL_POLL_MS;
  }

  /** Goes on where another has stopped, unless too much may have changed since the plan was made. */
  private async resume(request: Request): Promise<Next> {
    const { limits } = this.props.gates;
    const { executionStartTime = '', dryRun } = this.record.status;
    const age = Math.floor(-this.timeUntil(executionStartTime) / 1000);
    if (age > limits.freshnessSeconds) {
      return this.finish('failed', `it was interrupted ${age} s ago: whether the change was made is not known`);
    }
    if (this.props.dryRun && !dryRun) {
      return this.finish(
        'failed',
        'it was interrupted, and is a dry run now: whether the change was made is not known',
      );
    }
    return this.execute(request);
  }

  /** Does what the plan says. After a crash it is asked again with the same plan, which changes nothing twice. */
  private async execute(request: Request): Promise<Next> {
    const { policy, action } = request;
    const plan = this.record.status.plan!;
    const dryRun = this.record.status.dryRun === true;
    const started = Date.now();
    const signal = AbortSignal.timeout(policy.timeoutSeconds * 1000);
    let effect: Effect;
    try {
      effect = await untilDone(signal, () =>
        retried(signal, () => action.execute(this.run({ ...request, dryRun }, signal), plan)),
      );
    } catch (error) {
      if (error instanceof SkipError) {
        throw error;
      }
      return signal.aborted
        ? this.finish('timed-out', `no end within ${policy.timeoutSeconds} s`)
        : this.finish('failed', (error as Error).message);
    }
    this.props.metrics.duration.observe({ action: policy.action }, (Date.now() - started) / 1000);
    const executed = this.props.gates.tools.now();
    const done = { executionTime: executed.toISOString(), effect: effect.summary, evidence: effect.evidence };
    if (dryRun) {
      await this.move({ ...done, phase: 'dry-run', message: `dry run: would ${plan.summary}` });
      return undefined;
    }
    await this.move({ ...done, phase: 'verifying', message: effect.summary, expirationTime: expiry(plan, executed) });
    return this.verify(this.request(request.target));
  }

  /** Looks whether it helped, and says so only when it was seen. */
  private async verify(request: Request): Promise<Next> {
    const signal = AbortSignal.timeout(request.policy.timeoutSeconds * 1000);
    const { verificationIntervalSeconds } = this.props;
    const found = await look(this.run(request, signal), request, this.record.status, verificationIntervalSeconds);
    if (found.kind === 'wait') {
      return found.milliseconds;
    }
    this.props.metrics.verifications.inc({ action: request.policy.action, result: found.result });
    const lastVerification = { value: found.value, time: this.props.gates.tools.now().toISOString() };
    if (found.kind === 'again') {
      this.record = await this.props.gates.store.transition(this.record, { ...this.record.status, lastVerification });
      return verificationIntervalSeconds * 1000;
    }
    return this.finish(found.phase, found.message, lastVerification);
  }

  /** Takes a change back when its time is over. */
  private async expire(request: Request, expirationTime: string): Promise<Next> {
    const wait = this.timeUntil(expirationTime);
    if (wait > 0) {
      return wait;
    }
    if (await this.props.gates.killSwitch.reason()) {
      return STOPPED_RETRY_MS;
    }
    return this.locked(request.target, request.policy, async () => {
      const signal = AbortSignal.timeout(request.policy.timeoutSeconds * 1000);
      const run = this.run(request, signal);
      const revertResult = await request.action.revert?.(run, this.record.status.plan!).catch((error: Error) => {
        if (error instanceof KubernetesError && error.isNotFound) {
          return 'the target is gone, and the change with it';
        }
        throw error;
      });
      await this.close(revertResult ?? 'it expired by itself', 'taken back');
      return undefined;
    });
  }

  /** Notes what became of a change that was to be taken back. */
  private async close(revertResult: string, outcome: 'taken back' | 'left'): Promise<void> {
    const { store } = this.props.gates;
    this.record = await store.transition(this.record, { ...this.record.status, revertResult, message: revertResult });
    await this.props.audit.onRevert(this.record, outcome);
    await this.seal();
  }

  /** Ends a record that nothing more can be done for. What was begun, humans have to look at. */
  private async abandon(reason: string): Promise<Next> {
    const { phase, plan, expirationTime, revertResult } = this.record.status;
    switch (phase) {
      case 'accepted':
      case 'awaiting-approval':
        return this.skip('policy-unknown', `${reason}: the configuration has changed`);
      case 'executing':
        return this.finish('failed', `${reason}: whether the change was made is not known`);
      case 'verifying':
        return this.finish('inconclusive', `${reason}: whether it helped is not known`);
      default:
        return expirationTime && !revertResult
          ? this.leave(`${reason}: take back by hand: ${plan?.summary}`, expirationTime)
          : undefined;
    }
  }

  /** Leaves a change to humans when its time is over. Until then its policy may come back. */
  private async leave(message: string, expirationTime: string): Promise<Next> {
    const wait = this.timeUntil(expirationTime);
    if (wait > 0) {
      return wait;
    }
    await this.close(message, 'left');
    return undefined;
  }

  /** Milliseconds until a time; negative when it has passed. */
  private timeUntil(time: string): number {
    return Date.parse(time) - this.props.gates.tools.now().getTime();
  }

  /** Ends a record that could not be decided about, however often it was tried. */
  async giveUp(error: Error): Promise<Next> {
    return this.finish('failed', `nothing was changed, because what to do could not be found out: ${error.message}`);
  }

  private async finish(
    phase: 'succeeded' | 'ineffective' | 'inconclusive' | 'failed' | 'timed-out',
    message: string,
    lastVerification = this.record.status.lastVerification,
  ): Promise<Next> {
    const { store, limits, tools } = this.props.gates;
    await this.move({ phase, message, lastVerification });
    if (phase !== 'succeeded' && this.record.status.executionStartTime) {
      const runs = await store.list({
        [KEYS.policy]: this.record.spec.policy,
        [KEYS.target]: targetDigest(this.record.status.target!),
        [KEYS.executed]: 'true',
      });
      if (circuitState(runs, limits, tools.now()) === 'open') {
        await this.props.audit.onCircuitOpened(this.record);
      }
    }
    const { expirationTime } = this.record.status;
    return expirationTime ? Math.max(0, this.timeUntil(expirationTime)) : undefined;
  }

  private async skip(reason: SkipReason, message: string): Promise<Next> {
    // Whatever was begun has changed nothing: it does not count as a run.
    const { target } = this.record.status;
    await this.move({
      phase: 'skipped',
      reason,
      message,
      target,
      executionStartTime: undefined,
      expirationTime: undefined,
    });
    return undefined;
  }

  private async move(change: Parameters<GateContext['store']['transition']>[1]): Promise<void> {
    this.record = await this.props.gates.store.transition(this.record, {
      ...change,
      traceId: this.record.status.traceId ?? currentTraceId(),
    });
    trace.getSpan(context.active())?.addEvent(change.phase, { message: change.message ?? '' });
    await this.props.audit.onTransition(this.record);
    await this.seal();
  }

  /**
   * Closes a record that is finished, now that everybody has been told. Whoever dies before leaves it open, and another
   * tells it again.
   */
  private async seal(): Promise<void> {
    if (!hasWork(this.record)) {
      this.record = await this.props.gates.store.label(this.record);
    }
  }

  /** A refusal is an answer, not a failure. */
  private async skippable(work: () => Promise<Next>): Promise<Next> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SkipError) {
        return this.skip(error.reason, error.message);
      }
      throw error;
    }
  }

  /** Works on a target while nobody else does; comes back later when somebody does. */
  private async locked(target: Target, policy: RemediationPolicy, work: () => Promise<Next>): Promise<Next> {
    const { leases, holder, store, limits } = this.props.gates;
    const lock = {
      name: lockName(policy.action, target),
      holder: `${holder}/${this.record.metadata.name}`,
      seconds: limits.lockSeconds,
    };
    return withLock(leases, lock, LOCKED_RETRY_MS, async () => {
      // What was read before the lock was ours may be old.
      const newest = await store.read(this.record.metadata.name);
      if (!newest || newest.status.phase !== this.record.status.phase) {
        return newest ? 0 : undefined;
      }
      this.record = { ...newest, status: { ...newest.status, target } };
      return work();
    });
  }

  private request(target: Target): Request {
    const policy = this.policy!;
    return {
      record: this.record,
      policy,
      action: actions[policy.action] as Action<unknown>,
      target,
      dryRun: this.record.status.dryRun ?? this.props.dryRun,
    };
  }

  private run({ target, policy, dryRun }: Request, signal: AbortSignal): Run<unknown> {
    return {
      record: this.record,
      target,
      parameters: policy.parameters,
      tools: this.props.gates.tools,
      dryRun,
      signal,
    };
  }
}

/** When a change is taken back that was made at a time. */
function expiry({ expiresAfterSeconds }: Plan, made: Date): string | undefined {
  return expiresAfterSeconds ? new Date(made.getTime() + expiresAfterSeconds * 1000).toISOString() : undefined;
}

/** An action that ignores its signal is not waited for. */
async function untilDone<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/**
 * Tries again what the API server did not take: it could not be reached, was busy, or the object had just been changed.
 * An action looks before it changes, so what did arrive is not repeated.
 */
async function retried<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const again = error instanceof KubernetesError && (error.isTransient || error.isConflict);
      if (!again || attempt === EXECUTE_ATTEMPTS || signal.aborted) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** attempt * (0.5 + Math.random())));
    }
  }
}
