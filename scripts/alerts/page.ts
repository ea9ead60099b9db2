import { join } from 'node:path';
import { ROOT } from '../../tools/catalogue';
import { CHOICES } from './choices';
import { ALERT_COLUMNS, alertRows, COVERAGE_COLUMNS, coverageRows } from './rows';

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
    ...table(ALERT_COLUMNS, rows),
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
