import type { Attempt } from '../actions';
import type { GateInput } from '../gates';
import { renderQuery } from '../promql';
import type { RemediationStatus } from '../record';
import { CLOCK_TOLERANCE_SECONDS, describeTime, secondsSince } from '../times';

/** What one verification has shown, and what follows. */
export type VerificationOutcome =
  | { readonly kind: 'wait'; readonly milliseconds: number }
  | { readonly kind: 'again'; readonly value?: number; readonly result: Result }
  | {
      readonly kind: 'end';
      readonly value?: number;
      readonly result: Result;
      readonly phase: 'succeeded' | 'ineffective' | 'inconclusive' | 'timed-out';
      readonly message: string;
    };
type Result = 'healthy' | 'unhealthy' | 'unknown';

/** Times of an action that verifies its own effect, in seconds. */
const OWN_VERIFICATION = { stabilisationSeconds: 0, withinSeconds: 60 };

/**
 * Verifies once whether a change had its effect. It succeeded when the target has settled and was healthy in two
 * verifications in a row. A missing answer is never a success.
 */
export async function verifyEffect(
  attempt: Attempt,
  { policy, action }: Pick<GateInput, 'policy' | 'action'>,
  status: RemediationStatus,
  verificationIntervalSeconds: number,
): Promise<VerificationOutcome> {
  const { stabilisationSeconds, withinSeconds } = policy.verification ?? OWN_VERIFICATION;
  const now = attempt.clients.now().getTime();
  if (secondsSince(status.executionTime, attempt.clients.now()) === undefined) {
    const message = `it is unknown when the change was made: its time is ${describeTime(status.executionTime)}`;
    return { kind: 'end', result: 'unknown', phase: 'inconclusive', message };
  }
  const executed = Date.parse(status.executionTime!);
  const lastVerification = believable(status.lastVerification, executed + stabilisationSeconds * 1000, now);
  // Replicas take turns, so the interval is kept by the record and not by a timer.
  const last = lastVerification ? Date.parse(lastVerification.time) + verificationIntervalSeconds * 1000 : 0;
  const early = Math.max(executed + stabilisationSeconds * 1000, last) - now;
  if (early > 0) {
    return { kind: 'wait', milliseconds: early };
  }
  const settled = (await action.settled?.(attempt, status.plan!).catch(() => false)) ?? true;
  const value = await healthOf(attempt, policy.verification?.query, () => action.verify?.(attempt, status.plan!));
  const seen = { value, result: resultOf(value) };
  const succeeded = { ...seen, kind: 'end', phase: 'succeeded', message: `it helped: ${status.effect}` } as const;
  if (settled && value === 1 && (lastVerification?.value === 1 || !policy.verification)) {
    return succeeded;
  }
  if (now + verificationIntervalSeconds * 1000 <= executed + Math.max(withinSeconds, stabilisationSeconds) * 1000) {
    return { ...seen, kind: 'again' };
  }
  if (value === undefined) {
    return { ...seen, kind: 'end', phase: 'inconclusive', message: 'it is unknown whether it helped: no data' };
  }
  if (!settled) {
    return { ...seen, kind: 'end', phase: 'timed-out', message: `the target did not settle within ${withinSeconds} s` };
  }
  return value === 1
    ? succeeded
    : { ...seen, kind: 'end', phase: 'ineffective', message: `it did not help within ${withinSeconds} s` };
}

/** A verification in the future, or before the target had settled, proves nothing. */
function believable(
  verification: RemediationStatus['lastVerification'],
  earliest: number,
  now: number,
): RemediationStatus['lastVerification'] {
  const time = Date.parse(verification?.time ?? '');
  return time >= earliest && time <= now + CLOCK_TOLERANCE_SECONDS * 1000 ? verification : undefined;
}

function resultOf(value: number | undefined): Result {
  return value === undefined ? 'unknown' : value === 1 ? 'healthy' : 'unhealthy';
}

/**
 * 1 when the query and the action both say healthy, 0 when one says unhealthy, `undefined` when one does not answer.
 */
async function healthOf(
  attempt: Attempt,
  query: string | undefined,
  own: () => Promise<number | undefined> | undefined,
): Promise<number | undefined> {
  const sources = [...(query ? [queried(attempt, query)] : []), ...[own()].filter((value) => value !== undefined)];
  const values = await Promise.all(sources.map((value) => value.catch(() => undefined)));
  return values.length === 0 || values.includes(undefined) ? undefined : Number(values.every((value) => value === 1));
}

async function queried({ target, clients, signal }: Attempt, query: string): Promise<number | undefined> {
  const rendered = renderQuery(query, { namespace: target.namespace ?? '', name: target.name });
  const samples = await clients.prometheus.query(rendered, signal);
  return samples.length === 0 ? undefined : Number(samples.every(({ value }) => value === 1));
}
