import { FINAL_PHASES, KEYS, type Phase, REMEDIATION, REPORTER } from '../../remediation';

/**
 * What the webhook may write into its own objects, as CEL. A stolen token has these rights and no others. CEL has no clock, so times are compared with those that the API server sets.
 */

/** CEL: the request changes an object or creates one. */
const WRITES = 'request.operation in ["CREATE", "UPDATE"]';
const CREATES = 'request.operation == "CREATE"';

/** Longest duration of a Lease, in seconds: a slot of a budget. */
export const LONGEST_LEASE_SECONDS = 3_600;

/** Phases that may follow each other. */
const NEXT: Readonly<Partial<Record<Phase, readonly Phase[]>>> = {
  accepted: ['awaiting-approval', 'executing', 'skipped', 'failed'],
  'awaiting-approval': ['executing', 'skipped', 'failed'],
  executing: ['verifying', 'dry-run', 'skipped', 'failed', 'timed-out', 'inconclusive'],
  verifying: ['succeeded', 'ineffective', 'inconclusive', 'failed', 'timed-out'],
};

/** Phases before anything is done. */
const UNDECIDED: readonly Phase[] = ['accepted', 'awaiting-approval'];

const BEFORE = 'oldObject.?status.?phase.orValue("accepted")';
const AFTER = 'object.?status.?phase.orValue("accepted")';

/** CEL: every condition holds. */
function all(...conditions: readonly string[]): string {
  return `(${conditions.map((condition) => `(${condition})`).join(' && ')})`;
}

/** CEL: one condition follows from another. */
function implies(condition: string, ...consequences: readonly string[]): string {
  return `(!(${condition}) || (${all(...consequences)}))`;
}

function list(names: readonly string[]): string {
  return `[${names.map((name) => `"${name}"`).join(', ')}]`;
}

/** CEL: a field keeps its value once it has one. */
function kept(field: string): string {
  return `!oldObject.?status.?${field}.hasValue() || object.?status.?${field} == oldObject.?status.?${field}`;
}

/** CEL: labels or annotations outside the group of the records did not change, and none is long. */
function onlyOwnKeys(field: 'labels' | 'annotations'): string {
  const [before, after] = [`oldObject.metadata.?${field}`, `object.metadata.?${field}`];
  const isOwn = (key: string) => `${key}.startsWith("${REMEDIATION.group}/")`;
  const known = `${CREATES} ? false : ${before}[?key] == ${after}[?key]`;
  return all(
    `${after}.orValue({}).all(key, (${isOwn('key')} && size(${after}.orValue({})[key]) <= 1024) || (${known}))`,
    implies(
      'request.operation == "UPDATE"',
      `${before}.orValue({}).all(key, ${isOwn('key')} || key in ${after}.orValue({}))`,
    ),
  );
}

/** CEL: nobody becomes the owner, and no finalizer is added that would hold the object back from being deleted. */
const DELETABLE = all(
  ...['ownerReferences', 'finalizers'].map(
    (field) => `object.metadata.?${field}.orValue([]) == (${CREATES} ? [] : oldObject.metadata.?${field}.orValue([]))`,
  ),
);

/** CEL: the phase of a record is the same or a next one, and what was done stays written down. */
const HONEST_STATUS = all(
  `${AFTER} == ${BEFORE} || (${Object.entries(NEXT)
    .map(([phase, next]) => `${BEFORE} == "${phase}" && ${AFTER} in ${list(next)}`)
    .join(' || ')})`,
  implies(
    `!(${BEFORE} in ${list(UNDECIDED)})`,
    kept('target'),
    kept('plan'),
    '!oldObject.?status.?dryRun.orValue(false) || object.?status.?dryRun.orValue(false)',
    kept('revertResult'),
    implies(
      `${AFTER} != "skipped"`,
      kept('executionStartTime'),
      '!oldObject.?status.?expirationTime.hasValue() || object.?status.?expirationTime.hasValue()',
    ),
  ),
);

/** CEL: a record is only deleted when it is finished, and its change is reverted. */
const FINISHED = all(
  `${BEFORE} in ${list(FINAL_PHASES)}`,
  `!oldObject.?status.?expirationTime.hasValue() || oldObject.?status.?revertResult.hasValue() || ${BEFORE} == "skipped"`,
);

/** CEL: the webhook may write or delete this record like this. */
export const OWN_RECORD = all(
  implies('request.operation == "DELETE"', FINISHED),
  implies(WRITES, DELETABLE, onlyOwnKeys('labels'), onlyOwnKeys('annotations')),
);

/** CEL: the webhook may write this status of a record. */
export const OWN_STATUS = all('request.operation == "UPDATE"', HONEST_STATUS);

/** CEL: the approval of a record is as before. Only a person may approve. */
export const APPROVAL_UNCHANGED = `object.metadata.?annotations[?"${KEYS.approved}"] == (${CREATES} ? optional.none() : oldObject.metadata.?annotations[?"${KEYS.approved}"])`;

/**
 * CEL: the webhook may write this Lease: it ends at most an hour after its last renewal, nobody takes it over, and it is
 * renewed for as long as a step may take. A slot of a budget is never renewed.
 *
 * @param longestStepSeconds time for which a lock may be renewed
 * @param budgetPrefix beginning of the names of budget slots
 */
export function ownLease(longestStepSeconds: number, budgetPrefix: string): string {
  const created = 'timestamp(object.metadata.creationTimestamp)';
  const renewed = 'timestamp(object.spec.renewTime)';
  return implies(
    WRITES,
    DELETABLE,
    'object.metadata.?labels.orValue({}) == {} && object.metadata.?annotations.orValue({}) == {}',
    `object.spec.leaseDurationSeconds > 0 && object.spec.leaseDurationSeconds <= ${LONGEST_LEASE_SECONDS}`,
    'size(object.spec.holderIdentity) <= 512',
    // The clock of the webhook's node may differ from that of the API server by ten minutes.
    `${renewed} >= ${created} - duration("10m")`,
    `${renewed} <= ${created} + (${CREATES} ? duration("10m") : duration("${longestStepSeconds}s"))`,
    implies(
      'request.operation == "UPDATE"',
      `!object.metadata.name.startsWith("${budgetPrefix}")`,
      'object.spec.holderIdentity == oldObject.spec.holderIdentity',
      'object.spec.leaseDurationSeconds == oldObject.spec.leaseDurationSeconds',
    ),
  );
}

/** CEL: the Event is the webhook's own, by both fields that name its source and by its reason. */
function isOwnEvent(object: string): string {
  return all(
    `${object}.?reportingComponent.orValue("") == "${REPORTER}"`,
    `${object}.?source.?component.orValue("") == "${REPORTER}"`,
    `${object}.?source.?host.orValue("") == ""`,
    `${object}.?reason.orValue("").startsWith("Remediation")`,
  );
}

/** CEL: the webhook may write this Event: a new one, or the count of one of its own. */
export const OWN_EVENT = all(
  WRITES,
  DELETABLE,
  isOwnEvent('object'),
  'size(object.?message.orValue("")) <= 1024',
  implies(
    'request.operation == "UPDATE"',
    isOwnEvent('oldObject'),
    ...['message', 'reason', 'type', 'involvedObject'].map((field) => `object.?${field} == oldObject.?${field}`),
  ),
);
