import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { blockAddress, scaleUp } from '../../remediation';
import type { ConnectionSettings } from '../../remediation/clients';
import { alertDigest, KEYS, REMEDIATION, type Remediation, targetDigest } from '../../remediation/record';
import { temporaryDirectory } from '../../testing/cleanup';
import { writeInto } from '../../testing/files';
import { type RunningPrometheus, startPrometheus } from '../../testing/prometheus';
import { waitFor } from '../../testing/server';
import { alert, MONITORING } from '../../testing/webhook';
import { type RunningRedis, startRedis } from './support/redis';
import {
  APPLICATION,
  type Asked,
  alertAbout,
  awaitingApproval,
  changesOf,
  DEPLOYMENTS,
  endings,
  finished,
  inPhase,
  recordsOf,
  restartedAt,
  restarts,
  rolledOut,
  Stage,
  VERIFICATIONS,
} from './support/remediation';

/** What others write into records, labels and Alertmanager, and what the server makes of it. */

const RECORDS = `/apis/${REMEDIATION.group}/${REMEDIATION.version}/namespaces/${MONITORING}/${REMEDIATION.plural}`;
const TTL_SECONDS = 600;
const RAISED_SECONDS = 6;
const MINUTE_MS = 60_000;

const RESTART = restarts('restart');
const FIRING = restarts('firing-restart', { cooldownSeconds: 0 });
const BLOCK = blockAddress({
  ...{
    rehearsal: true,
    loadBalancers: [],
    neverBlock: ['9.9.9.9/32'],
    ttlSeconds: TTL_SECONDS,
    cooldownSeconds: 0,
    budgetPerHour: 50,
  },
});
const SCALE_UP = scaleUp({
  ...{ namespace: APPLICATION, deployments: DEPLOYMENTS, autoscalers: DEPLOYMENTS, maxReplicas: 5, budgetPerHour: 50 },
  ...{ expiresAfterSeconds: RAISED_SECONDS, cooldownSeconds: 0, verification: VERIFICATIONS.healthy },
});
const POLICIES = [RESTART, FIRING, BLOCK, SCALE_UP];

let stage: Stage;
let redis: RunningRedis;
let prometheus: RunningPrometheus;

beforeAll(async () => {
  redis = await startRedis();
  prometheus = await startPrometheus({
    global: { evaluation_interval: '1s', external_labels: { cluster: 'production' } },
    rule_files: [
      writeInto(temporaryDirectory(), 'rules.yml', JSON.stringify({ groups: [{ name: 'test', rules: RULES }] })),
    ],
  });
  const connections: ConnectionSettings = { redis: { kind: 'redis', host: '127.0.0.1', port: redis.port } };
  stage = await Stage.set(POLICIES, {}, { connections });
  await restart();
}, 120_000);

/** The alert that fires is about the first of the Deployments, and names the cache of one tenant. */
const RULES = [
  {
    alert: 'SampleAlert',
    expr: 'vector(1)',
    labels: {
      ...{ severity: 'high', category: 'application', remediation: 'firing-restart', namespace: APPLICATION },
      ...{ workload: DEPLOYMENTS[0], workload_type: 'deployment', tenant: 'one' },
    },
  },
];

function restart(overrides: Parameters<Stage['restart']>[0] = {}): Promise<void> {
  const externalLabels = { cluster: 'production' };
  return stage.restart({ prometheus: [prometheus.url], externalLabels, ...overrides });
}

/** Creates a record as somebody with the right to do so: with any labels, and then any status. */
async function forge(asked: Asked, policy: { name: string; action: string }, status: object, labels = {}) {
  const { fingerprint, startsAt, annotations } = asked;
  const recorded = { name: 'SampleAlert', fingerprint, startsAt, labels: asked.labels, annotations };
  const digest = alertDigest(policy.name, recorded);
  const record = await stage.kubernetes.send<Remediation>('POST', RECORDS, {
    apiVersion: `${REMEDIATION.group}/${REMEDIATION.version}`,
    kind: REMEDIATION.kind,
    metadata: {
      name: `${policy.name}-${digest}-1`,
      labels: { [KEYS.policy]: policy.name, [KEYS.action]: policy.action, [KEYS.alert]: digest, ...labels },
    },
    spec: { policy: policy.name, action: policy.action, alert: recorded, attempt: 1, traceparent: '' },
  });
  const path = `${RECORDS}/${record.metadata.name}`;
  if (Object.keys(status).length > 0) {
    await stage.kubernetes.send('PUT', `${path}/status`, { ...record, status });
  }
  return {
    /** Lets the server see it. */
    open: () =>
      stage.kubernetes.send(
        'PATCH',
        path,
        { metadata: { labels: { [KEYS.open]: 'true' } } },
        'application/merge-patch+json',
      ),
  };
}

const now = (seconds = 0) => new Date(Date.now() + seconds * 1000).toISOString();
const statusOf = async (asked: Asked) => (await recordsOf(stage.kubernetes, [asked]))[0]!.status;
const keys = () => redis.admin.keys('*');
/** Changes of a Deployment that were made, not only asked about. */
const made = (name: string) =>
  changesOf(stage.kubernetes, name).filter(
    ({ requestURI, responseStatus }) => !requestURI.includes('dryRun=All') && responseStatus.code === 200,
  );
const targetOf = (name: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', namespace: APPLICATION, name });

describe('A forged status', () => {
  afterEach(() => redis.empty());

  it('makes no dry run a real one', async () => {
    const name = await stage.newDeployment();
    const asked = alertAbout(name, 'restart');
    await restart({ mode: 'dry-run' });
    const record = await forge(asked, RESTART, { phase: 'accepted', dryRun: false, target: targetOf(name) });
    await record.open();
    expect(endings(await finished(stage.kubernetes, asked))).toEqual(['dry-run']);
    expect(made(name)).toEqual([]);
    await restart();
  });

  it.each([
    ['accepted', '10.0.0.1/32', {}],
    ['accepted', '203.0.113.9/32', {}],
    ['executing', '0.0.0.0/0', { executionStartTime: now(), dryRun: false }],
    ['verifying', '0.0.0.0/0', { executionStartTime: now(), executionTime: now() }],
  ])('of a record that is %s blocks no address but the alert’s: %s', async (phase, target, times) => {
    const asked = alert({ remediation: 'block-address', client_ip: '203.0.113.7' });
    const plan = { summary: 'block it', details: { seconds: 10 ** 9, until: '2099-01-01T00:00:00Z' } };
    const status = { phase, target: { kind: 'Address', name: target }, plan, ...times };
    await (await forge(asked, BLOCK, status)).open();
    const [record] = await finished(stage.kubernetes, asked);
    expect(record!.status.phase).toMatch(/^(failed|inconclusive)$/);
    expect(record!.status.message).toMatch(/the record was altered: .*(10\.0\.0\.1|203\.0\.113\.9|0\.0\.0\.0)/);
    expect(await keys()).toEqual([]);
  });

  it('blocks an address no longer than the policy says, and not one that is exempt', async () => {
    const execution = (name: string) => ({
      ...{ phase: 'executing', target: { kind: 'Address', name }, dryRun: false, executionStartTime: now() },
      plan: { summary: 'block it', details: { seconds: 10 ** 9 } },
    });
    const asked = alert({ remediation: 'block-address', client_ip: '203.0.113.7' });
    const exempt = alert({ remediation: 'block-address', client_ip: '9.9.9.9' });
    await (await forge(asked, BLOCK, execution('203.0.113.7/32'))).open();
    await (await forge(exempt, BLOCK, execution('9.9.9.9/32'))).open();
    expect(endings(await finished(stage.kubernetes, asked, exempt))).toEqual(['failed', 'succeeded']);
    expect(await keys()).toEqual(['denylist:203.0.113.7/32']);
    expect(await redis.admin.ttl('denylist:203.0.113.7/32')).toBeLessThanOrEqual(TTL_SECONDS);
  });

  it('is not executed where a decision would skip, or ask', async () => {
    const [resting, alone] = [await stage.newDeployment(), await stage.newDeployment({ replicas: 1 })];
    expect(endings(await stage.outcome(alertAbout(resting, 'restart')))).toEqual(['succeeded']);
    const requests = [alertAbout(resting, 'restart'), alertAbout(alone, 'restart')] as const;
    for (const [index, name] of [resting, alone].entries()) {
      const plan = { summary: `restart ${name}`, details: { replicas: 1 } };
      const status = { phase: 'executing', target: targetOf(name), plan, dryRun: false, executionStartTime: now() };
      await (await forge(requests[index]!, RESTART, status)).open();
    }
    const records = await finished(stage.kubernetes, ...requests);
    expect(endings(records)).toEqual(['failed', 'failed']);
    expect(records.map(({ status }) => status.message)).toEqual([
      expect.stringMatching(/the last attempt was too recent/),
      expect.stringMatching(/nobody has approved/),
    ]);
    expect([made(resting).length, made(alone).length]).toEqual([1, 0]);
  });
});

describe('A cooldown', () => {
  it.each([
    ['no time', {}, 'missing'],
    ['a time in the future', { phase: 'succeeded', executionTime: '2099-01-01T00:00:00Z' }, 'in the future'],
  ])('holds after a record with %s', async (_what, status, why) => {
    const name = await stage.newDeployment();
    const labels = { [KEYS.target]: targetDigest(targetOf(name)), [KEYS.executed]: 'true' };
    await forge(alertAbout(name, 'restart'), RESTART, status, labels);
    const [record] = await stage.outcome(alertAbout(name, 'restart'));
    expect(endings([record!])).toEqual(['skipped(cooldown)']);
    expect(record!.status.message).toContain(why);
    expect(made(name)).toEqual([]);
  });
});

describe('A temporary change', () => {
  const minReplicasOf = async (name: string) => {
    const path = '--output=jsonpath={.spec.minReplicas}';
    return (await stage.kubernetes.kubectl('get', 'hpa', name, `--namespace=${APPLICATION}`, path)).stdout;
  };

  async function raise(): Promise<{ name: string; record: string }> {
    const name = await stage.newDeployment();
    await stage.kubernetes.kubectl(
      ...['autoscale', 'deployment', name, `--namespace=${APPLICATION}`, '--min=2', '--max=5'],
    );
    const asked = alertAbout(name, 'scale-up');
    await stage.ask(asked);
    await waitFor('minReplicas to be raised', async () => (await minReplicasOf(name)) === '3');
    const [record] = await inPhase(stage.kubernetes, [asked], 'the record', () => true);
    return { name, record: record!.metadata.name };
  }
  const reverted = (name: string) =>
    waitFor('minReplicas to be reverted', async () => (await minReplicasOf(name)) === '2');
  const onRecord = (verb: string, record: string, ...args: readonly string[]) =>
    stage.kubernetes.kubectl(verb, 'remediation', record, `--namespace=${MONITORING}`, ...args);

  it('is reverted although the label of its record is removed', async () => {
    const { name, record } = await raise();
    expect((await onRecord('label', record, `${KEYS.open}-`)).code).toBe(0);
    await reverted(name);
  });

  it('is reverted although the label is removed while no replica runs', async () => {
    const { name, record } = await raise();
    await stage.webhook.server.stop();
    await onRecord('label', record, `${KEYS.open}-`);
    await restart();
    await reverted(name);
  });

  it('is reverted although its record is deleted', async () => {
    const { name, record } = await raise();
    // Nothing holds the deletion back.
    expect((await onRecord('delete', record, '--timeout=5s')).code).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, RAISED_SECONDS * 1000));
    // A replica looks for changes at its start, and then every minute.
    await restart();
    await reverted(name);
    expect(stage.webhook.server.log()).toMatch(/reverted a change without a record: lowered minReplicas/);
  });
});

describe('An alert', () => {
  /** The alert of the rule, as Prometheus sends it, with its external label. */
  const delivered = (labels: Readonly<Record<string, string>> = {}) =>
    alertAbout(DEPLOYMENTS[0]!, 'firing-restart', { tenant: 'one', cluster: 'production', ...labels });

  it('that Prometheus does not know is skipped, and one that fires is not', async () => {
    const name = await stage.newDeployment();
    const skipped = [
      alertAbout(name, 'firing-restart'),
      delivered({ alertname: 'AnotherAlert' }),
      delivered({ tenant: 'two' }),
      delivered({ cluster: 'staging' }),
      delivered({ more: 'labels' }),
      alertAbout(DEPLOYMENTS[0]!, 'firing-restart', { cluster: 'production' }),
    ];
    expect(new Set(endings(await stage.outcome(...skipped)))).toEqual(new Set(['skipped(alert-not-firing)']));
    const before = made(DEPLOYMENTS[0]!).length;
    expect(endings(await stage.outcome(delivered()))).toEqual(['succeeded']);
    expect(made(DEPLOYMENTS[0]!).length).toBe(before + 1);
    expect(made(name)).toEqual([]);
  });
});

describe('An approval', () => {
  const annotate = (record: Remediation, value: string) =>
    stage.kubernetes.kubectl(
      ...['annotate', 'remediation', record.metadata.name, `--namespace=${MONITORING}`, '--overwrite'],
      `${KEYS.approved}=${value}`,
    );

  it('is for the plan that was shown, and the restart carries the time of its execution', async () => {
    const name = await stage.newDeployment({ replicas: 1, strategy: { type: 'Recreate' } });
    const asked = alertAbout(name, 'restart');
    await stage.ask(asked);
    const shown = await awaitingApproval(stage.kubernetes, asked);
    await stage.kubernetes.kubectl(
      ...['scale', 'deployment', name, `--namespace=${APPLICATION}`, '--replicas=3', '--timeout=30s'],
    );
    await rolledOut(stage.kubernetes, name);
    await annotate(shown, 'true');
    await waitFor(
      'the new plan to be shown',
      async () => (await statusOf(asked)).planDigest !== shown.status.planDigest,
    );
    const again = await awaitingApproval(stage.kubernetes, asked);
    expect(again.status.message).toMatch(/approval again: .*\(3 replicas\).*\(1 replicas\)" was approved/);
    expect(made(name)).toEqual([]);
    const approved = Math.floor(Date.now() / 1000) * 1000;
    await annotate(again, again.status.planDigest!);
    expect(endings(await finished(stage.kubernetes, asked))).toEqual(['succeeded']);
    expect(made(name)).toHaveLength(1);
    expect(Date.parse(await restartedAt(stage.kubernetes, name))).toBeGreaterThanOrEqual(approved);
    expect(Date.parse(await restartedAt(stage.kubernetes, name))).toBeLessThan(approved + MINUTE_MS);
  });
});

describe('An answer of Prometheus', () => {
  let code = 200;
  let fields: object = {};
  const server = createServer((_request, response) => {
    const data = { resultType: 'vector', result: [{ metric: {}, value: [Date.now() / 1000, '1'] }] };
    response.writeHead(code, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify({ status: 'success', data, ...fields }));
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const withCondition = restarts('restart', { skipWhile: [{ name: 'database-down', query: 'vector(0) > 1' }] });
    const verified = restarts('restart-verified', {}, { ...VERIFICATIONS.healthy, withinSeconds: 1 });
    await restart({ prometheus: [url], policies: [withCondition, verified] });
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const old = { resultType: 'vector', result: [{ metric: {}, value: [Date.now() / 1000 - 600, '1'] }] };
  it.each([
    ['with warnings', 200, { warnings: ['No StoreAPIs matched for this query'] }],
    ['with an error of HTTP', 503, {}],
    ['that is old', 200, { data: old }],
  ])('%s proves nothing', async (_what, status, given) => {
    [code, fields] = [status, given];
    const [one, other] = [await stage.newDeployment(), await stage.newDeployment()];
    const records = await stage.outcome(alertAbout(one, 'restart'), alertAbout(other, 'restart-verified'));
    expect(endings(records)).toEqual(['inconclusive', 'skipped(health-unknown)']);
  });
});
