import { writeFileSync } from 'node:fs';
import { ALERTS_PAGE, alertsPage } from './alerts/page';
import { ALERT_COLUMNS, type AlertRow, alertRows } from './alerts/rows';
import { runCommand } from './command';

const USAGE = `Prints every alert with its receivers.

  npm run alerts               prints the table
  npm run alerts -- --write    writes docs/alerts.md`;

/** The rows as aligned columns of text. */
function aligned(rows: readonly AlertRow[]): string[] {
  const heading = Object.fromEntries(ALERT_COLUMNS.map((column) => [column, column])) as AlertRow;
  const all = [heading, ...rows];
  const widths = ALERT_COLUMNS.map((column) => Math.max(...all.map((row) => row[column].length)));
  return all.map((row) =>
    ALERT_COLUMNS.map((column, n) => row[column].padEnd(widths[n]!))
      .join('  ')
      .trimEnd(),
  );
}

function main(options: readonly string[]): number {
  if (options.includes('--write')) {
    writeFileSync(ALERTS_PAGE, alertsPage());
  } else {
    console.log(aligned(alertRows()).join('\n'));
  }
  return 0;
}

runCommand({ usage: USAGE, run: main });
