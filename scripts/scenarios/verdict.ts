import { durationText, parseDuration } from './duration';
import type { Expected, Scenario } from './stories';
import type { Firing } from './trial';

/** How a story differs from what it expects: one line each. */
export function differences(scenario: Scenario, firings: readonly Firing[]): readonly string[] {
  const unexpected = firings
    .filter(({ alert }) => !(alert in scenario.fires))
    .map((firing) => `${named(firing)} fires at ${durationText(firing.first)}, and nothing should`);
  const early = firings
    .filter(({ first }) => first < scenario.fault)
    .map((firing) => `${named(firing)} fires at ${durationText(firing.first)}, before the fault`);
  return [
    ...unexpected,
    ...early,
    ...Object.entries(scenario.fires).flatMap(([alert, expected]) =>
      ofAlert(
        alert,
        expected,
        firings.filter((firing) => firing.alert === alert),
        scenario.clock.length,
      ),
    ),
  ];
}

function ofAlert(alert: string, expected: Expected, firings: readonly Firing[], length: number): readonly string[] {
  if (firings.length === 0) {
    return [`${alert} does not fire`];
  }
  const first = Math.min(...firings.map((firing) => firing.first));
  const last = Math.max(...firings.map((firing) => firing.last));
  const wrong = firings.filter(({ labels }) =>
    Object.entries(expected.labels ?? {}).some(([label, value]) => labels[label] !== value),
  );
  return [
    ...(first > parseDuration(expected.by)
      ? [`${alert} fires at ${durationText(first)}, later than ${expected.by}`]
      : []),
    ...(expected.ends !== undefined && last > parseDuration(expected.ends)
      ? [`${alert} fires until ${durationText(last)}, longer than ${expected.ends}`]
      : []),
    ...(expected.lasts && last < length ? [`${alert} ends at ${durationText(last)}, before the story`] : []),
    ...(!expected.again && firings.some(({ interrupted }) => interrupted) ? [`${alert} resolves and fires again`] : []),
    ...wrong.map((firing) => `${named(firing)} has other labels than ${JSON.stringify(expected.labels)}`),
  ];
}

function named({ alert, labels }: Firing): string {
  const { severity: _, category: __, ...own } = labels;
  return Object.keys(own).length === 0 ? alert : `${alert}${JSON.stringify(own)}`;
}

/** A story's firings in a cell: each alert with the time of its first firing. */
export function summary(firings: readonly Firing[]): string {
  const firsts = new Map<string, number>();
  for (const { alert, first } of firings) {
    firsts.set(alert, Math.min(first, firsts.get(alert) ?? first));
  }
  return (
    [...firsts]
      .sort(([, one], [, other]) => one - other)
      .map(([alert, first]) => `${alert} ${durationText(first)}`)
      .join(', ') || 'nothing'
  );
}
