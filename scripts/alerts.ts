import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'cdk8s';
import { dump, load } from 'js-yaml';
import { addSightEditMonitoring, resolveSettings, sightEdit } from '../charts';
import { type AlertingRule, RuleCatalogue } from '../rules';
import { BIN, ROOT } from '../tools/catalogue';
import { runCommand } from './command';

const USAGE = `Prints every alert and who hears of it, asking the real amtool.

  npm run alerts               the table
  npm run alerts -- --write    writes it to docs/alerts.md

Requirements amtool: npm run tools -- amtool`;

/** Where the table is kept. */
export const ALERTS_PAGE = join(ROOT, 'docs', 'alerts.md');

const COLUMNS = ['alert', 'severity', 'category', 'receivers', 'remediation', 'runbook', 'tests'] as const;
type Row = Readonly<Record<(typeof COLUMNS)[number], string>>;

const COVERAGE_COLUMNS = ['metric', 'read by', 'missed by'] as const;
type CoverageRow = Readonly<Record<(typeof COVERAGE_COLUMNS)[number], string>>;

/** The page that holds the table. */
export function alertsPage(): string {
  const rows = alertRows().map((row) => ({
    ...row,
    alert: `\`${row.alert}\``,
    runbook: `[runbook](../${row.runbook})`,
  }));
  return [
    '# Alerts',
    '',
    `Every alert of the catalogue, ${rows.length} of them, and who hears of it in SightEdit's settings. Written by`,
    '`npm run alerts -- --write`; a test compares it with the rules and routes.',
    '',
    ...table(COLUMNS, rows),
    '',
    '## When a metric disappears',
    '',
    'An alert on a metric that is gone is silent. For every metric that alerts read, and the alert that fires then; where it',
    'is `ScrapeTargetMissing`, the whole job of the metric is missed. An exception says why nobody has to miss the metric.',
    '',
    ...table(COVERAGE_COLUMNS, coverageRows()),
    '',
  ].join('\n');
}

/** One row for each metric that alerts read. */
function coverageRows(): readonly CoverageRow[] {
  const { coverage, alerts } = RuleCatalogue.sightEdit();
  const names = new Set(alerts.map(({ alert }) => alert));
  const metrics = [...new Set(coverage.map(({ metric }) => metric))].sort();
  return metrics.map((metric) => {
    const readers = coverage.filter((each) => each.metric === metric);
    const speakers = [...new Set(readers.map(({ by = '' }) => by))];
    return {
      metric: `\`${metric}\``,
      'read by': String(new Set(readers.map(({ alert }) => alert)).size),
      'missed by': speakers.map((by) => (names.has(by) ? `\`${by}\`` : `exception: ${by}`)).join(', '),
    };
  });
}

/** One row for each alert. The receivers are those that amtool names for the alert's labels. */
function alertRows(): readonly Row[] {
  const directory = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
  try {
    const config = join(directory, 'alertmanager.yml');
    writeFileSync(config, routingConfig());
    return [...RuleCatalogue.sightEdit().alerts]
      .sort((a, b) => a.alert.localeCompare(b.alert))
      .map((rule) => ({
        alert: rule.alert,
        severity: rule.labels.severity,
        category: rule.labels.category,
        receivers: receivers(config, rule).join(', '),
        remediation: rule.labels.remediation ?? '',
        runbook: `runbooks/${rule.alert}.md`,
        tests: String(testCount(rule.alert)),
      }));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Alertmanager's configuration; the templates do not matter to the routes. */
function routingConfig(): string {
  const { alerting } = addSightEditMonitoring(new App(), 'alerts', resolveSettings(sightEdit, 'production'));
  return dump(JSON.parse(JSON.stringify({ ...alerting.routing.config, templates: [] })));
}

function receivers(config: string, { alert, labels }: AlertingRule): string[] {
  const matchers = Object.entries({ alertname: alert, ...labels }).map(([name, value]) => `${name}=${value}`);
  const args = ['config', 'routes', 'test', `--config.file=${config}`, ...matchers];
  return execFileSync(join(BIN, 'amtool'), args, { encoding: 'utf8' }).trim().split(',');
}

function testCount(alert: string): number {
  const text = readFileSync(join(ROOT, 'rules', 'tests', `${alert}.yaml`), 'utf8');
  return (load(text) as { tests: unknown[] }).tests.length;
}

function table<Column extends string>(
  names: readonly Column[],
  rows: readonly Readonly<Record<Column, string>>[],
): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(names), line(names.map(() => '---')), ...rows.map((row) => line(names.map((name) => row[name])))];
}

/** The table as aligned text. */
function columns(rows: readonly Row[]): string[] {
  const heading = Object.fromEntries(COLUMNS.map((column) => [column, column])) as Row;
  const all = [heading, ...rows];
  const widths = COLUMNS.map((column) => Math.max(...all.map((row) => row[column].length)));
  return all.map((row) =>
    COLUMNS.map((column, n) => row[column].padEnd(widths[n]!))
      .join('  ')
      .trimEnd(),
  );
}

function main(options: readonly string[]): number {
  if (!existsSync(join(BIN, 'amtool'))) {
    console.error('amtool is missing: run "npm run tools -- amtool"');
    return 1;
  }
  if (options.includes('--write')) {
    writeFileSync(ALERTS_PAGE, alertsPage());
    return 0;
  }
  console.log(columns(alertRows()).join('\n'));
  return 0;
}

if (require.main === module) {
  runCommand({ usage: USAGE, run: main });
}
