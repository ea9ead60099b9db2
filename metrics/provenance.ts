import type { MetricUse } from '../rules';
import { readExpression } from './expression';
import type { KnownMetrics } from './known';

/** Every metric and label that is named and that nothing gives, one line each. */
export function provenanceProblems(uses: readonly MetricUse[], known: KnownMetrics): string[] {
  return uses.flatMap(({ where, expr, shows }) => {
    const { labels, problems } = readExpression(expr, known.source);
    const lost = shows
      .filter((label) => labels && !labels.has(label))
      .map((label) => `the label ${label} is shown, and the result does not have it`);
    return [...problems, ...lost].map((problem) => `${where}: ${problem}`);
  });
}
