import type { Run } from '../actions';
import type { Request } from '../gates';
import { renderQuery } from '../promql';
import type { RemediationStatus } from '../record';

/** What a look at the effect has shown. */
export type Finding =
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

/** Times of an action that proves its effect itself, in seconds. */
const OWN_PROOF = { stabilisationSeconds: 0, withinSeconds: 60 };

/**
 * Looks whether a change had its effect. It has when the target has come to rest and is seen to be well twice in a row;
 * what cannot be seen is never taken for a success.
 */
export async function look(
  run: Run<unknown>,
  { policy, action }: Request,
  status: RemediationStatus,
  verificationIntervalSeconds: number,
): Promise<Finding> {
  const { stabilisationSeconds, withinSeconds } = policy.verification ?? OWN_PROOF;
  const now = run.tools.now().getTime();
  const executed = Date.parse(status.executionTime ?? '');
  // Replicas take turns; looks are never closer together than this.
  const last = status.lastVerification
    ? Date.parse(status.lastVerification.time) + verificationIntervalSeconds * 1000
    : 0;
  const early = Math.max(executed + stabilisationSeconds * 1000, last) - now;
  if (early > 0) {
    return { kind: 'wait', milliseconds: early };
  }
  const settled = (await action.settled?.(run, status.plan!).catch(() => false)) ?? true;
  const value = await proof(run, policy.verification?.query, () => action.verify?.(run, status.plan!));
  const result = value === undefined ? 'unknown' : value === 1 ? 'healthy' : 'unhealthy';
  const seen = { value, result } as const;
  if (settled && value === 1 && (status.lastVerification?.value === 1 || !policy.verification)) {
    return { ...seen, kind: 'end', phase: 'succeeded', message: `it helped: ${status.effect}` };
  }
  if (now + verificationIntervalSeconds * 1000 <= executed + Math.max(withinSeconds, stabilisationSeconds) * 1000) {
    return { ...seen, kind: 'again' };
  }
  if (value === undefined) {
    return {
      ...seen,
      kind: 'end',
      phase: 'inconclusive',
      message: 'whether it helped cannot be known: there is no data',
    };
  }
  if (value === 1 && settled) {
    return { ...seen, kind: 'end', phase: 'succeeded', message: `it helped: ${status.effect}` };
  }
  return settled
    ? { ...seen, kind: 'end', phase: 'ineffective', message: `it did not help within ${withinSeconds} s` }
    : {
        ...seen,
        kind: 'end',
        phase: 'timed-out',
        message: `the target did not come to rest within ${withinSeconds} s`,
      };
}

/** 1 when every proof says that the target is well, 0 when one says that it is not, `undefined` when one says nothing. */
async function proof(
  run: Run<unknown>,
  query: string | undefined,
  own: () => Promise<number | undefined> | undefined,
): Promise<number | undefined> {
  const proofs = [...(query ? [queried(run, query)] : []), ...[own()].filter((value) => value !== undefined)];
  const values = await Promise.all(proofs.map((value) => value.catch(() => undefined)));
  return values.length === 0 || values.includes(undefined) ? undefined : Number(values.every((value) => value === 1));
}

async function queried({ target, tools, signal }: Run<unknown>, query: string): Promise<number | undefined> {
  const rendered = renderQuery(query, { namespace: target.namespace ?? '', name: target.name });
  const samples = await tools.prometheus.query(rendered, signal);
  return samples.length === 0 ? undefined : Number(samples.every(({ value }) => value === 1));
}
