import {
  ancestors,
  children,
  type Matcher,
  matches,
  nodesOf,
  type PromqlNode,
  type RuleFile,
  rulesOf,
  selectorOf,
  textOf,
} from '../../rules';

/** A read of a metric by a rule: the series that match, over a range of time before the evaluation. */
export interface Read {
  readonly matchers: readonly Matcher[];
  /** Start of the range, in seconds before the evaluation. */
  readonly from: number;
  /** End of the range, in seconds before the evaluation. */
  readonly to: number;
}

/** Age up to which Prometheus takes the last sample for the current value. */
const LOOKBACK_SECONDS = 5 * 60;
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Everything that a set of rules reads, by the name of the series. */
export class Reads {
  private readonly byName = new Map<string, Read[]>();

  constructor(files: readonly RuleFile[]) {
    for (const { expr } of rulesOf(files)) {
      this.add(expr);
    }
  }

  get names(): readonly string[] {
    return [...this.byName.keys()];
  }

  /** The reads of one series. */
  of(name: string, labels: Readonly<Record<string, string>>): readonly Read[] {
    return this.all(name).filter(({ matchers }) =>
      matchers.every((matcher) => matches(matcher, labels[matcher.label] ?? '')),
    );
  }

  /** The values of a label that some rule selects. */
  valuesOf(name: string, label: string): readonly string[] {
    const values = this.all(name)
      .flatMap(({ matchers }) => matchers)
      .filter((matcher) => matcher.label === label)
      .flatMap(({ operator, value }) => (operator.includes('~') ? value.split('|') : [value]))
      .filter((value) => /^[\w.+/-]+$/.test(value));
    return [...new Set(values)];
  }

  private all(name: string): readonly Read[] {
    return this.byName.get(name) ?? [];
  }

  private add(expr: string): void {
    for (const node of nodesOf(expr, 'VectorSelector')) {
      const { name, matchers } = selectorOf(expr, node);
      if (name !== undefined) {
        this.byName.set(name, [...this.all(name), { matchers, ...rangeOf(expr, node) }]);
      }
    }
  }
}

/** The range that a selector reads. Ranges and subqueries around it extend the range; offsets shift it. */
function rangeOf(expr: string, selector: PromqlNode): { from: number; to: number } {
  let from = LOOKBACK_SECONDS;
  let to = 0;
  for (const node of ancestors(selector)) {
    const [, durationNode] = children(node).filter(({ name }) => name !== 'Offset');
    if (['MatrixSelector', 'SubqueryExpr', 'OffsetExpr'].includes(node.name)) {
      const seconds = secondsOf(textOf(expr, durationNode!));
      from += seconds;
      to += node.name === 'OffsetExpr' ? seconds : 0;
    }
  }
  return { from, to };
}

/** Seconds of a PromQL duration, e.g. `1h30m`. */
function secondsOf(duration: string): number {
  return [...duration.matchAll(/(\d+)([smhdw])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!,
    0,
  );
}
