import { type Mutant, mutant } from './mutants';
import { type Node, Syntax } from './syntax';

/** A safety check of the server, and how to switch it off. */
export type Check = {
  readonly name: string;
  /** Path under `remediation/`. */
  readonly file: string;
} & (
  | {
      /** Name of a function, which then returns at once. */
      readonly returning: string;
      /** What it returns. @default undefined */
      readonly value?: string;
    }
  | {
      /** An expression that the file contains once. */
      readonly expression: string;
      readonly becomes: string;
    }
);

const KILL_SWITCH = 'gates.killSwitch(input, context)';
const LEASE = 'await leases.acquire(name, holder, seconds)';
const APPROVAL = 'reason && !isApproved(record, planDigest(input.target, plan)) && !dryRun';
const LIMIT = 'Math.min(maxReplicas, autoscaler?.spec.maxReplicas ?? Number.POSITIVE_INFINITY)';
const UNKNOWN = '!status.authenticated || !subject || !status.audiences?.includes(this.audience)';
const SUBJECT = 'this.subjects.includes(subject)';
const VERDICT = "verdict.kind !== 'accepted'";
const THREE_PARTS = 'parts.length !== 3 || !parts.every((text) => part.test(text))';
const CLAIMED_AUDIENCE = '![output.aud].flat().includes(audience)';
const CLAIMED_SUBJECT = '!this.subjects.includes(claims.subject)';
const FULL = 'this.flights.size >= this.limit';
const NAMES_LEFT = 'this.alertNames.size < ALERT_NAMES.number';
const PLACES = "purpose !== 'repair' && others >= STEPS.together - STEPS.forRepairs";
const OF_ACTION = "purpose === 'address' ? [own, ofAction] : [own, ofAction, [TOTAL, limits.budgetPerHour]]";
const BALANCERS = 'rules.loadBalancers ?? []';
const PROTECTED = 'PROTECTED_NAMESPACES.includes(namespace)';
const DRY_RUN = 'dryRun || record.status.dryRun === true';
const TARGET = 'targetDigest(target) !== targetDigest(found)';
const STORED_TARGET = '!target || spec.action !== policy.action || !isTarget(target, spec.alert, policy.parameters)';
const ANNOUNCED = 'gates.target(inputOf(executing, policy, props), props.context)';
const SHOWN = 'status.planDigest === digest && !status.approvalOutdated';
const ADDRESS = 'addressToBlock(record.spec.alert, parameters) !== target.name';
const LINE = "visibleText(text.replaceAll('\\n', '⏎'))";
const OPEN = "hasWork(record) && record.metadata.labels?.[KEYS.open] !== 'true'";

/** The checks between an alert and a change. Some test must fail when one of them is switched off. */
export const CHECKS: readonly Check[] = [
  { name: 'kill switch', file: 'kill-switch.ts', returning: 'reason' },
  {
    name: 'kill switch, before execution',
    file: 'controller/decision.ts',
    expression: KILL_SWITCH,
    becomes: '0',
  },
  { name: 'opt-in', file: 'actions/workload.ts', returning: 'requireOptIn' },
  { name: 'freshness', file: 'gates/freshness.ts', returning: 'freshnessGate' },
  { name: 'lock by Lease', file: 'controller/lock.ts', expression: LEASE, becomes: 'false' },
  { name: 'lock by open records', file: 'gates/target.ts', returning: 'targetGate' },
  { name: 'cooldown', file: 'gates/history.ts', returning: 'cooldownGate' },
  { name: 'circuit', file: 'gates/history.ts', returning: 'circuitGate' },
  { name: 'health', file: 'gates/health.ts', returning: 'healthGate' },
  { name: 'budget', file: 'gates/budget.ts', returning: 'budgetGate' },
  { name: 'budget, before approval', file: 'gates/budget.ts', returning: 'budgetLeftGate' },
  { name: 'approval', file: 'controller/decision.ts', expression: APPROVAL, becomes: 'false' },
  { name: 'limit of replicas', file: 'actions/scale-up.ts', expression: LIMIT, becomes: 'Infinity' },
  { name: 'caller: token', file: 'intake/authenticator.ts', expression: UNKNOWN, becomes: 'false' },
  { name: 'caller: subject', file: 'intake/authenticator.ts', expression: SUBJECT, becomes: 'true' },
  { name: 'caller: response', file: 'intake/middleware/authentication.ts', expression: VERDICT, becomes: 'false' },
  {
    name: 'mode dry-run',
    file: 'controller/attempt.ts',
    expression: DRY_RUN,
    becomes: 'record.status.dryRun ?? dryRun',
  },
  { name: 'target of the alert', file: 'controller/attempt.ts', expression: TARGET, becomes: 'false' },
  { name: 'target of a record', file: 'controller/attempt.ts', expression: STORED_TARGET, becomes: 'false' },
  { name: 'the alert fires', file: 'gates/alert.ts', returning: 'alertGate' },
  { name: 'the alert has these labels', file: 'gates/alert.ts', returning: 'isSame', value: 'true' },
  { name: 'gates of a resumption', file: 'controller/execution.ts', returning: 'recheck' },
  { name: 'lock, after the announcement', file: 'controller/execution.ts', expression: ANNOUNCED, becomes: '0' },
  { name: 'approval of this plan', file: 'record/remediation.ts', expression: SHOWN, becomes: 'true' },
  { name: 'times', file: 'times.ts', expression: 'seconds >= -CLOCK_TOLERANCE_SECONDS', becomes: 'true' },
  { name: 'Leases without times', file: 'kubernetes/lease.ts', expression: 'Number.isNaN(expires)', becomes: 'false' },
  { name: 'slot of an execution', file: 'gates/budget.ts', returning: 'isForExecution', value: 'true' },
  { name: 'address, at execution', file: 'actions/block-address.ts', expression: ADDRESS, becomes: 'false' },
  {
    name: 'readiness, at execution',
    file: 'actions/restart-workload.ts',
    expression: 'requireReady(deployment)',
    becomes: '0',
  },
  { name: 'names, at execution', file: 'actions/scale-up.ts', returning: 'requireNamed' },
  { name: 'keys, at execution', file: 'actions/clear-cache.ts', returning: 'requireOwnKeys' },
  { name: 'errors of HTTP', file: 'clients/prometheus.ts', expression: '!ok', becomes: 'false' },
  {
    name: 'incomplete answers',
    file: 'clients/prometheus.ts',
    expression: 'body?.warnings !== undefined',
    becomes: 'false',
  },
  {
    name: 'old answers',
    file: 'clients/prometheus.ts',
    expression: 'Math.abs(age) <= OLDEST_SECONDS',
    becomes: 'true',
  },
  {
    name: 'latest revert',
    file: 'controller/revert.ts',
    expression: 'createdAt(record) + latest * 1000',
    becomes: 'Infinity',
  },
  { name: 'sweep', file: 'controller/sweep.ts', returning: 'run' },
  { name: 'label open', file: 'controller/controller.ts', expression: OPEN, becomes: 'false' },
  { name: 'caller: form of the token', file: 'intake/claims.ts', expression: THREE_PARTS, becomes: 'false' },
  { name: 'caller: claimed audience', file: 'intake/claims.ts', expression: CLAIMED_AUDIENCE, becomes: 'false' },
  { name: 'caller: claimed subject', file: 'intake/authenticator.ts', expression: CLAIMED_SUBJECT, becomes: 'false' },
  { name: 'reviews at the same time', file: 'intake/flights.ts', expression: FULL, becomes: 'false' },
  { name: 'size of a JSON text', file: 'intake/json-bounds.ts', returning: 'exceeded' },
  { name: 'first wrong field ends it', file: 'intake/payload.ts', expression: 'true', becomes: 'false' },
  { name: 'series of alert names', file: 'audit/metrics.ts', expression: NAMES_LEFT, becomes: 'true' },
  { name: 'connections', file: 'open-connections.ts', returning: 'closeOldest' },
  { name: 'places for repairs', file: 'controller/queue.ts', expression: PLACES, becomes: 'false' },
  { name: 'budget of an action', file: 'gates/budget.ts', expression: OF_ACTION, becomes: '[own, own]' },
  { name: 'text for Slack', file: 'audit/escalation.ts', expression: 'slackText(text)', becomes: 'text' },
  { name: 'load balancers', file: 'actions/addresses.ts', expression: BALANCERS, becomes: '[]' },
  { name: 'well-known addresses', file: 'actions/addresses.ts', expression: 'WELL_KNOWN', becomes: '[]' },
  { name: 'Loki: state of an alert', file: 'clients/loki.ts', expression: "state === 'firing'", becomes: 'true' },
  { name: 'size of an answer', file: 'clients/bounded-text.ts', expression: 'bytes > maximumBytes', becomes: 'false' },
  { name: 'text of a log line', file: 'actions/open-incident.ts', expression: LINE, becomes: 'text' },
  { name: 'protected namespaces', file: 'actions/workload.ts', expression: PROTECTED, becomes: 'false' },
];

/**
 * The mutant that switches a check off.
 *
 * @param source of the check's file
 * @throws when the source does not contain the check
 */
export function switchedOff(check: Check, source: string): Mutant {
  const syntax = new Syntax(source);
  if ('returning' in check) {
    const body = bodyOf(check.returning, syntax);
    const value = check.value ?? 'undefined';
    const [kind, replacement] =
      body.type === 'FunctionBody' ? (['body', `return ${value};`] as const) : (['expression', value] as const);
    return { ...mutant(syntax, body, kind, '', replacement), change: `${check.returning}() returns ${value} at once` };
  }
  const found = [...syntax.nodes()].filter((node) => syntax.textOf(node) === check.expression);
  // A statement or parentheses can have the same text as the expression in them.
  if (new Set(found.map(({ span }) => span.start)).size !== 1) {
    throw new Error(`${check.file} must contain "${check.expression}" once: update "${check.name}" in ${CHECKS_FILE}`);
  }
  return mutant(syntax, found[0]!, 'expression', `becomes ${check.becomes}`, check.becomes);
}

const CHECKS_FILE = 'scripts/mutation/remediation/checks.ts';

/** The body of a function, a method, or a constant that is a function. */
function bodyOf(name: string, syntax: Syntax): Node {
  for (const node of syntax.nodes()) {
    const named = (node.identifier ?? node.id ?? node.key) as Node | undefined;
    if (named?.value === name) {
      const owner = (node.init ?? node.function ?? node) as Node;
      if (owner.body) {
        return owner.body as Node;
      }
    }
  }
  throw new Error(`there is no function ${name}: update its check in ${CHECKS_FILE}`);
}
