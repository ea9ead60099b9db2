import type { AuditedRequest } from '../../testing/audit';
import { MONITORING } from '../../testing/webhook';
import type { Fired } from './alerts';
import { APPLICATION, DEPLOYMENTS, MAXIMUM, OWNERS_MINIMUM } from './world';

/** A time during which every replica ran in one mode, in milliseconds of Unix time. */
export interface Epoch {
  readonly mode: 'active' | 'dry-run';
  readonly from: number;
  readonly to: number;
}

/** What happened outside the API server. */
export interface Story {
  readonly fired: readonly Fired[];
  readonly epochs: readonly Epoch[];
  /** Attempts that each policy may make. */
  readonly budget: number;
}

const WEBHOOK = `system:serviceaccount:${MONITORING}:remediation-webhook`;
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
/** Time from the question whether an alert fires to the change, while requests are delayed and repeated. */
const LATENCY_MS = 20_000;
/** What the webhook writes for itself. */
const OWN = ['remediations', 'leases', 'events', 'tokenreviews', 'selfsubjectaccessreviews'];

interface Body {
  readonly metadata?: { readonly generation?: number; readonly annotations?: Readonly<Record<string, string | null>> };
  readonly spec?: {
    readonly minReplicas?: number;
    readonly externalCIDRs?: readonly string[];
    readonly template?: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } };
  };
  readonly status?: { readonly observedGeneration?: number };
}

interface Change {
  readonly at: number;
  readonly resource: string;
  readonly name: string;
  readonly sent: Body;
  readonly got: Body;
  /** The object after the last change, of any user. @default - it was not changed before */
  readonly before?: Body;
}

/**
 * Checks the audit log of the API server: no change outside policy, none twice, none in a dry run.
 *
 * @returns a line for each violation
 */
export function violations(log: readonly AuditedRequest[], story: Story): readonly string[] {
  const found: string[] = [];
  const counts = new Map<string, number>();
  for (const change of changesOf(log, found)) {
    const { at, resource, name } = change;
    const say = (what: string) => found.push(`${new Date(at).toISOString()} ${resource} ${name}: ${what}`);
    const { policy, isRevert, subject, problem } = explain(change);
    if (problem) {
      say(problem);
      continue;
    }
    const epoch = story.epochs.find(({ from, to }) => at >= from && at < to);
    if (isRevert) {
      continue;
    }
    if (epoch?.mode !== 'active') {
      say(`changed in ${epoch?.mode ?? 'no epoch'}`);
    }
    for (const each of subject) {
      if (!story.fired.some((fired) => isAbout(fired, policy, each, at))) {
        say(`${policy} changed ${each}, and no alert fired`);
      }
    }
    counts.set(policy, (counts.get(policy) ?? 0) + 1);
  }
  for (const [policy, count] of counts) {
    if (count > story.budget) {
      found.push(`${policy} made ${count} changes with a budget of ${story.budget}`);
    }
  }
  return found;
}

/** Number of changes by policy, to show that the campaign was no idle one. */
export function changeCounts(log: readonly AuditedRequest[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const change of changesOf(log, [])) {
    const { policy, isRevert } = explain(change);
    const key = isRevert ? `${policy}, reverted` : policy;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/** Changes that the webhook made outside its own records, oldest first. Dry runs and repetitions change nothing. */
function* changesOf(log: readonly AuditedRequest[], found: string[]): Generator<Change> {
  const last = new Map<string, Body>();
  for (const { user, verb, objectRef, requestURI, responseStatus, ...rest } of log) {
    const { resource = '', subresource = '', name = '' } = objectRef ?? {};
    const isDone = responseStatus.code < 300 && !requestURI.includes('dryRun=All');
    if (!isDone || (user.username === WEBHOOK && OWN.includes(resource))) {
      continue;
    }
    const key = `${resource} ${name}`;
    const [before, got] = [last.get(key), (rest.responseObject ?? {}) as Body];
    last.set(key, got);
    if (user.username !== WEBHOOK) {
      continue;
    }
    if (verb !== 'patch' || subresource === 'status') {
      found.push(`${requestURI}: ${verb}`);
      continue;
    }
    const change = { at: Date.parse(rest.requestReceivedTimestamp), resource, name, before, got };
    const isSame = JSON.stringify(before?.spec) === JSON.stringify(got.spec);
    if (!isSame) {
      yield { ...change, sent: rest.requestObject as Body };
    }
  }
}

interface Explanation {
  readonly policy: string;
  readonly isRevert: boolean;
  /** Deployments or addresses. */
  readonly subject: readonly string[];
  readonly problem?: string;
}

function explain({ resource, name, sent, got, before }: Change): Explanation {
  const isNamed = DEPLOYMENTS.repaired.includes(name);
  switch (resource) {
    case 'deployments': {
      const keys = Object.keys(sent.spec?.template?.metadata?.annotations ?? {});
      const isRestart =
        JSON.stringify(keys) === JSON.stringify([RESTARTED_AT]) && Object.keys(sent.spec ?? {}).length === 1;
      const wasDone = got.status?.observedGeneration === (got.metadata?.generation ?? 0) - 1;
      const problem = !isNamed || !isRestart ? 'is outside policy' : wasDone ? undefined : 'was restarted twice';
      return { policy: 'restart-workload', isRevert: false, subject: [name], problem };
    }
    case 'horizontalpodautoscalers': {
      const minimum = got.spec?.minReplicas ?? 0;
      const isRevert = minimum === OWNERS_MINIMUM;
      const isAllowed = isNamed && (isRevert || minimum <= MAXIMUM);
      return {
        policy: 'scale-up',
        isRevert,
        subject: [name],
        problem: isAllowed ? undefined : `minReplicas ${minimum}`,
      };
    }
    case 'ciliumcidrgroups': {
      const known = before?.spec?.externalCIDRs ?? [];
      const added = (got.spec?.externalCIDRs ?? []).filter((range) => !known.includes(range));
      const isAllowed = added.every((range) => /^203\.0\.113\.[12]\/32$/.test(range));
      const subject = added.map((range) => range.replace('/32', ''));
      return {
        policy: 'block-address',
        isRevert: added.length === 0,
        subject,
        problem: isAllowed ? undefined : `blocked ${added}`,
      };
    }
    default:
      return { policy: '', isRevert: false, subject: [], problem: 'is outside policy' };
  }
}

function isAbout({ labels, from, to = Number.POSITIVE_INFINITY }: Fired, policy: string, subject: string, at: number) {
  const isSubject = labels.client_ip === subject || (labels.deployment === subject && labels.namespace === APPLICATION);
  return labels.remediation === policy && isSubject && at >= from && at <= to + LATENCY_MS;
}
