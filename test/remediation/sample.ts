import { KEYS, type Phase, REMEDIATION, type Remediation, type RemediationStatus } from '../../remediation/record';

/** The moment at which the tests take place. */
export const NOW = new Date('2026-03-04T12:00:00Z');

/** A number of seconds before it. */
export const ago = (seconds: number) => new Date(NOW.getTime() - seconds * 1000).toISOString();

/** A record in a phase that it reached some seconds ago. */
export function record(
  phase: Phase,
  secondsAgo = 0,
  status: Partial<RemediationStatus> = {},
  name = 'sample',
): Remediation {
  return {
    apiVersion: `${REMEDIATION.group}/${REMEDIATION.version}`,
    kind: REMEDIATION.kind,
    metadata: { name, creationTimestamp: ago(secondsAgo), labels: { [KEYS.executed]: 'true' } },
    spec: {
      policy: 'restart-workload',
      action: 'restart-workload',
      attempt: 1,
      traceparent: '',
      alert: { name: 'SampleAlert', fingerprint: '00', startsAt: ago(secondsAgo), labels: {}, annotations: {} },
    },
    status: {
      target: { kind: 'Deployment', namespace: 'sightedit', name: 'backend' },
      transitions: [{ phase, time: ago(secondsAgo), message: '' }],
      ...status,
      phase,
    },
  };
}
