import { CLUSTER_LABEL, type Inhibition } from '../../rules';
import type { ExpectedAlert } from './promtool-test';

/** Labels that an inhibition compares and that some alert lacks in one of its tests. Prometheus adds `cluster`. */
export function inhibitionProblems(
  { source, targets, equal }: Inhibition,
  expectedOf: (alert: string) => readonly ExpectedAlert[],
): string[] {
  const carries = (alert: string, label: string) => {
    const expected = expectedOf(alert);
    return expected.length > 0 && expected.every(({ exp_labels }) => exp_labels?.[label]);
  };
  return [source, ...targets].flatMap((alert) =>
    equal
      .filter((label) => label !== CLUSTER_LABEL && !carries(alert, label))
      .map((label) => `${alert} lacks ${label}, which the inhibition by ${source} compares`),
  );
}
