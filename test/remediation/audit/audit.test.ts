import type { Audit } from '../../../remediation/audit';
import { RESOURCES } from '../../../remediation/kubernetes';
import {
  FINAL_PHASES,
  OPEN_PHASES,
  type Phase,
  type Remediation,
  type RemediationStatus,
} from '../../../remediation/record';
import { record } from '../sample';
import { APPLICATION, BACKEND, Bench } from '../support/bench';
import { standStill } from '../support/clock';

standStill();

let bench: Bench;
/** What was said, in the order in which it was said. */
let posted: string[];
let audit: Audit;
beforeEach(() => {
  bench = new Bench();
  posted = [];
  jest.spyOn(bench.escalation, 'postToSlack').mockImplementation(async (text) => void posted.push(text));
  audit = bench.props.audit;
});

const about = (phase: Phase, status: Partial<RemediationStatus> = {}): Remediation => {
  const sample = record(phase, 0, { message: 'as it is', target: BACKEND, ...status }, 'restart-1');
  return {
    ...sample,
    metadata: { ...sample.metadata, namespace: 'monitoring' },
    spec: { ...sample.spec, policy: 'restart' },
  };
};
const events = () => bench.api.list<{ reason: string; message: string; type: string }>(RESOURCES.events);
const TROUBLE: readonly Phase[] = ['ineffective', 'inconclusive', 'failed', 'timed-out'];
const ALL: readonly Phase[] = [...OPEN_PHASES, ...FINAL_PHASES];
const LABELS = { action: 'restart-workload', policy: 'restart' };

describe('A decision', () => {
  it.each(ALL)('is logged: %s', async (phase) => {
    await audit.onTransition(about(phase, { reason: 'cooldown', dryRun: false }));
    expect(bench.logged).toEqual([
      {
        level: TROUBLE.includes(phase) ? 'warn' : 'info',
        message: 'as it is',
        fields: {
          ...{ record: 'restart-1', ...LABELS, phase, reason: 'cooldown', dry_run: false, alert: 'SampleAlert' },
          target: `Deployment ${APPLICATION}/backend`,
        },
      },
    ]);
  });

  it('is logged by its phase where it has no message, and without a target where it has none', async () => {
    await audit.onTransition(about('skipped', { message: undefined, target: undefined }));
    expect(bench.logged).toMatchObject([{ message: 'skipped', fields: { target: undefined } }]);
    expect((await events())[0]!.message).toMatch(/^restart: skipped \(/);
  });

  it.each([
    ['timed-out', 'RemediationTimedOut'],
    ['awaiting-approval', 'RemediationAwaitingApproval'],
    ['dry-run', 'RemediationDryRun'],
    ['succeeded', 'RemediationSucceeded'],
  ] as const)('is an Event on its target: %s is %s', async (phase, reason) => {
    await audit.onTransition(about(phase));
    const type = TROUBLE.includes(phase) ? 'Warning' : 'Normal';
    const message = expect.stringMatching(/^restart: as it is \(alert SampleAlert, record restart-1, trace/);
    expect(await events()).toMatchObject([{ reason, type, message, involvedObject: { name: 'backend' } }]);
  });

  it.each(['awaiting-approval', 'executing', 'dry-run', 'skipped'] as const)('is counted: %s', async (phase) => {
    await audit.onTransition(about(phase, { reason: 'cooldown' }));
    expect(await bench.metric('decisions_total', { ...LABELS, decision: phase, reason: 'cooldown' })).toBe(1);
    await audit.onTransition(about(phase));
    expect(await bench.metric('decisions_total', { ...LABELS, decision: phase, reason: '' })).toBe(1);
    expect((await bench.metrics.attempts.get()).values).toEqual([]);
  });

  it.each(['accepted', 'verifying'] as const)('is counted elsewhere: %s', async (phase) => {
    await audit.onTransition(about(phase));
    const { values } = await bench.metrics.decisions.get();
    expect(values.every(({ value }) => value === 0)).toBe(true);
    expect((await bench.metrics.attempts.get()).values).toEqual([]);
  });
});

describe('The end of an attempt', () => {
  it.each([...TROUBLE, 'succeeded'] as const)('is counted with its target: %s', async (phase) => {
    await audit.onTransition(about(phase as Phase));
    expect((await bench.metrics.attempts.get()).values).toEqual([
      {
        value: 1,
        labels: {
          ...{ ...LABELS, outcome: phase },
          ...{ target_kind: 'Deployment', target_namespace: APPLICATION, target_name: 'backend' },
        },
      },
    ]);
  });

  it('is counted without the name of a target outside Kubernetes', async () => {
    await audit.onTransition(about('succeeded', { target: { kind: 'Address', name: '192.0.2.7/32' } }));
    expect((await bench.metrics.attempts.get()).values).toMatchObject([
      { labels: { target_kind: 'Address', target_namespace: '', target_name: '' } },
    ]);
  });

  it.each(TROUBLE)('without success raises an alert and posts to Slack: %s', async (phase) => {
    await audit.onTransition(about(phase));
    expect(bench.raised).toMatchObject([
      {
        labels: {
          ...{ alertname: 'RemediationActionFailed', severity: 'high', category: 'meta', ...LABELS },
          ...{ target_kind: 'Deployment', target_namespace: APPLICATION, target_name: 'backend' },
        },
        annotations: {
          summary: `restart on Deployment ${APPLICATION}/backend ended ${phase}`,
          description: expect.stringMatching(/^as it is .*SampleAlert.*kubectl describe remediation restart-1/),
        },
      },
    ]);
    // An alert is the same whatever the outcome: people are told once.
    expect(bench.raised[0]!.labels).not.toHaveProperty('outcome');
    expect(posted).toEqual([expect.stringMatching(new RegExp(`^:warning: restart on .* ended ${phase}: as it is`))]);
  });

  it.each(ALL.filter((phase) => !TROUBLE.includes(phase) && phase !== 'awaiting-approval'))(
    'or a step before it notifies nobody: %s',
    async (phase) => {
      await audit.onTransition(about(phase));
      expect([bench.raised, posted]).toEqual([[], []]);
    },
  );

  it('about a target that was never found raises an alert, too', async () => {
    await audit.onTransition(about('failed', { target: undefined }));
    expect(bench.raised).toMatchObject([{ labels: { target_kind: 'unknown', target_namespace: '', target_name: '' } }]);
    expect(bench.raised[0]!.annotations.summary).toContain('unknown target');
  });
});

describe('A request for approval', () => {
  const plan = { summary: 'restart backend', details: {} };

  it.each([
    [undefined, 'the policy'],
    ['it has one replica', 'it has one replica'],
  ])('posts the plan, the reason and the command to approve to Slack (%s)', async (needsApproval, why) => {
    await audit.onTransition(about('awaiting-approval', { plan: { ...plan, needsApproval } }));
    expect(posted).toEqual([
      expect.stringMatching(
        new RegExp(
          `^:raised_hand: restart waits for approval: restart backend \\(${why}.*\\)\\.\n.*kubectl --namespace monitoring annotate remediation restart-1 monitoring\\.sightedit\\.com/approved=true`,
        ),
      ),
    ]);
    expect(bench.raised).toEqual([]);
  });
});

describe('A temporary change', () => {
  it('that was reverted is logged and written as an Event', async () => {
    await audit.onRevert(about('succeeded', { revertResult: 'lowered to 2' }), 'reverted');
    const message = 'restart: lowered to 2 (record restart-1)';
    expect(bench.logged).toMatchObject([
      { level: 'info', message, fields: { record: 'restart-1', policy: 'restart' } },
    ]);
    expect(await events()).toMatchObject([{ reason: 'RemediationReverted', type: 'Normal', message }]);
    expect([bench.raised, posted]).toEqual([[], []]);
  });

  it('that was left to people raises an alert, too', async () => {
    await audit.onRevert(about('succeeded', { revertResult: 'revert by hand' }), 'left');
    expect(bench.logged).toMatchObject([{ level: 'warn' }]);
    expect(await events()).toMatchObject([{ reason: 'RemediationLeft', type: 'Warning' }]);
    expect(bench.raised).toMatchObject([{ labels: { alertname: 'RemediationActionFailed' } }]);
    expect(posted).toHaveLength(1);
  });
});

describe('A circuit that opens', () => {
  it('is logged, raises an alert and posts to Slack', async () => {
    await audit.onCircuitOpened(about('failed'));
    const target = `Deployment ${APPLICATION}/backend`;
    expect(bench.logged).toEqual([
      { level: 'error', message: expect.stringContaining(target), fields: { ...LABELS, target } },
    ]);
    expect(bench.raised).toMatchObject([
      {
        labels: { alertname: 'RemediationCircuitOpen', severity: 'high', category: 'meta', ...LABELS, target },
        annotations: { summary: expect.stringContaining(target), description: expect.stringContaining('kubectl') },
      },
    ]);
    expect(posted).toEqual([expect.stringMatching(/^:octagonal_sign: circuit open: restart .*backend/)]);
  });
});
