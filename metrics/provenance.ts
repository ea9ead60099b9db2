import type { MetricUse } from '../rules';
import { readExpression } from './expression';
import type { KnownMetrics } from './known';

/**
 * Metrics and labels that an expression names and nothing provides, one line each. It follows every label through the
 * expression, which is too slow for each synthesis: call it in a test.
 *
 * @example
 * const known = new KnownMetrics({ jobs: prometheus.scrapeConfigs, lists: metricLists(), rules: catalogue.files });
 * expect(provenanceProblems(catalogue.uses, known)).toEqual([]);
 */
export function provenanceProblems(uses: readonly MetricUse[], known: KnownMetrics): string[] {
  return uses.flatMap(({ where, expr, shows }) => {
    const { labels, problems } = readExpression(expr, known.source);
    const lost = shows
      .filter((label) => labels && !labels.has(label))
      .map((label) => `needs the label ${label}, which the result does not have`);
    return [...problems, ...lost].map((problem) => `${where}: ${problem}`);
  });
}
