import type { Manifest } from '../../../testing/manifests';
import { textFilesOf } from '../graph/files';
import { matchesGlob } from '../graph/glob';
import { type Part, type Pods, podsOf } from '../graph/pods';
import { parseYaml } from '../graph/yaml';

/** An Alertmanager's configuration and its templates. */
interface Routing {
  readonly pods: Pods;
  readonly config: Part;
  /** Text of the templates that the configuration loads. */
  readonly templates: readonly string[];
}

/** Names that Alertmanager's own template/default.tmpl and template/email.tmpl define. */
const OWN_TEMPLATE = /^(__\w+|\w+\.default\.\w+)$/;

/** Templates of channels that `dist/` does not use. The file of templates has those of every channel. */
const FOR_OTHER_CHANNELS: readonly string[] = [
  'monitoring.sms', // For Amazon SNS. A gateway writes its text messages itself.
];

/** Every route leads to a receiver, and every receiver has a route. */
export function receivers(manifests: readonly Manifest[]): string[] {
  return inEach(manifests, ({ config }) => {
    const names: string[] = config.receivers.map(({ name }: Part) => name);
    const wanted = routesOf(config.route).flatMap(({ receiver }) => receiver ?? []);
    return [
      ...without(wanted, names).map((name) => `a route leads to ${name}, which is not a receiver`),
      ...without(names, wanted).map((name) => `no route leads to receiver ${name}`),
      ...(config.route.receiver ? [] : ['the first route has no receiver']),
    ];
  });
}

/** Every template that is used is defined, and every template that is defined is used. */
export function templates(manifests: readonly Manifest[]): string[] {
  return inEach(manifests, ({ config, templates }) => {
    const text = [JSON.stringify(config.receivers).replaceAll('\\"', '"'), ...templates].join('\n');
    const used = namesAfter('template', text);
    const defined = namesAfter('define', text);
    return [
      ...without(used, defined)
        .filter((name) => !OWN_TEMPLATE.test(name))
        .map((name) => `template ${name} is used but not defined`),
      ...without(defined, [...used, ...FOR_OTHER_CHANNELS]).map((name) => `template ${name} is defined but not used`),
    ];
  });
}

/** Every time interval that a route names is defined, and every one that is defined is used. */
export function timeIntervals(manifests: readonly Manifest[]): string[] {
  return inEach(manifests, ({ config }) => {
    const defined: string[] = (config.time_intervals ?? []).map(({ name }: Part) => name);
    const named = routesOf(config.route).flatMap(({ active_time_intervals = [], mute_time_intervals = [] }) => [
      ...active_time_intervals,
      ...mute_time_intervals,
    ]);
    return [
      ...without(named, defined).map((name) => `a route names the time interval ${name}, which is not defined`),
      ...without(defined, named).map((name) => `no route names the time interval ${name}`),
    ];
  });
}

/** Every alert that a route or an inhibition names is one of the rules. */
export function namedAlerts(manifests: readonly Manifest[]): string[] {
  const alerts = alertNames(manifests);
  return inEach(manifests, ({ config }) => {
    const inhibitions: Part[] = config.inhibit_rules ?? [];
    return [
      ...routesOf(config.route).map(({ matchers = [] }) => ({ who: 'a route', matchers })),
      ...inhibitions.map(({ name, source_matchers, target_matchers }) => ({
        who: `inhibition ${name}`,
        matchers: [...source_matchers, ...target_matchers],
      })),
    ].flatMap(({ who, matchers }) =>
      without(matchers.flatMap(alertsIn), alerts).map(
        (alert) => `${who} names the alert ${alert}, which no rule fires`,
      ),
    );
  });
}

/** Lines about each Alertmanager, with its name. */
function inEach(manifests: readonly Manifest[], inspect: (routing: Routing) => string[]): string[] {
  return podsOf(manifests).flatMap((pods) => {
    const files = textFilesOf(manifests, pods);
    const configs = files.filter(({ name }) => name === 'alertmanager.yml').map(({ text }) => parseYaml(text));
    return configs.flatMap((config) => {
      const patterns: string[] = config.templates ?? [];
      const templates = files.filter(({ path }) => patterns.some((pattern) => matchesGlob(path, pattern)));
      const lines = inspect({ pods, config, templates: templates.map(({ text }) => text) });
      return lines.map((line) => `${pods.name}: ${line}`);
    });
  });
}

/** A route and every route below it. */
function routesOf(route: Part): Part[] {
  return [route, ...(route.routes ?? []).flatMap(routesOf)];
}

/** `x` in `{{ define "x" }}`, or whichever keyword. */
function namesAfter(keyword: string, text: string): string[] {
  return [...text.matchAll(new RegExp(`\\{\\{-?\\s*${keyword}\\s+"([^"]+)"`, 'g'))].map(([, name]) => name!);
}

/** Names in `alertname = "A"` or `alertname =~ "A|B"`. */
function alertsIn(matcher: string): string[] {
  const [, names] = /^alertname\s*=~?\s*"(.*)"$/.exec(matcher) ?? [];
  return names?.split('|') ?? [];
}

function alertNames(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests)
    .flatMap((pods) => textFilesOf(manifests, pods))
    .filter(({ name }) => name.endsWith('.yaml'))
    .flatMap(({ text }) => parseYaml(text).groups ?? [])
    .flatMap(({ rules }) => rules)
    .flatMap(({ alert }) => alert ?? []);
}

/** Names that are not among others, once each. */
function without(names: readonly string[], others: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => !others.includes(name));
}
