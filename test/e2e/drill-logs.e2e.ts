import type { Remediation } from '../../remediation/record';
import { isOpen } from '../../remediation/record';
import { waitFor } from '../../testing/server';
import { FACTOR } from './support/drill';
import { BLOCKED_SECONDS, type LogDrill, RIGHT_PASSWORD, startLogDrill } from './support/drill-logs';
import { describeLoki, linesOf, reportSkipped } from './support/loki';
import { Timeline } from './support/timeline';

/** Addresses for documentation, which nobody has. */
const ATTACKER = '203.0.113.77';
const NEIGHBOUR = '203.0.113.78';
const KEY = `denylist:${ATTACKER}/32`;

describeLoki(`The drill of an attack in the logs, ${FACTOR} times as fast as in production`, (check) => {
  let drill: LogDrill | undefined;
  afterAll(() => drill?.stop());

  check(
    'blocks an address: attack, log file, agent, Loki, alert, notification, denylist, refused request, expiry',
    async () => {
      drill = await startLogDrill();
      const { redis, sinks, loki, logIn, firing, records } = drill;
      const finished = async (policy: string) =>
        (await records()).filter(({ spec, status }) => spec.policy === policy && status.phase && !isOpen(status.phase));
      const timeline = new Timeline();

      // A neighbour mistypes twice and then logs in.
      expect([await logIn(NEIGHBOUR, 'u-2', 'no'), await logIn(NEIGHBOUR, 'u-2', 'no')]).toEqual([401, 401]);
      expect(await logIn(NEIGHBOUR, 'u-2', RIGHT_PASSWORD)).toBe(200);

      timeline.add('the attacker begins to guess');
      for (let guess = 0; guess < 7; guess += 1) {
        expect(await logIn(ATTACKER, 'u-1', `guess-${guess}`)).toBe(401);
      }
      expect(await logIn(ATTACKER, 'u-1', RIGHT_PASSWORD)).toBe(200);
      timeline.add('the attacker has guessed the password, in eight attempts');
      await waitFor('the lines in Loki', async () => (await linesOf(loki.url, LINES)).length === 8);
      timeline.add('Loki has the lines');
      await waitFor('the alert', async () => (await firing('LoginGuessingFromAddress')).length > 0);
      timeline.add('LoginGuessingFromAddress fires');
      expect(await firing('LoginGuessingFromAddress')).toEqual([
        expect.objectContaining({ client_ip: ATTACKER, remediation: 'block-address' }),
      ]);

      await waitFor('the denylist', async () => (await redis.admin.exists(KEY)) === 1);
      const blockedAt = Date.now();
      timeline.add('the address is in the denylist');
      expect(await logIn(ATTACKER, 'u-1', RIGHT_PASSWORD)).toBe(403);
      timeline.add('the application refuses the attacker: 403');
      expect(await logIn(NEIGHBOUR, 'u-2', RIGHT_PASSWORD)).toBe(200);
      expect(await redis.admin.keys('denylist:*')).toEqual([KEY]);
      await waitFor('the record', async () => (await finished('block-address')).length === 1);
      const [block] = await finished('block-address');
      expect(block!.status).toMatchObject({ phase: 'succeeded', target: { kind: 'Address', name: `${ATTACKER}/32` } });

      await waitFor('the incident', async () => (await incidentOf(await finished('open-incident'))) !== undefined);
      const incident = incidentOf(await finished('open-incident'))!;
      timeline.add('the incident is open', incident.status.executionTime);
      checkEvidence(incident);
      await waitFor('Slack', async () => sinks.received.some(({ text }) => text.includes('LoginGuessingFromAddress')));

      await waitFor('the end of the alert', async () => (await firing('LoginGuessingFromAddress')).length === 0);
      timeline.add('LoginGuessingFromAddress is resolved');
      await waitFor('the expiry', async () => (await redis.admin.exists(KEY)) === 0);
      timeline.add('the address is no longer in the denylist');
      // The time of the block ran, and not more than that.
      expect(Date.now() - blockedAt).toBeLessThan((BLOCKED_SECONDS + 5) * 1000);
      expect(await logIn(ATTACKER, 'u-1', 'no')).toBe(401);
      timeline.add('the application answers the address again: 401');
      timeline.print(
        'An address that guesses passwords is blocked, for a while',
        `record ${block!.metadata.name}: ${block!.status.message}`,
        `record ${incident.metadata.name}: ${incident.status.message}`,
      );
    },
    600_000,
  );
});

const LINES = `{namespace="sightedit", stream="security"} |= "${ATTACKER}"`;

function incidentOf(records: readonly Remediation[]): Remediation | undefined {
  return records.find(({ spec }) => spec.alert.name === 'LoginSucceededAfterGuessing');
}

/** The incident holds the lines of the attack, without the passwords, and a link to them. */
function checkEvidence({ status }: Remediation): void {
  expect(status.phase).toBe('succeeded');
  const { logs, 'log lines': lines = '', ...facts } = status.evidence!;
  expect(facts).toMatchObject({ 'label client_ip': ATTACKER, 'label user': 'u-1' });
  const events = lines.split('\n').map((line) => line.slice(line.indexOf(' ') + 1));
  expect(events).toHaveLength(8);
  expect(events.filter((event) => event.includes('"auth_failure"'))).toHaveLength(7);
  expect(events.at(-1)).toContain('"auth_success"');
  expect(lines).toContain('[masked:password]');
  expect(lines).not.toMatch(/guess-\d|horse/);
  const { incident } = JSON.parse(new URL(logs!).searchParams.get('panes')!);
  expect(incident.queries[0].expr).toBe(
    `{namespace="sightedit"} |~ "(^|[^0-9a-fA-F:.])203\\\\.0\\\\.113\\\\.77([^0-9a-fA-F:.]|$)"`,
  );
}

// Jest runs no hooks of a file whose tests are all skipped.
reportSkipped();
