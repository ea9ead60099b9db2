import { notify } from '../../testing/webhook';
import { startApiProxy } from './support/api-proxy';
import { alertAbout, changesOf, endings, finished, restartedAt, restarts, Stage } from './support/remediation';

/**
 * Where the process is killed: at a request to the API server, before the request or the response arrives.
 */
const PLACES = [
  ['before it has decided', { method: 'POST', path: /\/leases/, when: 'before' }],
  ['before the change that it has announced', { method: 'PATCH', path: /\/deployments\//, when: 'before' }],
  ['before it knows that the change is made', { method: 'PATCH', path: /\/deployments\//, when: 'after' }],
  // The first status stores the plan; the second says that the change was made.
  ['before it has looked at the effect', { method: 'PUT', path: /\/remediations\/.*\/status/, when: 'after', skip: 1 }],
  ['before it has answered Alertmanager', { method: 'POST', path: /\/remediations\?/, when: 'after' }],
] as const;

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.set([restarts('restart')]);
});

it.each(PLACES)(
  'A replica that is killed %s has made one change with the next one, which proves it',
  async (_, place) => {
    const name = await stage.newDeployment();
    await stage.webhook.server.stop();
    const proxy = await startApiProxy(stage.kubernetes);
    const victim = await stage.start({ kubernetes: { ...proxy.connection, tokenFile: stage.deployed.tokenFile } });
    const request = alertAbout(name, 'restart');
    const held = proxy.hold(place);
    const answer = notify(victim, stage.deployed, [request]).catch(() => undefined);
    await held;
    await victim.kill();
    // Alertmanager sends a notification again that was not answered.
    const answered = await answer;
    await stage.restart();
    if (!answered) {
      await stage.ask(request);
    }

    const [record] = await finished(stage.kubernetes, request);
    expect(endings([record!])).toEqual(['succeeded']);
    const changes = changesOf(stage.kubernetes, name).filter(({ responseStatus }) => responseStatus.code === 200);
    expect(changes).toHaveLength(1);
    const began = Date.parse(record!.status.executionStartTime!);
    expect(Date.parse(await restartedAt(stage.kubernetes, name))).toBe(Math.floor(began / 1000) * 1000);
  },
);
