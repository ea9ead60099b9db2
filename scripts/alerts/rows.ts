import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { isAlertingRule, RuleCatalogue, rulesOf } from '../../rules';
import { sightEditPlatform } from '../../testing/platform';
import { ROOT } from '../../tools/catalogue';
import { durationText } from '../scenarios/duration';
import { type Detection, detections, detectionText, FAST_SECONDS, medianCritical } from './detection';
import { receiversOf } from './routing';

export const ALERT_COLUMNS = [
  'alert',
  'severity',
  'category',
  'receivers',
  'notified after',
  'remediation',
  'runbook',
  'tests',
] as const;
export type AlertRow = Readonly<Record<(typeof ALERT_COLUMNS)[number], string>>;

/** One row for each alert, with its receivers in SightEdit's settings. */
export function alertRows(): readonly AlertRow[] {
  const { config } = sightEditPlatform().charts.alerting.routing;
  const times = detections();
  return [...RuleCatalogue.sightEdit().alerts]
    .sort((a, b) => a.alert.localeCompare(b.alert))
    .map(({ alert, labels }) => ({
      alert,
      severity: labels.severity ?? '',
      category: labels.category ?? '',
      receivers: receiversOf(config.route, { alertname: alert, ...labels }).join(', '),
      'notified after': times.has(alert) ? detectionText(times.get(alert)!) : '',
      remediation: labels.remediation ?? '',
      runbook: `runbooks/${alert}.md`,
      tests: String(testCount(alert)),
    }));
}

const LOG_ALERTS: ReadonlySet<string> = new Set(
  rulesOf(RuleCatalogue.sightEdit().logs)
    .filter(isAlertingRule)
    .map(({ alert }) => alert),
);

function testCount(alert: string): number {
  const directory = LOG_ALERTS.has(alert) ? join('logs', 'tests') : 'tests';
  const text = readFileSync(join(ROOT, 'rules', directory, `${alert}.yaml`), 'utf8');
  return (load(text) as { tests: unknown[] }).tests.length;
}

export const COVERAGE_COLUMNS = ['metric', 'read by', 'absence covered by'] as const;
export type CoverageRow = Readonly<Record<(typeof COVERAGE_COLUMNS)[number], string>>;

/** One row for each metric that alerts read. */
export function coverageRows(): readonly CoverageRow[] {
  const { coverage, alerts } = RuleCatalogue.sightEdit();
  const names = new Set(alerts.map(({ alert }) => alert));
  const metrics = [...new Set(coverage.map(({ metric }) => metric))].sort();
  return metrics.map((metric) => {
    const readers = coverage.filter((each) => each.metric === metric);
    const covering = [...new Set(readers.map(({ coveredBy = '' }) => coveredBy))];
    return {
      metric: `\`${metric}\``,
      'read by': String(new Set(readers.map(({ alert }) => alert)).size),
      'absence covered by': covering.map((by) => (names.has(by) ? `\`${by}\`` : `exception: ${by}`)).join(', '),
    };
  });
}

export const SLOW_COLUMNS = ['alert', 'notified after', 'reason'] as const;
export type SlowRow = Readonly<Record<(typeof SLOW_COLUMNS)[number], string>>;

/** The critical alerts that notify late, the latest first. */
export function slowRows(times: ReadonlyMap<string, Detection> = detections()): readonly SlowRow[] {
  return [...times.values()]
    .filter(({ severity, seconds }) => severity === 'critical' && seconds > FAST_SECONDS)
    .sort((one, other) => other.seconds - one.seconds || one.alert.localeCompare(other.alert))
    .map((detection) => ({
      alert: `\`${detection.alert}\``,
      'notified after': detectionText(detection),
      reason: detection.reason ?? '',
    }));
}

/** Median time to the notification of a critical alert. */
export function medianText(): string {
  return durationText(medianCritical(detections()));
}
