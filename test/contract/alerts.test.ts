import { readFileSync } from 'node:fs';
import type { Route } from '../../formats/alertmanager';
import {
  type Detection,
  detections,
  FAST_SECONDS,
  medianCritical,
  reasonedAlerts,
} from '../../scripts/alerts/detection';
import { ALERTS_PAGE, alertsPage } from '../../scripts/alerts/page';
import { receiversOf } from '../../scripts/alerts/routing';

describe('docs/alerts.md', () => {
  const page = readFileSync(ALERTS_PAGE, 'utf8');

  it('agrees with the rules and the routes (if not: npm run alerts -- --write)', () => {
    expect(alertsPage()).toBe(page);
  });

  it('names a receiver for every alert', () => {
    const [receivers] = page.split('\n## ');
    const rows = receivers!.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.filter((row) => !/[|,] (team|level)-|dead-mans-switch/.test(row))).toEqual([]);
  });
});

describe('The time from a fault to its notification', () => {
  const times = detections();
  const critical = [...times.values()].filter(({ severity }) => severity === 'critical');

  it('is less than three minutes for the median critical alert', () => {
    expect(critical.length).toBeGreaterThan(20);
    expect(medianCritical(times)).toBeLessThan(FAST_SECONDS);
  });

  it('is that of a story for every critical alert', () => {
    expect(critical.filter(({ hasStory }) => !hasStory).map(({ alert }) => alert)).toEqual([]);
  });

  it('has a reason where a critical alert takes longer, and nowhere else (rules/detection/slow.yaml)', () => {
    const slow = critical.filter(({ seconds }) => seconds > FAST_SECONDS).map(({ alert }) => alert);
    expect([...reasonedAlerts()].sort()).toEqual(slow.sort());
  });

  it('is longer where the alert waits longer', () => {
    // A claim is lost at once; a node is not ready only after five minutes.
    expect(times.get('NodeNotReady')!.seconds).toBeGreaterThan(times.get('PersistentVolumeClaimLost')!.seconds);
  });

  it.each([
    [[60, 240, 120], 120],
    [[60, 240, 120, 180], 150],
  ])('has a median of %j', (seconds, median) => {
    const all = seconds.map((one, index): [string, Detection] => [
      `Alert${index}`,
      { alert: `Alert${index}`, severity: 'critical', seconds: one, hasStory: true },
    ]);
    const high: Detection = { alert: 'High', severity: 'high', seconds: 1, hasStory: true };
    expect(medianCritical(new Map([...all, ['High', high]]))).toBe(median);
  });
});

// amtool.test.ts compares the function with the real one, on the real configuration.
describe('The receivers of an alert', () => {
  const tree: Route = {
    receiver: 'root',
    routes: [
      {
        receiver: 'team',
        matchers: ['category = "shop"'],
        continue: true,
        routes: [{ matchers: ['severity="high"'] }],
      },
      { receiver: 'urgent', matchers: ['severity =~ "critical|high"', 'silent != "yes"'] },
      { receiver: 'never', matchers: ['severity = "high"'] },
      { receiver: 'unknown', matchers: ['severity !~ "critical|high|low"'] },
    ],
  };

  it.each([
    ['of the first route that matches', { severity: 'critical' }, ['urgent']],
    ['of the next routes, after one that continues', { category: 'shop', severity: 'high' }, ['team', 'urgent']],
    [
      'of the parent, where a child names none',
      { category: 'shop', severity: 'high', silent: 'yes' },
      ['team', 'never'],
    ],
    ['of the root, where nothing matches', { severity: 'low' }, ['root']],
    ['of a route that a missing label matches', {}, ['unknown']],
    ['of no route whose pattern matches only a part', { severity: 'highest' }, ['unknown']],
  ])('are those %s', (_, labels, receivers) => {
    expect(receiversOf(tree, labels)).toEqual(receivers);
  });

  it('are not guessed from a matcher of another form', () => {
    expect(() => receiversOf({ receiver: 'root', matchers: ['{a="b", c="d"}'] }, {})).toThrow(
      '{a="b", c="d"} is not a matcher such as severity = "critical"',
    );
  });
});
