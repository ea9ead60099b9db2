import { join } from 'node:path';
import { ROOT } from '../../tools/catalogue';
import { CHOICES } from './choices';
import { ALERT_COLUMNS, alertRows, COVERAGE_COLUMNS, coverageRows, medianText, SLOW_COLUMNS, slowRows } from './rows';

/** The page that `npm run alerts -- --write` writes. */
export const ALERTS_PAGE = join(ROOT, 'docs', 'alerts.md');

/** Content of the page. */
export function alertsPage(): string {
  const rows = alertRows().map((row) => ({
    ...row,
    alert: `\`${row.alert}\``,
    runbook: `[runbook](../${row.runbook})`,
  }));
  return [
    '# Alerts',
    '',
    `All ${rows.length} alerts of the catalogue, and their receivers in SightEdit's settings. \`npm run alerts -- --write\``,
    'writes this page; a test compares it with the rules and the routes.',
    '',
    '`notified after` is the time from the fault to the first notification, in the clearest story that',
    '`rules/scenarios` tells of it: the time to the first firing, one scrape, one evaluation, and the wait for the group.',
    'Loki evaluates the alerts over logs, so no story has them. Their time is that of the fastest of their tests: from the',
    'last lines before they fire, and one evaluation and the wait for the group. The seconds of the log agent are not in it.',
    '`≥` means that no story has the alert: its own waiting time then stands for the first firing.',
    '',
    ...table(ALERT_COLUMNS, rows),
    '',
    '## Critical alerts that take longer than three minutes',
    '',
    `The median critical alert notifies after ${medianText()}. The slower ones say why (\`rules/detection/slow.yaml\`):`,
    '',
    ...table(SLOW_COLUMNS, slowRows()),
    '',
    '## Notifications of a healthy month',
    '',
    '`npm run noise` counts them: [Noise](testing.md#noise).',
    '',
    '## When a metric disappears',
    '',
    'An alert cannot fire when its metric is gone. For each metric that alerts read, this table names the alert that fires',
    'instead. `ScrapeTargetMissing` covers a whole scrape job. An exception gives the reason why no alert is needed.',
    '',
    ...table(COVERAGE_COLUMNS, coverageRows()),
    '',
    '## What other rule sets have',
    '',
    'Alerts of the mixins and of other public rule sets that this catalogue lacks on purpose, or has in another form.',
    '[Stories](scenarios.md) show what fires in their place.',
    '',
    ...table(['upstream', 'ours', 'reason'], CHOICES),
    '',
  ].join('\n');
}

function table<Column extends string>(
  names: readonly Column[],
  rows: readonly Readonly<Record<Column, string>>[],
): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(names), line(names.map(() => '---')), ...rows.map((row) => line(names.map((name) => row[name])))];
}
