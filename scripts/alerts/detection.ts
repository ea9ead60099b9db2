import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveSettings, sightEdit } from '../../charts';
import { parseYaml } from '../../formats/yaml';
import { type AlertingRule, RuleCatalogue } from '../../rules';
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
   * one evaluation and the wait for the group. Without a story, the alert's waiting time takes the place of the first
   * firing, so this is the least.
   */
  readonly seconds: number;
  readonly hasStory: boolean;
  /** Why a critical alert takes longer than `FAST_SECONDS`. */
  readonly reason?: string;
}

/** The detection time of every critical and every high alert, by alert. */
export function detections(): ReadonlyMap<string, Detection> {
  const firsts = firstFirings();
  const reasons = parseYaml(readFileSync(REASONS, 'utf8')) as Readonly<Record<string, string>>;
  const all = RuleCatalogue.sightEdit().alerts.filter(({ labels }) => ['critical', 'high'].includes(labels.severity!));
  return new Map(
    all.map((rule): [string, Detection] => {
      const first = firsts.get(rule.alert);
      return [
        rule.alert,
        {
          alert: rule.alert,
          severity: rule.labels.severity!,
          seconds: (first ?? secondsOf(rule.for)) + delayOf(rule),
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

/** One scrape, one evaluation, and the wait for the group. */
function delayOf({ alert, labels }: AlertingRule): number {
  const { intervalSeconds } = resolveSettings(sightEdit, 'production').metrics;
  const { config } = sightEditPlatform().charts.alerting.routing;
  return 2 * intervalSeconds + firstWait(config, { alertname: alert, ...labels });
}
