import type { Action, Attempt } from '../../../remediation/actions';
import type { Plan, Target } from '../../../remediation/record';
import { ago, record } from '../sample';
import { type Bench, skipped } from './bench';

export interface AttemptProps<P> {
  readonly parameters: P;
  readonly target: Target;
  /** @default false */
  readonly dryRun?: boolean;
  /** @default - it is never aborted */
  readonly signal?: AbortSignal;
  /** Name of the record. @default sample */
  readonly name?: string;
  /** Labels of its alert. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
  /** When its execution began, in seconds before `NOW`. @default 0 */
  readonly startedSecondsAgo?: number;
}

/** An attempt of an action with the clients of a bench. */
export function attemptOn<P>(bench: Bench, props: AttemptProps<P>): Attempt<P> {
  const { parameters, target, dryRun = false, signal = new AbortController().signal, name } = props;
  const { labels = {}, startedSecondsAgo = 0 } = props;
  const { spec, ...rest } = record('accepted', 60, { executionStartTime: ago(startedSecondsAgo) }, name);
  return {
    record: { ...rest, spec: { ...spec, alert: { ...spec.alert, labels } } },
    target,
    parameters,
    clients: bench.context.clients,
    dryRun,
    signal,
  };
}

/** What an action would do, or why it would not: the plan's summary, or `<reason>: <message>`. */
export async function planned<P, D>(action: Action<P, D>, attempt: Attempt<P>): Promise<string> {
  let plan: Plan<D> | undefined;
  const outcome = await skipped(
    action.plan(attempt).then((made) => {
      plan = made;
    }),
  );
  return plan ? plan.summary : outcome;
}
