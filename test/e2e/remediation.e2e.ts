import { type ResponseOptions, restartWorkload, scaleUp } from '../../remediation';
import { KEYS } from '../../remediation/record';
import { startAlertmanager } from './support/alertmanager';
import { startApiProxy } from './support/api-proxy';
import {
  APPLICATION,
  alertAbout,
  changesOf,
  deploy,
  endings,
  finished,
  recordsOf,
  rolledOut,
  type Stage,
  setStage,
} from './support/remediation';
import { waitFor } from './support/server';
import { MONITORING, notify, type Overrides, type Replica, startWebhook } from './support/webhook';

/** Deployments of the tests, one for each, so that none waits for the rest of another. */
const DEPLOYMENTS = Array.from({ length: 40 }, (_, index) => `service-${index}`);
let used = 0;

const PROVEN = { query: 'vector(1)', stabilisationSeconds: 0, withinSeconds: 30 };
const USELESS = { query: 'vector(0)', stabilisationSeconds: 0, withinSeconds: 2 };
const UNKNOWN = { query: 'up{job="nothing"}', stabilisationSeconds: 0, withinSeconds: 2 };

function restart(name: string, verification = PROVEN, options: ResponseOptions = {}) {
  return restartWorkload({
    name,
    namespace: APPLICATION,
    deployments: DEPLOYMENTS,
    minimumAgeSeconds: 0,
    budgetPerHour: 50,
    verification,
    ...options,
  });
}

const POLICIES = [
  restart('restart'),
  restart('restart-useless', USELESS, { cooldownSeconds: 0 }),
  restart('restart-unknown', UNKNOWN),
  restart('restart-young', PROVEN),
  restart('restart-contraindicated', PROVEN, { refuseWhile: [{ name: 'database-down', query: 'vector(1)' }] }),
  restart('restart-budget', PROVEN, { budgetPerHour: 1 }),
  restart('restart-approved', PROVEN, { approval: true }),
  restart('restart-storm', PROVEN),
  ...['accepted', 'planned', 'changed', 'verifying', 'unanswered'].map((state) => restart(`killed-${state}`)),
  scaleUp({
    namespace: APPLICATION,
    deployments: DEPLOYMENTS,
    autoscalers: DEPLOYMENTS,
    ceiling: 5,
    budgetPerHour: 50,
    expiresAfterSeconds: 8,
    verification: PROVEN,
  }),
];

let stage: Stage;
let replica: Replica;

beforeAll(async () => {
  stage = await setStage(POLICIES, { circuitOpenSeconds: 6 });
  replica = await start();
});

function start(overrides: Overrides = {}): Promise<Replica> {
  return startWebhook(stage.kubernetes, stage.deployed, {
    ...stage.overrides,
    ...overrides,
    limits: { ...stage.overrides.limits, ...overrides.limits },
  });
}

async function newDeployment(changes = {}): Promise<string> {
  const name = DEPLOYMENTS[used++]!;
  await deploy(stage.kubernetes, name, changes);
  return name;
}

async function ask(alerts: readonly object[], by = replica): Promise<void> {
  const response = await notify(by, stage.deployed, alerts);
  expect(response.status).toBe(202);
}

async function restartedAt(name: string): Promise<string> {
  const path = '{.spec.template.metadata.annotations.kubectl\\.kubernetes\\.io/restartedAt}';
  const { stdout } = await stage.kubernetes.kubectl(
    ...['get', 'deployment', name, `--namespace=${APPLICATION}`, `--output=jsonpath=${path}`],
  );
  return stdout;
}

describe('a restart', () => {
  test('rolls the Deployment out anew, is proven, and leaves a trail', async () => {
    const name = await newDeployment();
    const traceparent = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01';
    const response = await notify(replica, stage.deployed, [alertAbout(name, 'restart')], { traceparent });
    expect([response.status, await response.json()]).toEqual([202, { accepted: 1, duplicates: 0, ignored: 0 }]);

    const [record] = await finished(stage.kubernetes, 'restart');
    expect(record!.status).toMatchObject({ phase: 'succeeded', traceId: '0123456789abcdef0123456789abcdef' });
    expect(record!.status.transitions!.map(({ phase }) => phase)).toEqual(['executing', 'verifying', 'succeeded']);
    expect(Date.parse(await restartedAt(name))).toBe(Date.parse(record!.metadata.creationTimestamp!));
    await rolledOut(stage.kubernetes, name);
    const { stdout } = await stage.kubernetes.kubectl(
      ...['get', 'replicasets', `--namespace=${APPLICATION}`, `--selector=component=${name}`, '--output=name'],
    );
    expect(stdout.trim().split('\n')).toHaveLength(2);

    // The same trace is in the record, the log and the Event on the Deployment.
    expect(replica.server.log()).toContain('"trace_id":"0123456789abcdef0123456789abcdef"');
    const events = await stage.kubernetes.kubectl(
      ...[
        'get',
        'events',
        `--namespace=${APPLICATION}`,
        `--field-selector=involvedObject.name=${name},reason=RemediationSucceeded`,
      ],
      '--output=jsonpath={.items[*].message}',
    );
    expect(events.stdout).toContain('trace 0123456789abcdef0123456789abcdef');
  });

  test('the same notification fifty times at once into two replicas is one change', async () => {
    const name = await newDeployment();
    const other = await start();
    const alerts = [alertAbout(name, 'restart-storm')];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => notify(index % 2 ? replica : other, stage.deployed, alerts)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    const receipts = (await Promise.all(answers.map((answer) => answer.json()))) as { accepted: number }[];
    expect(receipts.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(1);
    const records = await finished(stage.kubernetes, 'restart-storm');
    expect(endings(records)).toEqual(['succeeded']);
    expect(changesOf(stage.kubernetes, name)).toHaveLength(1);
    await other.server.stop();
  });

  test('five pods of one Deployment are one restart', async () => {
    const name = await newDeployment({ replicas: 5 });
    const { stdout } = await stage.kubernetes.kubectl(
      ...[
        'get',
        'pods',
        `--namespace=${APPLICATION}`,
        `--selector=component=${name}`,
        '--output=jsonpath={.items[*].metadata.name}',
      ],
    );
    const pods = stdout.split(' ');
    expect(pods).toHaveLength(5);
    const before = (await recordsOf(stage.kubernetes, 'restart')).length;
    await ask(pods.map((pod) => alertAbout('', 'restart', { workload: '', pod })));
    const records = (await finished(stage.kubernetes, 'restart', before + 5)).filter(
      ({ spec }) => pods.includes(spec.alert.labels.pod ?? ''),
    );
    expect(records).toHaveLength(5);
    expect(endings(records).filter((ending) => ending === 'succeeded')).toHaveLength(1);
    // A pod that the roll-out has replaced by then leads nowhere any more.
    expect(new Set(endings(records))).toEqual(
      new Set([
        'succeeded',
        ...endings(records).filter((ending) => /^skipped\((target-locked|cooldown|target-unknown)\)$/.test(ending)),
      ]),
    );
    expect(changesOf(stage.kubernetes, name)).toHaveLength(1);
  });

  test('a target that was treated rests', async () => {
    const name = await newDeployment();
    const before = (await recordsOf(stage.kubernetes, 'restart')).length;
    await ask([alertAbout(name, 'restart')]);
    await finished(stage.kubernetes, 'restart', before + 1);
    await ask([alertAbout(name, 'restart')]);
    const records = await finished(stage.kubernetes, 'restart', before + 2);
    expect(endings(records.slice(before))).toEqual(['skipped(cooldown)', 'succeeded']);
    expect(changesOf(stage.kubernetes, name)).toHaveLength(1);
  });
});

describe('what is in no state to be touched is left alone', () => {
  const refusals: readonly (readonly [string, string, () => Promise<object>])[] = [
    [
      'a Deployment without the opt-in label',
      'not-opted-in',
      async () => alertAbout(await newDeployment({ optIn: false }), 'restart-young'),
    ],
    [
      'one that is paused',
      'unhealthy',
      async () => alertAbout(await newDeployment({ paused: true, wait: false }), 'restart-young'),
    ],
    ['one that the policy does not name', 'target-not-allowed', async () => alertAbout('payments', 'restart-young')],
    [
      'one of another namespace',
      'target-not-allowed',
      async () => alertAbout(DEPLOYMENTS[0]!, 'restart-young', { namespace: 'default' }),
    ],
    [
      'one of a protected namespace',
      'target-protected',
      async () => alertAbout('coredns', 'restart-young', { namespace: 'kube-system' }),
    ],
    ['one that does not exist', 'target-unknown', async () => alertAbout(DEPLOYMENTS.at(-1)!, 'restart-young')],
    [
      'no target at all',
      'target-unknown',
      async () => alertAbout('', 'restart-young', { workload: '', namespace: '' }),
    ],
    [
      'a target while a contraindication holds',
      'unhealthy',
      async () => alertAbout(await newDeployment(), 'restart-contraindicated'),
    ],
  ];

  test.each(refusals)('%s: %s', async (_, reason, make) => {
    const request = await make();
    const policy = (request as { labels: { remediation: string } }).labels.remediation;
    const before = (await recordsOf(stage.kubernetes, policy)).length;
    const changes = stage.kubernetes.audited().filter(({ objectRef }) => objectRef.resource === 'deployments').length;
    await ask([request]);
    const records = await finished(stage.kubernetes, policy, before + 1);
    expect(endings(records.slice(before))).toEqual([`skipped(${reason})`]);
    expect(stage.kubernetes.audited().filter(({ objectRef }) => objectRef.resource === 'deployments')).toHaveLength(
      changes,
    );
  });

  test('a PodDisruptionBudget that has nothing left', async () => {
    const name = await newDeployment();
    await stage.kubernetes.kubectl(
      ...[
        'create',
        'poddisruptionbudget',
        name,
        `--namespace=${APPLICATION}`,
        `--selector=component=${name}`,
        '--min-available=2',
      ],
    );
    await waitFor('the budget to be counted', async () => {
      const { stdout } = await stage.kubernetes.kubectl(
        ...[
          'get',
          'poddisruptionbudget',
          name,
          `--namespace=${APPLICATION}`,
          '--output=jsonpath={.status.currentHealthy}',
        ],
      );
      return stdout === '2';
    });
    const before = (await recordsOf(stage.kubernetes, 'restart')).length;
    await ask([alertAbout(name, 'restart')]);
    const records = await finished(stage.kubernetes, 'restart', before + 1);
    expect(records.at(-1)!.status).toMatchObject({
      reason: 'unhealthy',
      message: expect.stringContaining('allows no disruption'),
    });
  });

  test('nothing is known where Prometheus does not answer', async () => {
    const name = await newDeployment();
    const blind = await start({ prometheus: ['http://127.0.0.1:1'] });
    await replica.server.stop();
    const before = (await recordsOf(stage.kubernetes, 'restart-contraindicated')).length;
    await ask([alertAbout(name, 'restart-contraindicated')], blind);
    const records = await finished(stage.kubernetes, 'restart-contraindicated', before + 1);
    expect(endings(records.slice(before))).toEqual(['skipped(health-unknown)']);
    await blind.server.stop();
    replica = await start();
  });
});

describe('the kill switch', () => {
  const SWITCH = ['configmap', 'remediation-webhook-switch', `--namespace=${MONITORING}`];

  async function skipped(reason: RegExp): Promise<void> {
    const name = await newDeployment();
    const before = (await recordsOf(stage.kubernetes, 'restart')).length;
    await ask([alertAbout(name, 'restart')]);
    const records = await finished(stage.kubernetes, 'restart', before + 1);
    expect(records.at(-1)!.status).toMatchObject({ reason: 'kill-switch', message: expect.stringMatching(reason) });
    expect(changesOf(stage.kubernetes, name)).toHaveLength(0);
  }

  afterEach(async () => {
    await stage.kubernetes.kubectl('delete', ...SWITCH, '--ignore-not-found');
    await stage.kubernetes.kubectl('create', ...SWITCH, '--from-literal=armed=true');
  });

  test('stops everything, and says why', async () => {
    await stage.kubernetes.kubectl('patch', ...SWITCH, '--type=merge', '--patch={"data":{"stop":"game day"}}');
    await skipped(/^game day$/);
  });

  test('is engaged when it is missing', async () => {
    await stage.kubernetes.kubectl('delete', ...SWITCH);
    await skipped(/cannot be read: .*404/);
  });

  test('is engaged when it cannot be read', async () => {
    await replica.server.stop();
    // The role names the ConfigMap: any other is forbidden.
    replica = await start({ killSwitch: 'some-other-switch' });
    await skipped(/cannot be read: .*403/);
    await replica.server.stop();
    replica = await start();
  });
});

describe('the proof', () => {
  test('no data is no success', async () => {
    await ask([alertAbout(await newDeployment(), 'restart-unknown')]);
    expect(endings(await finished(stage.kubernetes, 'restart-unknown'))).toEqual(['inconclusive']);
  });

  test('three runs without effect open the circuit and are told; later one is let through', async () => {
    const alertmanager = await startAlertmanager();
    await replica.server.stop();
    replica = await start({ alertmanagers: [alertmanager.url], externalLabels: { cluster: 'test' } });
    const name = await newDeployment();
    for (const run of [1, 2, 3]) {
      await ask([alertAbout(name, 'restart-useless')]);
      await finished(stage.kubernetes, 'restart-useless', run);
    }
    await ask([alertAbout(name, 'restart-useless')]);
    const records = await finished(stage.kubernetes, 'restart-useless', 4);
    expect(endings(records)).toEqual(['ineffective', 'ineffective', 'ineffective', 'skipped(circuit-open)']);
    expect(replica.server.log().match(/"message":"circuit open/g)).toHaveLength(1);

    // One alert for the runs, whichever of them raised it, and one for the circuit, with the labels of the rules.
    const common = {
      cluster: 'test',
      severity: 'high',
      category: 'meta',
      action: 'restart-workload',
      policy: 'restart-useless',
    };
    expect(await alertmanager.alerts()).toEqual([
      {
        ...common,
        alertname: 'RemediationActionFailed',
        target_kind: 'Deployment',
        target_namespace: APPLICATION,
        target_name: name,
      },
      { ...common, alertname: 'RemediationCircuitOpen', target: `Deployment ${APPLICATION}/${name}` },
    ]);

    await new Promise((resolve) => setTimeout(resolve, 6_500));
    await ask([alertAbout(name, 'restart-useless')]);
    expect(endings(await finished(stage.kubernetes, 'restart-useless', 5))).toContain('skipped(circuit-open)');
    await ask([alertAbout(name, 'restart-useless')]);
    // The one that was let through did not help either.
    expect(endings((await finished(stage.kubernetes, 'restart-useless', 6)).slice(3))).toEqual([
      'ineffective',
      'skipped(circuit-open)',
      'skipped(circuit-open)',
    ]);
    expect(changesOf(stage.kubernetes, name)).toHaveLength(4);
    await replica.server.stop();
    replica = await start();
  });
});

test('a budget that is spent lets nothing more through', async () => {
  const names = [await newDeployment(), await newDeployment()];
  await ask([alertAbout(names[0]!, 'restart-budget')]);
  await finished(stage.kubernetes, 'restart-budget');
  await ask([alertAbout(names[1]!, 'restart-budget')]);
  const records = await finished(stage.kubernetes, 'restart-budget', 2);
  expect(endings(records)).toEqual(['skipped(budget-exhausted)', 'succeeded']);
  expect(changesOf(stage.kubernetes, names[1]!)).toHaveLength(0);
});

describe('approval', () => {
  async function waiting(name: string, count: number) {
    await ask([alertAbout(name, 'restart-approved')]);
    await waitFor('a request for approval', async () => {
      const records = await recordsOf(stage.kubernetes, 'restart-approved');
      return records.length === count && records.at(-1)!.status.phase === 'awaiting-approval';
    });
    return (await recordsOf(stage.kubernetes, 'restart-approved')).at(-1)!.metadata.name;
  }

  test('what a human agrees to is done', async () => {
    const name = await newDeployment();
    const record = await waiting(name, 1);
    expect(changesOf(stage.kubernetes, name)).toHaveLength(0);
    await stage.kubernetes.kubectl(
      'annotate',
      'remediation',
      record,
      `--namespace=${MONITORING}`,
      `${KEYS.approved}=true`,
    );
    expect(endings(await finished(stage.kubernetes, 'restart-approved'))).toEqual(['succeeded']);
    expect(changesOf(stage.kubernetes, name)).toHaveLength(1);
  });

  test('what is resolved meanwhile is dropped', async () => {
    const name = await newDeployment();
    const request = alertAbout(name, 'restart-approved');
    await ask([request]);
    await waitFor('a request for approval', async () => {
      const records = await recordsOf(stage.kubernetes, 'restart-approved');
      return records.length === 2 && records.at(-1)!.status.phase === 'awaiting-approval';
    });
    await ask([{ ...request, status: 'resolved', endsAt: new Date().toISOString() }]);
    expect(endings(await finished(stage.kubernetes, 'restart-approved', 2))).toEqual([
      'skipped(alert-resolved)',
      'succeeded',
    ]);
  });

  test('what nobody agrees to is dropped', async () => {
    await replica.server.stop();
    replica = await start({ limits: { approvalSeconds: 2 } });
    const name = await newDeployment();
    await ask([alertAbout(name, 'restart-approved')]);
    const records = await finished(stage.kubernetes, 'restart-approved', 3);
    expect(endings(records)).toContain('skipped(approval-expired)');
    await replica.server.stop();
    replica = await start();
  });

  test('one replica is restarted only by agreement', async () => {
    const name = await newDeployment({ replicas: 1 });
    const before = (await recordsOf(stage.kubernetes, 'restart')).length;
    await ask([alertAbout(name, 'restart')]);
    await waitFor('a request for approval', async () => {
      const records = await recordsOf(stage.kubernetes, 'restart');
      return records.length === before + 1 && records.at(-1)!.status.phase === 'awaiting-approval';
    });
    const record = (await recordsOf(stage.kubernetes, 'restart')).at(-1)!;
    expect(record.status.message).toContain('it has one replica');
    await stage.kubernetes.kubectl(
      'annotate',
      'remediation',
      record.metadata.name,
      `--namespace=${MONITORING}`,
      `${KEYS.resolved}=now`,
    );
    await finished(stage.kubernetes, 'restart', before + 1);
  });
});

test('a dry run asks the API server, and changes nothing', async () => {
  await replica.server.stop();
  const dry = await start({ mode: 'dry-run' });
  const name = await newDeployment();
  const before = (await recordsOf(stage.kubernetes, 'restart')).length;
  await ask([alertAbout(name, 'restart')], dry);
  await ask([alertAbout(name, 'scale-up')], dry);
  const records = await finished(stage.kubernetes, 'restart', before + 1);
  await finished(stage.kubernetes, 'scale-up', 1);
  expect(records.at(-1)!.status).toMatchObject({ phase: 'dry-run', dryRun: true });
  const changes = changesOf(stage.kubernetes, name);
  expect(changes).toHaveLength(2);
  expect(changes.filter(({ requestURI }) => !requestURI.includes('dryRun=All'))).toEqual([]);
  expect(await restartedAt(name)).toBe('');
  await dry.server.stop();
  replica = await start();
});

describe('scaling up', () => {
  test('raises the floor of the autoscaler, and takes it back', async () => {
    const name = await newDeployment();
    await stage.kubernetes.kubectl(
      ...['autoscale', 'deployment', name, `--namespace=${APPLICATION}`, '--min=2', '--max=10', '--cpu=80%'],
    );
    const floor = async () =>
      (
        await stage.kubernetes.kubectl(
          ...['get', 'hpa', name, `--namespace=${APPLICATION}`, '--output=jsonpath={.spec.minReplicas}'],
        )
      ).stdout;
    expect(await floor()).toBe('2');
    const before = (await recordsOf(stage.kubernetes, 'scale-up')).length;
    await ask([alertAbout(name, 'scale-up')]);
    const records = await finished(stage.kubernetes, 'scale-up', before + 1);
    expect(records.at(-1)!.status).toMatchObject({
      phase: 'succeeded',
      effect: expect.stringContaining('from 2 to 3'),
    });
    expect(await floor()).toBe('3');
    await waitFor('the floor to come back', async () => (await floor()) === '2', { timeoutSeconds: 30 });
    await waitFor('the record to say so', async () => {
      const record = (await recordsOf(stage.kubernetes, 'scale-up')).at(-1)!;
      return record.status.reverted !== undefined && record.metadata.labels?.[KEYS.open] === undefined;
    });
  });

  test('adds replicas where no autoscaler owns them, up to the ceiling', async () => {
    const name = await newDeployment({ replicas: 4 });
    const before = (await recordsOf(stage.kubernetes, 'scale-up')).length;
    await ask([alertAbout(name, 'scale-up')]);
    const records = await finished(stage.kubernetes, 'scale-up', before + 1);
    expect(records.at(-1)!.status).toMatchObject({
      phase: 'succeeded',
      effect: expect.stringContaining('from 4 to 5'),
    });
    const { stdout } = await stage.kubernetes.kubectl(
      ...['get', 'deployment', name, `--namespace=${APPLICATION}`, '--output=jsonpath={.spec.replicas}'],
    );
    expect(stdout).toBe('5');
  });
});

describe('a replica that is killed', () => {
  /** Where the process is killed: at a request to the API server, before it gets there or before its answer comes back. */
  const places = [
    ['accepted', 'before it has decided', { method: 'POST', path: /\/leases/, when: 'before' }],
    ['planned', 'before the change it has announced', { method: 'PATCH', path: /\/deployments\//, when: 'before' }],
    ['changed', 'before it knows that the change is made', { method: 'PATCH', path: /\/deployments\//, when: 'after' }],
    [
      'verifying',
      'before it has looked at the effect',
      { method: 'PUT', path: /\/remediations\/.*\/status/, when: 'after', skip: 1 },
    ],
    ['unanswered', 'before it has answered Alertmanager', { method: 'POST', path: /\/remediations\?/, when: 'after' }],
  ] as const;

  test.each(places)('%s: %s makes one change, which another replica proves', async (state, _, hold) => {
    const policy = `killed-${state}`;
    const name = await newDeployment();
    await replica.server.stop();
    const proxy = await startApiProxy(stage.kubernetes);
    const victim = await start({ kubernetes: { ...proxy.connection, tokenFile: stage.deployed.tokenFile } });
    const held = proxy.hold(hold);
    const request = alertAbout(name, policy);
    const answer = notify(victim, stage.deployed, [request]).catch(() => undefined);
    await held;
    await victim.kill();
    await answer;

    replica = await start();
    if (state === 'unanswered') {
      await ask([request]); // As Alertmanager does when nobody answered.
    }
    const records = await finished(stage.kubernetes, policy);
    expect(endings(records)).toEqual(['succeeded']);
    expect(changesOf(stage.kubernetes, name).filter(({ responseStatus }) => responseStatus.code === 200)).toHaveLength(
      1,
    );
    expect(Date.parse(await restartedAt(name))).toBe(Date.parse(records[0]!.metadata.creationTimestamp!));
  });
});
