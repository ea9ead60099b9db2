import { scaleUp } from '../../remediation';
import type { Remediation } from '../../remediation/record';
import { startPrometheus } from '../../testing/prometheus';
import { waitFor } from '../../testing/server';
import { MONITORING, notify } from '../../testing/webhook';
import { type RunningAlertmanager, startAlertmanager } from './support/alertmanager';
import { startApiProxy } from './support/api-proxy';
import {
  APPLICATION,
  type Asked,
  alertAbout,
  changesOf,
  DEPLOYMENTS,
  endings,
  finished,
  recordsOf,
  restarts,
  Stage,
  VERIFICATIONS,
  WEBHOOK,
} from './support/remediation';

/** What happens to changes and records when the mode, the policies or the replicas change afterwards. */

const FLOOR_SECONDS = 8;
const RESTART = restarts('restart');
/** Its first verification is the last. */
const IN_VAIN = restarts('restart-in-vain', {}, { ...VERIFICATIONS.unhealthy, withinSeconds: 1 });
const SCALE_UP = scaleUp({
  namespace: APPLICATION,
  deployments: DEPLOYMENTS,
  autoscalers: DEPLOYMENTS,
  maxReplicas: 5,
  expiresAfterSeconds: FLOOR_SECONDS,
  verification: VERIFICATIONS.healthy,
});

let stage: Stage;
let alertmanager: RunningAlertmanager;

beforeAll(async () => {
  alertmanager = await startAlertmanager();
  stage = await Stage.set([RESTART, IN_VAIN, SCALE_UP]);
  await restart();
});

/** Replaces the replica by one with other settings. People are notified through a real Alertmanager. */
function restart(overrides: Parameters<Stage['restart']>[0] = {}): Promise<void> {
  return stage.restart({ alertmanagers: [alertmanager.url], ...overrides });
}

async function recordOf(request: Asked): Promise<Remediation> {
  const [record] = await recordsOf(stage.kubernetes, [request]);
  return record!;
}

async function raisedAbout(name: string): Promise<readonly string[]> {
  const alerts = await alertmanager.alerts();
  return alerts.filter((alert) => alert.target_name === name).map((alert) => alert.alertname!);
}

describe('A raised minReplicas', () => {
  const minReplicasOf = async (name: string) => {
    const { stdout } = await stage.kubernetes.kubectl(
      ...['get', 'hpa', name, `--namespace=${APPLICATION}`, '--output=jsonpath={.spec.minReplicas}'],
    );
    return stdout;
  };

  async function raise(): Promise<{ name: string; request: Asked }> {
    const name = await stage.newDeployment();
    await stage.kubernetes.kubectl(
      ...['autoscale', 'deployment', name, `--namespace=${APPLICATION}`, '--min=2', '--max=5'],
    );
    const request = alertAbout(name, 'scale-up');
    await stage.ask(request);
    await waitFor('minReplicas to be raised', async () => (await minReplicasOf(name)) === '3');
    return { name, request };
  }

  const closed = (request: Asked, reverted: RegExp) =>
    waitFor('the record to say how the revert ended', async () =>
      reverted.test((await recordOf(request)).status.revertResult ?? ''),
    );

  it('is reverted although the mode is dry-run since', async () => {
    const { name, request } = await raise();
    await restart({ mode: 'dry-run' });
    await closed(request, /^lowered minReplicas of /);
    expect(await minReplicasOf(name)).toBe('2');
    await restart();
  });

  it('is left to people, who are notified, when its policy was removed', async () => {
    const { name, request } = await raise();
    await finished(stage.kubernetes, request);
    await restart({ policies: [RESTART] });
    await closed(request, /^policy scale-up was removed: revert by hand: raise minReplicas of /);
    expect((await recordOf(request)).status.phase).toBe('succeeded');
    expect(await minReplicasOf(name)).toBe('3');
    await waitFor('people to be notified', async () => (await raisedAbout(name)).includes('RemediationActionFailed'));
    await restart();
  });

  it('is given up when its autoscaler was deleted', async () => {
    const { name, request } = await raise();
    await stage.kubernetes.kubectl('delete', 'hpa', name, `--namespace=${APPLICATION}`);
    await closed(request, /^the target was deleted/);
  });
});

describe('An interrupted attempt', () => {
  /** Interrupts a restart before its change has reached the API server. */
  async function interrupted(): Promise<{ name: string; request: Asked }> {
    const name = await stage.newDeployment();
    const proxy = await startApiProxy(stage.kubernetes);
    const { tokenFile } = stage.deployed;
    await restart({ kubernetes: { ...proxy.connection, tokenFile } });
    const held = proxy.hold({ method: 'PATCH', path: /\/deployments\//, when: 'before' });
    const request = alertAbout(name, 'restart');
    await stage.ask(request);
    await held;
    await stage.webhook.kill();
    return { name, request };
  }

  it('is not resumed in mode dry-run', async () => {
    const { name, request } = await interrupted();
    await restart({ mode: 'dry-run' });
    expect(endings(await finished(stage.kubernetes, request))).toEqual(['failed']);
    expect((await recordOf(request)).status.message).toMatch(/the mode is dry-run now/);
    expect(changesOf(stage.kubernetes, name)).toEqual([]);
    await restart();
  });

  it('is not resumed long afterwards', async () => {
    const { name, request } = await interrupted();
    await new Promise((resolve) => setTimeout(resolve, 4000));
    await restart({ limits: { freshnessSeconds: 3 } });
    expect(endings(await finished(stage.kubernetes, request))).toEqual(['failed']);
    expect(changesOf(stage.kubernetes, name)).toEqual([]);
    await restart();
  });
});

describe('A failed attempt', () => {
  it('is reported by another replica when the first one was killed before it could', async () => {
    const name = await stage.newDeployment();
    const proxy = await startApiProxy(stage.kubernetes);
    const victim = await stage.start({
      kubernetes: { ...proxy.connection, tokenFile: stage.deployed.tokenFile },
      alertmanagers: [alertmanager.url],
    });
    await stage.webhook.server.stop();
    // The plan, the execution, and the end.
    const held = proxy.hold({ method: 'PUT', path: /\/remediations\/.*\/status/, when: 'after', skip: 2 });
    const request = alertAbout(name, 'restart-in-vain');
    await notify(victim, stage.deployed, [request]);
    await held;
    await victim.kill();
    expect((await recordOf(request)).status.phase).toMatch(/^(ineffective|timed-out)$/);
    expect(await raisedAbout(name)).toEqual([]);
    await restart();
    await waitFor('people to be notified', async () => (await raisedAbout(name)).includes('RemediationActionFailed'));
  });
});

describe('A remediation that cannot be decided', () => {
  it('fails after a while, and people are notified', async () => {
    const name = await stage.newDeployment();
    const roles = ['role', `${MONITORING}-remediation-webhook`, `--namespace=${APPLICATION}`];
    const { stdout: role } = await stage.kubernetes.kubectl('get', ...roles, '--output=json');
    await restart({ limits: { freshnessSeconds: 9 } });
    await stage.kubernetes.kubectl('delete', ...roles);
    await waitFor('the right to be gone', async () => {
      const where = [`deployments.apps/${name}`, `--namespace=${APPLICATION}`, `--as=${WEBHOOK}`];
      return (await stage.kubernetes.kubectl('auth', 'can-i', 'get', ...where)).stdout.startsWith('no');
    });
    const request = alertAbout(name, 'restart');
    await stage.ask(request);
    expect(endings(await finished(stage.kubernetes, request))).toEqual(['failed']);
    expect((await recordOf(request)).status.message).toMatch(/^nothing was changed, .*403/);
    await stage.kubernetes.kubectlWith(JSON.parse(role), 'create');
    await waitFor('people to be notified', async () =>
      (await alertmanager.alerts()).some((alert) => alert.policy === 'restart' && alert.target_kind === 'unknown'),
    );
    await restart();
  });
});

describe('A blocking condition', () => {
  it('holds when one of two Prometheus replicas reports it', async () => {
    const empty = await startPrometheus();
    const knowing = await startPrometheus({
      scrape_configs: [{ job_name: 'itself', static_configs: [{ targets: ['127.0.0.1:1'] }] }],
      global: { scrape_interval: '1s' },
    });
    await waitFor('a sample', async () => {
      const answer = await fetch(`${knowing.url}/api/v1/query?query=up`);
      return ((await answer.json()) as { data: { result: unknown[] } }).data.result.length > 0;
    });
    const policy = restarts('restart', { skipWhile: [{ name: 'something-down', query: 'up{job="itself"} == 0' }] });
    await restart({ policies: [policy], prometheus: [empty.url, knowing.url] });
    const name = await stage.newDeployment();
    const [record] = await stage.outcome(alertAbout(name, 'restart'));
    expect(record!.status).toMatchObject({ reason: 'unhealthy', message: 'something-down holds' });
    await restart();
  });
});

describe('The webhook', () => {
  it('is not ready while it lacks a right', async () => {
    await stage.withoutRight('events', async () => {
      const started = stage.start().then(() => 'ready', String);
      expect(await started).toMatch(/RBAC does not allow create events in sightedit-monitoring, and must/);
    });
  }, 120_000);
});
