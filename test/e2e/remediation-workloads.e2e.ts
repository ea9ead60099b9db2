import { scaleUp } from '../../remediation';
import { KEYS } from '../../remediation/record';
import { waitFor } from '../../testing/server';
import { notify } from '../../testing/webhook';
import {
  APPLICATION,
  type Asked,
  alertAbout,
  changesOf,
  DEPLOYMENTS,
  endings,
  finished,
  recordsOf,
  restartedAt,
  restarts,
  rolledOut,
  Stage,
  VERIFICATIONS,
  WEBHOOK,
} from './support/remediation';

const TRACE = '0123456789abcdef0123456789abcdef';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.set([
    restarts('restart'),
    restarts('restart-while-database-down', { skipWhile: [{ name: 'database-down', query: 'vector(1)' }] }),
    scaleUp({
      namespace: APPLICATION,
      deployments: DEPLOYMENTS,
      autoscalers: DEPLOYMENTS,
      maxReplicas: 5,
      expiresAfterSeconds: 8,
      verification: VERIFICATIONS.healthy,
    }),
  ]);
});

/** A field of an object of the application. */
async function read(kind: string, name: string, path: string): Promise<string> {
  const { stdout } = await stage.kubernetes.kubectl(
    ...['get', kind, name, `--namespace=${APPLICATION}`, `--output=jsonpath=${path}`],
  );
  return stdout;
}

describe('A restart', () => {
  it('rolls the Deployment out, is verified, and leaves a trail', async () => {
    const name = await stage.newDeployment();
    const request = alertAbout(name, 'restart');
    const traceparent = `00-${TRACE}-0123456789abcdef-01`;
    const response = await notify(stage.webhook, stage.deployed, [request], { traceparent });
    expect([response.status, await response.json()]).toEqual([202, { accepted: 1, duplicates: 0, ignored: 0 }]);

    const [record] = await finished(stage.kubernetes, request);
    expect(record!.status).toMatchObject({ phase: 'succeeded', traceId: TRACE });
    expect(record!.status.transitions!.map(({ phase }) => phase)).toEqual(['executing', 'verifying', 'succeeded']);
    const began = Date.parse(record!.status.executionStartTime!);
    expect(Date.parse(await restartedAt(stage.kubernetes, name))).toBe(Math.floor(began / 1000) * 1000);
    await rolledOut(stage.kubernetes, name);
    const { stdout } = await stage.kubernetes.kubectl(
      ...['get', 'replicasets', `--namespace=${APPLICATION}`, `--selector=component=${name}`, '--output=name'],
    );
    expect(stdout.trim().split('\n')).toHaveLength(2);

    // The same trace is in the record, in the log, and in the Event on the Deployment.
    expect(stage.webhook.server.log()).toContain(`"trace_id":"${TRACE}"`);
    const events = await stage.kubernetes.kubectl(
      ...['get', 'events', `--namespace=${APPLICATION}`, '--output=jsonpath={.items[*].message}'],
      `--field-selector=involvedObject.name=${name},reason=RemediationSucceeded`,
    );
    expect(events.stdout).toContain(`trace ${TRACE}`);
  });

  it('is one change when two replicas receive the same notification fifty times at once', async () => {
    const name = await stage.newDeployment();
    const other = await stage.start();
    const request = alertAbout(name, 'restart');
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => notify(index % 2 ? stage.webhook : other, stage.deployed, [request])),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const receipts = (await Promise.all(answers.map((answer) => answer.json()))) as { accepted: number }[];
    expect(receipts.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(1);
    expect(endings(await finished(stage.kubernetes, request))).toEqual(['succeeded']);
    expect(changesOf(stage.kubernetes, name)).toHaveLength(1);
    await other.server.stop();
  });

  it('is one for five pods of one Deployment', async () => {
    const name = await stage.newDeployment({ replicas: 5 });
    const { stdout } = await stage.kubernetes.kubectl(
      ...['get', 'pods', `--namespace=${APPLICATION}`, `--selector=component=${name}`],
      '--output=jsonpath={.items[*].metadata.name}',
    );
    const pods = stdout.split(' ');
    expect(pods).toHaveLength(5);
    const records = await stage.outcome(...pods.map((pod) => alertAbout('', 'restart', { workload: '', pod })));
    const [restart, ...others] = [...endings(records)].sort().reverse();
    expect(restart).toBe('succeeded');
    // A pod that the rollout has already replaced leads to no Deployment.
    expect(others.filter((ending) => !/^skipped\((target-locked|cooldown|target-unknown)\)$/.test(ending))).toEqual([]);
    expect(changesOf(stage.kubernetes, name)).toHaveLength(1);
  });

  it('is skipped for a target that was just restarted', async () => {
    const name = await stage.newDeployment();
    expect(endings(await stage.outcome(alertAbout(name, 'restart')))).toEqual(['succeeded']);
    expect(endings(await stage.outcome(alertAbout(name, 'restart')))).toEqual(['skipped(cooldown)']);
    expect(changesOf(stage.kubernetes, name)).toHaveLength(1);
  });
});

describe('A target that must not be changed now is left alone', () => {
  const cases: readonly (readonly [string, string, () => Promise<Asked>])[] = [
    [
      'a Deployment without the opt-in label',
      'not-opted-in',
      async () => alertAbout(await stage.newDeployment({ optIn: false }), 'restart'),
    ],
    [
      'one that is paused',
      'unhealthy',
      async () => alertAbout(await stage.newDeployment({ paused: true, wait: false }), 'restart'),
    ],
    ['one that the policy does not name', 'target-not-allowed', async () => alertAbout('payments', 'restart')],
    [
      'one of another namespace',
      'target-not-allowed',
      async () => alertAbout(DEPLOYMENTS[0]!, 'restart', { namespace: 'default' }),
    ],
    [
      'one of a protected namespace',
      'target-protected',
      async () => alertAbout('coredns', 'restart', { namespace: 'kube-system' }),
    ],
    ['one that does not exist', 'target-unknown', async () => alertAbout(DEPLOYMENTS.at(-1)!, 'restart')],
    ['no target at all', 'target-unknown', async () => alertAbout('', 'restart', { workload: '', namespace: '' })],
    [
      'a target while a blocking condition holds',
      'unhealthy',
      async () => alertAbout(await stage.newDeployment(), 'restart-while-database-down'),
    ],
  ];

  it.each(cases)('%s: %s', async (_, reason, make) => {
    const request = await make();
    const changes = () =>
      stage.kubernetes
        .audited()
        .filter(({ user, objectRef }) => user.username === WEBHOOK && objectRef.resource.startsWith('deployments'));
    const before = changes().length;
    expect(endings(await stage.outcome(request))).toEqual([`skipped(${reason})`]);
    expect(changes()).toHaveLength(before);
  });

  it('because its PodDisruptionBudget is exhausted', async () => {
    const name = await stage.newDeployment();
    await stage.kubernetes.kubectl(
      ...['create', 'poddisruptionbudget', name, `--namespace=${APPLICATION}`, `--selector=component=${name}`],
      '--min-available=2',
    );
    await waitFor(
      'the budget to be counted',
      async () => (await read('pdb', name, '{.status.currentHealthy}')) === '2',
    );
    const [record] = await stage.outcome(alertAbout(name, 'restart'));
    expect(record!.status).toMatchObject({
      reason: 'unhealthy',
      message: expect.stringContaining('allows no disruption'),
    });
  });

  it('because Prometheus does not answer', async () => {
    const name = await stage.newDeployment();
    await stage.restart({ prometheus: ['http://127.0.0.1:1'] });
    expect(endings(await stage.outcome(alertAbout(name, 'restart-while-database-down')))).toEqual([
      'skipped(health-unknown)',
    ]);
    await stage.restart();
  });
});

describe('Scaling up', () => {
  it('raises minReplicas of the autoscaler, and reverts it', async () => {
    const name = await stage.newDeployment();
    await stage.kubernetes.kubectl(
      ...['autoscale', 'deployment', name, `--namespace=${APPLICATION}`, '--min=2', '--max=10', '--cpu=80%'],
    );
    const minReplicas = () => read('hpa', name, '{.spec.minReplicas}');
    expect(await minReplicas()).toBe('2');
    const request = alertAbout(name, 'scale-up');
    const [record] = await stage.outcome(request);
    expect(record!.status).toMatchObject({ phase: 'succeeded', effect: expect.stringContaining('from 2 to 3') });
    expect(await read('deployment', name, '{.status.readyReplicas}')).toBe('3');
    await waitFor('minReplicas to be reverted', async () => (await minReplicas()) === '2');
    await waitFor('the record to say so', async () => {
      const [after] = await recordsOf(stage.kubernetes, [request]);
      return after!.status.revertResult !== undefined && after!.metadata.labels?.[KEYS.open] === undefined;
    });
  });

  it('adds replicas of a Deployment without an autoscaler, up to maxReplicas', async () => {
    const name = await stage.newDeployment({ replicas: 4 });
    const [record] = await stage.outcome(alertAbout(name, 'scale-up'));
    expect(record!.status).toMatchObject({ phase: 'succeeded', effect: expect.stringContaining('from 4 to 5') });
    expect(await read('deployment', name, '{.spec.replicas}')).toBe('5');
  });
});
