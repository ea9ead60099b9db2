import { isAlertingRule, RuleCatalogue } from '../../rules';
import { evaluate } from '../../testing/logql/evaluate';
import type { LogLine } from '../../testing/logql/lines';
import { firing, SENDERS } from '../../testing/logql/rule-tests';
import { ATTACKS } from './attacks';
import { BENIGN } from './benign';
import { type ActingSession, acting, type FiredAlert, scoreOf, share } from './score';

const NOW = 1_800_000_000;

/** Lines of sessions within the last minute, and one of each workload and log, as a platform always has them. */
function linesOf(sessions: readonly ActingSession[]): readonly LogLine[] {
  const quiet = (['backend', 'cdn', 'website', 'security'] as const).map((from) => ({ from, text: 'ok' }));
  const lines = [...quiet, ...sessions.flatMap(({ session, actor }) => session.lines(actor))];
  return lines.map(({ from, text }, n) => ({
    at: NOW - 60 + (59 * n) / lines.length,
    labels: { ...SENDERS[from], level: /"level":"error"/.test(text) ? 'error' : 'info' },
    text,
  }));
}

/** The alerts that fire about lines, as the engine of the tests finds them. */
async function alertsAbout(lines: readonly LogLine[]): Promise<readonly FiredAlert[]> {
  const fired: FiredAlert[] = [];
  for (const group of RuleCatalogue.sightEdit().logs.flatMap(({ groups }) => groups)) {
    for (const rule of group.rules.filter(isAlertingRule)) {
      const alerts = await firing(
        // A rule that waits is judged as after its wait: the lines are there at once.
        { rule: { ...rule, for: undefined }, group, tests: [] },
        async (expr, at) => evaluate(expr, lines, at),
        NOW,
      );
      fired.push(...alerts.map(({ labels }) => ({ alert: rule.alert, labels })));
    }
  }
  return fired;
}

const benign = acting(BENIGN, 1);
const attacks = acting(ATTACKS, 101);

test('the corpus has sixty sessions of each side, and no two of one name', () => {
  for (const sessions of [ATTACKS, BENIGN]) {
    expect(sessions.length).toBeGreaterThanOrEqual(60);
    const names = sessions.map(({ kind, name }) => `${kind}: ${name}`);
    expect(new Set(names).size).toBe(names.length);
  }
});

test('no alert fires about the benign sessions', async () => {
  expect(await alertsAbout(linesOf(benign))).toEqual([]);
});

test('an alert fires about each attack, while the benign sessions go on', async () => {
  const fired = await alertsAbout(linesOf([...benign, ...attacks]));
  const rows = scoreOf(attacks, fired);
  expect(rows.filter(({ missed }) => missed.length > 0).map(({ kind, missed }) => ({ kind, missed }))).toEqual([]);
  expect(share(rows)).toBe(1);
  expect(scoreOf(benign, fired).flatMap(({ alerts }) => alerts)).toEqual([]);
});

test('an attack that no alert is about lowers the score', () => {
  const [row] = scoreOf(attacks.slice(0, 2), [
    { alert: 'SqlInjectionProbes', labels: { client_ip: attacks[0]!.actor.ip() } },
  ]);
  expect(row).toEqual({
    kind: 'SQL injection',
    sessions: 2,
    found: 1,
    missed: ['numbers without quotes'],
    alerts: ['SqlInjectionProbes'],
  });
  expect(share([row!])).toBe(0.5);
});
