import { readFileSync } from 'node:fs';
import type { Route } from '../../formats/alertmanager';
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
