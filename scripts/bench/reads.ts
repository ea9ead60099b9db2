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

/** What a rule reads of a metric: the series that match, over a stretch of the past. */
export interface Read {
  readonly matchers: readonly Matcher[];
  /** Seconds before the evaluation. */
  readonly from: number;
  /** Seconds before the evaluation, fewer than `from`. */
  readonly to: number;
}

/** How old a sample may be that stands for now. */
const LOOKBACK_SECONDS = 5 * 60;
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Everything that rules read, by the name of the series. */
export class Reads {
  private readonly byName = new Map<string, Read[]>();

  constructor(files: readonly RuleFile[]) {
    for (const { expr } of rulesOf(files)) {
      this.add(String(expr));
    }
  }

  get names(): readonly string[] {
    return [...this.byName.keys()];
  }

  /** What is read of one series. */
  of(name: string, labels: Readonly<Record<string, string>>): readonly Read[] {
    return this.all(name).filter(({ matchers }) =>
      matchers.every((matcher) => matches(matcher, labels[matcher.label] ?? '')),
    );
  }

  /** The values of a label that some rule asks for. */
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
        this.byName.set(name, [...this.all(name), { matchers, ...stretch(expr, node) }]);
      }
    }
  }
}

/** Ranges and subqueries around a selector reach further back, offsets move both of its ends. */
function stretch(expr: string, selector: PromqlNode): { from: number; to: number } {
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

/** A duration of PromQL, e.g. `1h30m`. */
function secondsOf(duration: string): number {
  return [...duration.matchAll(/(\d+)([smhdw])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!,
    0,
  );
}
