import { scaleUp } from '../../remediation';
import { KEYS } from '../../remediation/record';
import { waitFor } from '../../testing/server';
import { MONITORING } from '../../testing/webhook';
import { startAlertmanager } from './support/alertmanager';
import {
  APPLICATION,
  alertAbout,
  awaitingApproval,
  changesOf,
  DEPLOYMENTS,
  endings,
  finished,
  recordsOf,
  restartedAt,
  restarts,
  Stage,
  VERIFICATIONS,
} from './support/remediation';

/** Time after which an open circuit allows one more attempt, in seconds. */
const CIRCUIT_OPEN_SECONDS = 6;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.set(
    [
      restarts('restart'),
      restarts('restart-in-vain', { cooldownSeconds: 0 }, VERIFICATIONS.unhealthy),
      restarts('restart-unproven', {}, VERIFICATIONS.unknown),
      restarts('restart-once', { budgetPerHour: 1 }),
      restarts('restart-by-agreement', { approval: true }),
      scaleUp({
        namespace: APPLICATION,
        deployments: DEPLOYMENTS,
        maxReplicas: 5,
        verification: VERIFICATIONS.healthy,
      }),
    ],
    { circuitOpenSeconds: CIRCUIT_OPEN_SECONDS },
  );
});

describe('The kill switch', () => {
  const SWITCH = ['configmap', 'remediation-webhook-switch', `--namespace=${MONITORING}`];

  async function expectStopped(message: RegExp): Promise<void> {
    const name = await stage.newDeployment();
    const [record] = await stage.outcome(alertAbout(name, 'restart'));
    expect(record!.status).toMatchObject({
      phase: 'skipped',
      reason: 'kill-switch',
      message: expect.stringMatching(message),
    });
    expect(changesOf(stage.kubernetes, name)).toHaveLength(0);
  }

  afterEach(async () => {
    await stage.kubernetes.kubectl('delete', ...SWITCH, '--ignore-not-found');
    await stage.kubernetes.kubectl('create', ...SWITCH, '--from-literal=armed=true');
  });

  it('stops every action, with the reason in the record', async () => {
    await stage.kubernetes.kubectl('patch', ...SWITCH, '--type=merge', '--patch={"data":{"stop":"game day"}}');
    await expectStopped(/^game day$/);
  });

  it('is engaged when it is missing', async () => {
    await stage.kubernetes.kubectl('delete', ...SWITCH);
    await expectStopped(/cannot be read: .*404/);
  });

  it('is engaged when it cannot be read', async () => {
    await stage.withoutRight('configmaps', () => expectStopped(/cannot be read: .*403/));
  });
});

describe('The verification', () => {
  it('is inconclusive without data', async () => {
    const [record] = await stage.outcome(alertAbout(await stage.newDeployment(), 'restart-unproven'));
    expect(record!.status.phase).toBe('inconclusive');
  });

  it('opens the circuit when it fails three times, reports that once, and allows one more attempt later', async () => {
    const alertmanager = await startAlertmanager();
    await stage.restart({ alertmanagers: [alertmanager.url], externalLabels: { cluster: 'test' } });
    const name = await stage.newDeployment();
    const run = async () => endings(await stage.outcome(alertAbout(name, 'restart-in-vain')))[0];
    expect([await run(), await run(), await run(), await run()]).toEqual([
      'ineffective',
      'ineffective',
      'ineffective',
      'skipped(circuit-open)',
    ]);
    expect(stage.webhook.server.log().match(/"message":"circuit open/g)).toHaveLength(1);

    // One alert for all attempts, and one for the circuit, with the labels of the rules.
    const common = { cluster: 'test', severity: 'high', category: 'meta' };
    const of = { action: 'restart-workload', policy: 'restart-in-vain' };
    const target = { target_kind: 'Deployment', target_namespace: APPLICATION, target_name: name };
    expect(await alertmanager.alerts()).toEqual([
      { ...common, ...of, ...target, alertname: 'RemediationActionFailed' },
      { ...common, ...of, alertname: 'RemediationCircuitOpen', target: `Deployment ${APPLICATION}/${name}` },
    ]);

    await new Promise((resolve) => setTimeout(resolve, (CIRCUIT_OPEN_SECONDS + 1) * 1000));
    expect([await run(), await run()]).toEqual(['ineffective', 'skipped(circuit-open)']);
    expect(changesOf(stage.kubernetes, name)).toHaveLength(4);
    await stage.restart();
  });
});

describe('The budget', () => {
  it('skips what comes after it is exhausted', async () => {
    const names = [await stage.newDeployment(), await stage.newDeployment()] as const;
    expect(endings(await stage.outcome(alertAbout(names[0], 'restart-once')))).toEqual(['succeeded']);
    expect(endings(await stage.outcome(alertAbout(names[1], 'restart-once')))).toEqual(['skipped(budget-exhausted)']);
    expect(changesOf(stage.kubernetes, names[1])).toHaveLength(0);
  });
});

describe('Approval', () => {
  const approve = (record: string) =>
    stage.kubernetes.kubectl('annotate', 'remediation', record, `--namespace=${MONITORING}`, `${KEYS.approved}=true`);

  it('lets an approved remediation run', async () => {
    const name = await stage.newDeployment();
    const request = alertAbout(name, 'restart-by-agreement');
    await stage.ask(request);
    const { metadata } = await awaitingApproval(stage.kubernetes, request);
    expect(changesOf(stage.kubernetes, name)).toHaveLength(0);
    await approve(metadata.name);
    expect(endings(await finished(stage.kubernetes, request))).toEqual(['succeeded']);
    expect(changesOf(stage.kubernetes, name)).toHaveLength(1);
  });

  it('is no longer needed when the alert is resolved', async () => {
    const request = alertAbout(await stage.newDeployment(), 'restart-by-agreement');
    await stage.ask(request);
    await awaitingApproval(stage.kubernetes, request);
    await stage.ask({ ...request, status: 'resolved', endsAt: new Date().toISOString() });
    expect(endings(await finished(stage.kubernetes, request))).toEqual(['skipped(alert-resolved)']);
  });

  it('expires when nobody approves', async () => {
    await stage.restart({ limits: { approvalSeconds: 2 } });
    const request = alertAbout(await stage.newDeployment(), 'restart-by-agreement');
    expect(endings(await stage.outcome(request))).toEqual(['skipped(approval-expired)']);
    await stage.restart();
  });

  it('is required before the only replica is restarted', async () => {
    const request = alertAbout(await stage.newDeployment({ replicas: 1 }), 'restart');
    await stage.ask(request);
    const { status } = await awaitingApproval(stage.kubernetes, request);
    expect(status.message).toContain('it has one replica');
  });
});

describe('A dry run', () => {
  it('asks the API server what would happen, and changes nothing', async () => {
    await stage.restart({ mode: 'dry-run' });
    const name = await stage.newDeployment();
    const records = await stage.outcome(alertAbout(name, 'restart'), alertAbout(name, 'scale-up'));
    expect(endings(records)).toEqual(['dry-run', 'dry-run']);
    const changes = changesOf(stage.kubernetes, name);
    expect(changes).toHaveLength(2);
    expect(changes.filter(({ requestURI }) => !requestURI.includes('dryRun=All'))).toEqual([]);
    expect(await restartedAt(stage.kubernetes, name)).toBe('');
    await stage.restart();
  });
});

describe('Finished records', () => {
  it('are deleted when there are too many, except those that cooldowns and circuits need', async () => {
    const run = alertAbout(await stage.newDeployment(), 'restart');
    await stage.outcome(run);
    const skipped = ['payments', 'billing', 'search'].map((name) => alertAbout(name, 'restart'));
    expect(new Set(endings(await stage.outcome(...skipped)))).toEqual(new Set(['skipped(target-not-allowed)']));
    await stage.restart({ retention: { days: 90, records: 1 } });
    await waitFor('the records to be removed', async () =>
      (await recordsOf(stage.kubernetes, skipped)).every((record) => record === undefined),
    );
    const [kept] = await recordsOf(stage.kubernetes, [run]);
    expect(kept!.status.phase).toBe('succeeded');
    await stage.restart();
  });
});
