import type { ObjectMeta } from '../kubernetes';

/** Group, version and names of the custom resource `Remediation`. Its schema is `imports/crds/remediation.yaml`. */
export const REMEDIATION = {
  group: 'monitoring.sightedit.com',
  version: 'v1alpha1',
  kind: 'Remediation',
  plural: 'remediations',
} as const;

/** Component that Events name as their source. */
export const REPORTER = 'remediation-webhook';

/** Prefix of the Leases that the server owns: locks of targets, and slots of budgets. */
export const LEASE_PREFIX = 'remediation-';

/** Labels and annotations that the server reads or writes. */
export const KEYS = {
  /** Label of a target: `enabled` allows automatic remediation. */
  optIn: `${REMEDIATION.group}/remediation`,
  /** Annotation of an autoscaler whose minReplicas was raised temporarily: `6 from 4`. */
  raisedMinReplicas: `${REMEDIATION.group}/raised-min-replicas`,
  /** Annotation of a record that a person has approved: the digest of the plan, or `true` for the first one shown. */
  approved: `${REMEDIATION.group}/approved`,
  /** Annotation of a record: when its alert was resolved. */
  resolved: `${REMEDIATION.group}/alert-resolved`,
  /** Label of a record: `true` while work is left. */
  open: `${REMEDIATION.group}/open`,
  /** Label of a record: `true` once its action was executed, dry runs included. */
  executed: `${REMEDIATION.group}/executed`,
  /** Labels of a record: name of its policy, kind of its action, digest of its target, digest of its alert. */
  policy: `${REMEDIATION.group}/policy`,
  action: `${REMEDIATION.group}/action`,
  target: `${REMEDIATION.group}/target`,
  alert: `${REMEDIATION.group}/alert`,
} as const;

/** Phases in which work is left. */
export const OPEN_PHASES = ['accepted', 'awaiting-approval', 'executing', 'verifying'] as const;
export const FINAL_PHASES = [
  'succeeded',
  'ineffective',
  'inconclusive',
  'failed',
  'timed-out',
  'dry-run',
  'skipped',
] as const;
export type OpenPhase = (typeof OPEN_PHASES)[number];
export type FinalPhase = (typeof FINAL_PHASES)[number];
export type Phase = OpenPhase | FinalPhase;

/** Final phases of an attempt that changed its target, or may have. */
export const ATTEMPT_PHASES = ['succeeded', 'ineffective', 'inconclusive', 'failed', 'timed-out'] as const;
export type AttemptPhase = (typeof ATTEMPT_PHASES)[number];

/**
 * Why a remediation was skipped. Each reason is a label value of a metric and is explained in `docs/remediation.md`.
 */
export const SKIP_REASONS = [
  'kill-switch',
  'target-unknown',
  'target-protected',
  'target-not-allowed',
  'not-opted-in',
  'alert-stale',
  'alert-resolved',
  'alert-not-firing',
  'target-locked',
  'cooldown',
  'circuit-open',
  'unhealthy',
  'health-unknown',
  'budget-exhausted',
  'approval-expired',
  'address-refused',
  'nothing-to-do',
  'policy-unknown',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** What an action changes. */
export interface Target {
  /** E.g. `Deployment`, `Database`, `Cache`, `Address`. */
  readonly kind: string;
  readonly name: string;
  /** @default - the target is not a Kubernetes object */
  readonly namespace?: string;
  readonly apiVersion?: string;
  readonly uid?: string;
}

/** The alert that triggered a remediation, as far as the record keeps it. */
export interface RecordedAlert {
  readonly name: string;
  readonly fingerprint: string;
  /** RFC 3339. */
  readonly startsAt: string;
  readonly labels: { readonly [name: string]: string };
  readonly annotations: { readonly [name: string]: string };
  readonly generatorUrl?: string;
}

/**
 * What the action intends to do. It is stored before execution, so a replica that resumes after a crash executes the
 * same plan.
 *
 * @typeParam D details that the action stores for itself, as JSON
 */
export interface Plan<D = unknown> {
  /** One line for people: `raise minReplicas of HPA sightedit-backend-hpa from 2 to 3`. */
  readonly summary: string;
  /** What the action needs to execute, verify and revert the plan. */
  readonly details: D;
  /** Why a person must approve. @default - no approval needed */
  readonly needsApproval?: string;
  /** Seconds after which the change is reverted. @default - it is permanent, or expires without the server */
  readonly expiresAfterSeconds?: number;
}

export interface RemediationSpec {
  readonly policy: string;
  readonly action: string;
  readonly alert: RecordedAlert;
  /** Number of this attempt for the same alert, from 1. */
  readonly attempt: number;
  /** W3C trace context of the notification. */
  readonly traceparent: string;
}

export interface Transition {
  readonly phase: Phase;
  /** RFC 3339. */
  readonly time: string;
  readonly message: string;
}

export interface RemediationStatus {
  readonly phase: Phase;
  readonly reason?: SkipReason;
  readonly message?: string;
  readonly target?: Target;
  readonly dryRun?: boolean;
  readonly plan?: Plan;
  /** Identifies the target and the plan that are shown: a person approves this value. */
  readonly planDigest?: string;
  /** The plan has changed since `approved=true` was written, so that approval no longer counts. */
  readonly approvalOutdated?: boolean;
  /** Replica that executed the plan. */
  readonly holder?: string;
  /** RFC 3339. */
  readonly executionStartTime?: string;
  readonly executionTime?: string;
  /** What the change did, in one line. */
  readonly effect?: string;
  readonly lastVerification?: { readonly value?: number; readonly time: string };
  /** When the change is reverted. */
  readonly expirationTime?: string;
  /** What the revert did, in one line. */
  readonly revertResult?: string;
  /** Facts for the responders. */
  readonly evidence?: { readonly [name: string]: string };
  readonly traceId?: string;
  readonly transitions?: readonly Transition[];
}

/** Longest label value of an alert that a record keeps, in characters. `Intake` cuts longer ones. */
export const RECORDED_LENGTH = 1024;

/**
 * The status of a record does not follow from its policy and its alert, so somebody else has written it. The server
 * makes no such change, and people are notified.
 */
export class RecordAltered extends Error {
  override readonly name = 'RecordAltered';
}

/** A record: what one alert asked for and what came of it. It is the queue entry, the audit trail and the approval. */
export interface Remediation {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly spec: RemediationSpec;
  readonly status: RemediationStatus;
}

export function isOpen(phase: Phase): phase is OpenPhase {
  return (OPEN_PHASES as readonly Phase[]).includes(phase);
}

/** Whether work is left: the attempt is not over, or its change is still to be reverted. */
export function hasWork({ status }: Remediation): boolean {
  return isOpen(status.phase) || (status.expirationTime !== undefined && status.revertResult === undefined);
}

/** Milliseconds of Unix time. */
export function createdAt({ metadata }: Remediation): number {
  return Date.parse(metadata.creationTimestamp ?? '');
}

/** Whether a person has approved some plan of the record. */
export function hasApproval({ metadata }: Remediation): boolean {
  return /^(true|[0-9a-f]{16})$/.test(metadata.annotations?.[KEYS.approved] ?? '');
}

/**
 * Whether a person has approved this plan. `true` stands for the plan that was shown first; once that has changed, only
 * the digest of a plan approves it.
 */
export function isApproved({ metadata, status }: Remediation, digest: string | undefined): boolean {
  const approved = metadata.annotations?.[KEYS.approved];
  const isShown = status.planDigest === digest && !status.approvalOutdated;
  return digest !== undefined && (approved === digest || (approved === 'true' && isShown));
}

/** Whether the alert was resolved after the record was created. */
export function isResolved({ metadata }: Remediation): boolean {
  return metadata.annotations?.[KEYS.resolved] !== undefined;
}

/** Milliseconds of Unix time at which the record reached its phase; `NaN` for one that has not moved yet. */
export function lastTransitionAt({ status }: Remediation): number {
  return Date.parse(status.transitions?.at(-1)?.time ?? '');
}

/** The target for people: `Deployment sightedit/sightedit-backend`. */
export function describeTarget({ kind, namespace, name }: Target): string {
  return `${kind} ${namespace ? `${namespace}/` : ''}${name}`;
}
