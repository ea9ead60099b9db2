import { readFileSync } from 'node:fs';
import { ALERTS_PAGE, alertsPage } from '../../scripts/alerts';
import { describeWithTools } from '../support/tools';

describeWithTools(['amtool'], 'docs/alerts.md', () => {
  const page = readFileSync(ALERTS_PAGE, 'utf8');

  it('tells what the rules and routes say now', () => {
    expect(alertsPage()).toBe(page);
  });

  it('names a receiver for every alert', () => {
    const [receivers] = page.split('\n## ');
    const rows = receivers!.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.filter((row) => !/[|,] (team|level)-|dead-mans-switch/.test(row))).toEqual([]);
  });
});
