/** Group, version and names of the custom resource; its schema is `imports/crds/remediation.yaml`. */
export const REMEDIATION = {
  group: 'monitoring.sightedit.com',
  version: 'v1alpha1',
  kind: 'Remediation',
  plural: 'remediations',
} as const;

/** Who Events are from. */
export const REPORTER = 'remediation-webhook';

/** How the names of locks and slots of budgets begin: other leases are not the webhook's. */
export const LEASE_PREFIX = 'remediation-';

/** Labels and annotations of records and targets. */
export const KEYS = {
  /** On a target: it may be repaired automatically. Its value must be `enabled`. */
  optIn: `${REMEDIATION.group}/remediation`,
  /** On an autoscaler: its floor was raised for a while, and from where: `6 from 4`. */
  raisedMinReplicas: `${REMEDIATION.group}/raised-min-replicas`,
  /** On a record: a human agrees. Its value must be `true`. */
  approved: `${REMEDIATION.group}/approved`,
  /** On a record: the alert was resolved before anything was done. */
  resolved: `${REMEDIATION.group}/alert-resolved`,
  /** On a record: work is left to do. */
  open: `${REMEDIATION.group}/open`,
  /** On a record: its target was touched, or would have been. */
  executed: `${REMEDIATION.group}/executed`,
  /** On a record: the response, the kind of its action, digest of its target, and digest of the alert that asked. */
  policy: `${REMEDIATION.group}/policy`,
  action: `${REMEDIATION.group}/action`,
  target: `${REMEDIATION.group}/target`,
  alert: `${REMEDIATION.group}/alert`,
} as const;

/** Where a record stands. The first four leave work to do; the rest is final. */
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

/** Ends of a run that touched the target. */
export const RUN_PHASES = ['succeeded', 'ineffective', 'inconclusive', 'failed', 'timed-out'] as const;
export type RunPhase = (typeof RUN_PHASES)[number];

/** Why nothing was done. A closed list: each reason is a value of a metric's label and stands in `docs/remediation.md`. */
export const SKIP_REASONS = [
  'kill-switch',
  'target-unknown',
  'target-protected',
  'target-not-allowed',
  'not-opted-in',
  'alert-stale',
  'alert-resolved',
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

/** What an action is applied to. */
export interface Target {
  /** E.g. `Deployment`, `Database`, `Cache`, `Address`. */
  readonly kind: string;
  readonly name: string;
  /** @default - the target is no object of Kubernetes */
  readonly namespace?: string;
  readonly apiVersion?: string;
  readonly uid?: string;
}

/** The alert that asked, as far as the record keeps it. */
export interface RecordedAlert {
  readonly name: string;
  readonly fingerprint: string;
  /** RFC 3339. */
  readonly startsAt: string;
  readonly labels: { readonly [name: string]: string };
  readonly annotations: { readonly [name: string]: string };
  readonly generatorUrl?: string;
}

/** What the action has found and means to do; written before it is done, so that whoever takes over does the same. */
export interface Plan {
  /** One line for humans: `raise minReplicas of HPA sightedit-backend-hpa from 2 to 3`. */
  readonly summary: string;
  /** What the action needs to do it, and to undo it. */
  readonly details: { readonly [name: string]: unknown };
  /** Why a human has to agree. @default - nobody has to */
  readonly needsApproval?: string;
  /** Seconds after which the change is taken back. @default - it stays, or expires by itself */
  readonly expiresAfterSeconds?: number;
}

export interface RemediationSpec {
  readonly policy: string;
  readonly action: string;
  readonly alert: RecordedAlert;
  /** Which request this is for the same alert, from 1. */
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
  /** Replica that works on it. */
  readonly holder?: string;
  /** RFC 3339. */
  readonly executionStartTime?: string;
  readonly executionTime?: string;
  /** What the change did, in a line. */
  readonly effect?: string;
  readonly lastVerification?: { readonly value?: number; readonly time: string };
  /** When the change is taken back. */
  readonly expirationTime?: string;
  /** What taking it back did, in a line. */
  readonly revertResult?: string;
  /** Facts for the responders. */
  readonly evidence?: { readonly [name: string]: string };
  readonly traceId?: string;
  readonly transitions?: readonly Transition[];
}

export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly creationTimestamp?: string;
  readonly generation?: number;
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
}

/** The record of a request: queue entry, audit trail and approval button at once. */
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

/** The target in words: `Deployment sightedit/sightedit-backend`. */
export function describeTarget({ kind, namespace, name }: Target): string {
  return `${kind} ${namespace ? `${namespace}/` : ''}${name}`;
}
