import type { Route } from '../../formats/alertmanager';
import { type Matcher, matches } from '../../rules';

type Labels = Readonly<Record<string, string>>;

/**
 * Receivers of an alert with these labels, in the order of the routes. It follows Alertmanager's algorithm; a test
 * compares it with `amtool config routes test`.
 *
 * @see https://prometheus.io/docs/alerting/latest/configuration/#route
 */
export function receiversOf(route: Route, labels: Labels, inherited = ''): string[] {
  if (!(route.matchers ?? []).every((matcher) => isMatched(matcher, labels))) {
    return [];
  }
  const receiver = route.receiver ?? inherited;
  const found: string[] = [];
  for (const child of route.routes ?? []) {
    const receivers = receiversOf(child, labels, receiver);
    found.push(...receivers);
    if (receivers.length > 0 && !child.continue) {
      break;
    }
  }
  return found.length > 0 ? found : [receiver];
}

/** Alertmanager treats a label that an alert lacks as empty. */
export function isMatched(text: string, labels: Labels): boolean {
  const [, label, operator, value] = /^\s*(\w+)\s*(=~|!~|!=|=)\s*"(.*)"\s*$/.exec(text) ?? [];
  if (label === undefined) {
    throw new Error(`${text} is not a matcher such as severity = "critical"`);
  }
  return matches({ label, operator: operator as Matcher['operator'], value: value! }, labels[label] ?? '');
}
