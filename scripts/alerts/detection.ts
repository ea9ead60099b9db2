import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveSettings, sightEdit } from '../../charts';
import { parseYaml } from '../../formats/yaml';
import { type AlertingRule, RuleCatalogue } from '../../rules';
import { type RuleTest, seconds, testedRules } from '../../testing/logql/rule-tests';
import { sightEditPlatform } from '../../testing/platform';
import { ROOT } from '../../tools/catalogue';
import { secondsOf } from '../noise/alert-state';
import { firstWait } from '../noise/alertmanager';
import { durationText, parseDuration } from '../scenarios/duration';
import { BASELINE, SCENARIOS } from '../scenarios/series';

/** Reasons of the critical alerts that notify late, by alert. */
const REASONS = join(ROOT, 'rules', 'detection', 'slow.yaml');

/** Time from a fault to its notification beyond which a critical alert needs a reason. */
export const FAST_SECONDS = 180;

/** How soon an alert notifies people after its fault. */
export interface Detection {
  readonly alert: string;
  readonly severity: string;
  /**
   * Seconds from the fault to the notification: to the first firing in the story that fires it soonest, and one scrape,
   * one evaluation and the wait for the group. An alert over logs has its tests in place of stories, and no scrape; the
   * seconds that a line takes to Loki are not counted. With neither, the alert's waiting time takes the place of the
   * first firing, so this is the least.
   */
  readonly seconds: number;
  readonly hasStory: boolean;
  /** Why a critical alert takes longer than `FAST_SECONDS`. */
  readonly reason?: string;
}

/** The detection time of every critical and every high alert, by alert. */
export function detections(): ReadonlyMap<string, Detection> {
  const firsts = firstFirings();
  const logs = new Map(testedRules().map((tested) => [tested.rule.alert, tested]));
  const reasons = parseYaml(readFileSync(REASONS, 'utf8')) as Readonly<Record<string, string>>;
  const scrapeSeconds = resolveSettings(sightEdit, 'production').metrics.intervalSeconds;
  const all = RuleCatalogue.sightEdit().alerts.filter(({ labels }) => ['critical', 'high'].includes(labels.severity!));
  return new Map(
    all.map((rule): [string, Detection] => {
      const log = logs.get(rule.alert);
      const first = log ? firstInTests(log.tests) : firsts.get(rule.alert);
      const delay = log ? seconds(log.group.interval!) : 2 * scrapeSeconds;
      return [
        rule.alert,
        {
          alert: rule.alert,
          severity: rule.labels.severity!,
          seconds: (first ?? secondsOf(rule.for)) + delay + waitOf(rule),
          hasStory: first !== undefined,
          reason: reasons[rule.alert],
        },
      ];
    }),
  );
}

/** A detection time as text. `≥` tells that no story has the alert. */
export function detectionText({ seconds, hasStory }: Detection): string {
  return `${hasStory ? '' : '≥ '}${durationText(seconds)}`;
}

/** Median detection time of the critical alerts, in seconds. */
export function medianCritical(all: ReadonlyMap<string, Detection>): number {
  const times = [...all.values()]
    .filter(({ severity }) => severity === 'critical')
    .map(({ seconds }) => seconds)
    .sort((one, other) => one - other);
  const middle = Math.floor(times.length / 2);
  return times.length % 2 === 1 ? times[middle]! : (times[middle - 1]! + times[middle]!) / 2;
}

/** Alerts with a reason. */
export function reasonedAlerts(): readonly string[] {
  return Object.keys(parseYaml(readFileSync(REASONS, 'utf8')) as object);
}

/** What a story says of its alerts. */
interface Told {
  readonly fault?: string;
  readonly fires?: { readonly [alert: string]: string | { readonly by: string } };
}

/** Seconds from the fault to the first firing, by alert: the least of all stories. `npm run scenarios` proves them. */
function firstFirings(): ReadonlyMap<string, number> {
  const firsts = new Map<string, number>();
  const files = readdirSync(SCENARIOS).filter((file) => file.endsWith('.yaml') && file !== BASELINE);
  const stories = files.flatMap(
    (file) => (parseYaml(readFileSync(join(SCENARIOS, file), 'utf8')) as { stories: readonly Told[] }).stories,
  );
  for (const { fires = {}, fault = '0' } of stories) {
    for (const [alert, expected] of Object.entries(fires)) {
      const by = typeof expected === 'string' ? expected : expected.by;
      const seconds = parseDuration(by) - parseDuration(fault);
      firsts.set(alert, Math.min(seconds, firsts.get(alert) ?? seconds));
    }
  }
  return firsts;
}

/**
 * Seconds from the last lines before an alert over logs fires to its first firing: the least of all tests. Several lines
 * of one entry, e.g. the twenty failures of an attack, count from the first one.
 */
function firstInTests(tests: readonly RuleTest[]): number | undefined {
  const times = tests.flatMap(({ lines, expect }) => {
    const fires = expect.filter(({ alerts }) => alerts.length > 0).map(({ at }) => seconds(at));
    const first = Math.min(...fires);
    const begins = lines.map(({ at }) => seconds(at)).filter((at) => at <= first);
    return fires.length > 0 && begins.length > 0 ? [first - Math.max(...begins)] : [];
  });
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** The wait for the group. */
function waitOf({ alert, labels }: AlertingRule): number {
  return firstWait(sightEditPlatform().charts.alerting.routing.config, { alertname: alert, ...labels });
}
