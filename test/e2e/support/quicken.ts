import { dump, load } from 'js-yaml';
import type { AlertmanagerConfig, Route } from '../../../constructs';
import type { Configuration } from '../../../remediation/configuration';
import { isAlertingRule, type RuleFile } from '../../../rules';

/** Milliseconds of each unit of Prometheus' durations. */
const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const DURATION = String.raw`(?:\d+(?:ms|[smhdw]))+`;

/** Divides a Prometheus duration: `5m` by 30 is `10s`. */
export function divided(duration: string, factor: number): string {
  const parts = [...duration.matchAll(/(\d+)(ms|[smhdw])/g)];
  const milliseconds = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNITS[unit as keyof typeof UNITS],
    0,
  );
  return `${Math.max(1, Math.round(milliseconds / factor))}ms`;
}

/**
 * Divides the waits, ranges and offsets in a rule file. Numbers in expressions stay.
 *
 * @param without names of alerts to leave out
 */
export function quickenRules(text: string, factor: number, without: readonly string[] = []): string {
  const quick = (duration: string) => divided(duration, factor);
  const { groups } = load(text) as RuleFile;
  return dump({
    groups: groups.map(({ name, rules }) => ({
      name,
      rules: rules
        .filter((rule) => !isAlertingRule(rule) || !without.includes(rule.alert))
        .map((rule) => ({
          ...rule,
          expr: rule.expr
            .replace(
              new RegExp(`\\[(${DURATION})(:(${DURATION})?)?\\]`, 'g'),
              (_, range: string, colon = '', step = '') =>
                colon ? `[${quick(range)}:${step && quick(step)}]` : `[${quick(range)}]`,
            )
            .replace(new RegExp(`\\boffset (${DURATION})`, 'g'), (_, offset: string) => `offset ${quick(offset)}`),
          ...(isAlertingRule(rule) && rule.for ? { for: quick(rule.for) } : {}),
          ...(isAlertingRule(rule) && rule.keep_firing_for ? { keep_firing_for: quick(rule.keep_firing_for) } : {}),
        })),
    })),
  });
}

/** Divides the times of the routes. */
export function quickenRoutes(config: AlertmanagerConfig, factor: number): AlertmanagerConfig {
  const quick = (duration: string | undefined) => (duration === undefined ? undefined : divided(duration, factor));
  const route = (each: Route): Route => ({
    ...each,
    group_wait: quick(each.group_wait),
    group_interval: quick(each.group_interval),
    repeat_interval: quick(each.repeat_interval),
    routes: each.routes?.map(route),
  });
  return { ...config, route: route(config.route) };
}

/** Settings about the speed of machines, which are not divided. */
const MACHINE_SETTINGS = ['timeoutSeconds', 'lockSeconds'];

/** Divides the waits and cooldowns of the webhook, down to one second at the least. */
export function quickenWebhook(configuration: Configuration, factor: number): Configuration {
  return JSON.parse(JSON.stringify(configuration), (key, value) =>
    key.endsWith('Seconds') && !MACHINE_SETTINGS.includes(key) ? Math.ceil(value / factor) : value,
  );
}
