import { type PromqlNode, type Selector, selectorOf, textOf, treeOf, unquoted } from '../rules';

/** Labels that series may have. `undefined`: nothing is known of them, and every label is allowed. */
export type Labels = ReadonlySet<string> | undefined;

/** Tells the labels of the series that a selector selects, or what is wrong with it. */
export type LabelSource = (selector: Selector) => { readonly labels: Labels; readonly problems: readonly string[] };

/** What an expression gives. */
export interface Reading {
  /** Labels that its result may have, without the name of the metric. */
  readonly labels: Labels;
  /** Metrics and labels that it names and that do not exist. */
  readonly problems: readonly string[];
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Follows the labels of series through an expression: what a selector, a grouping, a join or `label_replace` names must
 * be there to be named.
 *
 * @param expr PromQL that parses
 */
export function readExpression(expr: string, source: LabelSource): Reading {
  const problems: string[] = [];
  const root = treeOf(expr).topNode.firstChild;
  const labels = root ? new Reader(expr, source, problems).labelsOf(root) : NONE;
  return { labels, problems: [...new Set(problems)] };
}

/** Walks the tree of one expression. */
class Reader {
  constructor(
    private readonly expr: string,
    private readonly source: LabelSource,
    private readonly problems: string[],
  ) {}

  labelsOf(node: PromqlNode): Labels {
    switch (node.name) {
      case 'VectorSelector':
        return this.selected(node);
      case 'AggregateExpr':
        return this.aggregated(node);
      case 'BinaryExpr':
        return this.combined(node);
      case 'FunctionCall':
        return this.called(node);
      case 'NumberDurationLiteral':
      case 'StringLiteral':
        return NONE;
      default: {
        // What is left wraps one expression: parentheses, ranges, offsets, signs.
        const [operand] = operandsOf(node);
        return operand ? this.labelsOf(operand) : NONE;
      }
    }
  }

  private selected(node: PromqlNode): Labels {
    const { labels, problems } = this.source(selectorOf(this.expr, node));
    this.problems.push(...problems);
    return labels;
  }

  private aggregated(node: PromqlNode): Labels {
    const operation = node.getChild('AggregateOp')?.firstChild?.name;
    const body = node.getChild('FunctionCallBody')!;
    const operands = operandsOf(body);
    const inner = this.labelsOf(operands.at(-1)!);
    const modifier = node.getChild('AggregateModifier');
    const grouping = this.names(modifier?.getChild('GroupingLabels') ?? null);
    this.demand(grouping, inner, modifier?.getChild('By') ? 'by' : 'without', 'what it aggregates');
    // These choose among series instead of adding them up.
    if (['Topk', 'Bottomk', 'LimitK', 'LimitRatio'].includes(operation ?? '')) {
      return inner;
    }
    const kept = modifier?.getChild('Without') ? minus(inner, grouping) : new Set(grouping);
    const counted = operation === 'CountValues' ? [this.string(operands[0]!)] : [];
    return plus(kept, counted);
  }

  private combined(node: PromqlNode): Labels {
    const [left, right] = operandsOf(node).map((operand) => this.labelsOf(operand)) as [Labels, Labels];
    const clause = node.getChild('MatchingModifierClause');
    const [matching, included] = clause?.getChildren('GroupingLabels') ?? [];
    const names = this.names(matching ?? null);
    const on = Boolean(clause?.getChild('On'));
    if (on) {
      this.demand(names, left, 'on', 'the left side');
      this.demand(names, right, 'on', 'the right side');
    } else {
      this.demand(names, plus(left, right), 'ignoring', 'either side');
    }
    const groupLeft = clause?.getChild('GroupLeft');
    const groupRight = clause?.getChild('GroupRight');
    if (groupLeft || groupRight) {
      const [many, one, word] = groupLeft ? [left, right, 'group_left'] : [right, left, 'group_right'];
      const extra = this.names(included ?? null);
      this.demand(extra, one, word, 'the one side');
      return plus(many, extra);
    }
    if (node.getChild('Or')) {
      return plus(left, right);
    }
    if (node.getChild('And') || node.getChild('Unless')) {
      return left;
    }
    if (isScalar(node.firstChild!) || isScalar(node.lastChild!)) {
      return plus(left, right);
    }
    return on ? new Set(names) : minus(both(left, right), names);
  }

  private called(node: PromqlNode): Labels {
    const name = node.getChild('FunctionIdentifier')?.firstChild?.name;
    const operands = operandsOf(node.getChild('FunctionCallBody')!);
    const inner = operands.map((operand) => this.labelsOf(operand)).reduce(plus, NONE);
    const strings = operands.filter((operand) => operand.name === 'StringLiteral').map((text) => this.string(text));
    switch (name) {
      case 'LabelReplace': {
        const [target, , from] = strings as [string, string, string];
        this.demand(from === '' ? [] : [from], inner, 'label_replace', 'what it reads');
        return plus(inner, [target]);
      }
      case 'LabelJoin': {
        const [target, , ...from] = strings as [string, string, ...string[]];
        this.demand(from, inner, 'label_join', 'what it reads');
        return plus(inner, [target]);
      }
      case 'SortByLabel':
      case 'SortByLabelDesc':
        this.demand(strings, inner, 'sort_by_label', 'what it sorts');
        return inner;
      case 'HistogramQuantile':
      case 'HistogramFraction':
        this.demand(['le'], inner, 'a quantile of classic buckets', 'what it reads');
        return minus(inner, ['le']);
      case 'Absent':
      case 'AbsentOverTime':
        return this.absent(operands[0]!);
      case 'Scalar':
      case 'Vector':
      case 'Time':
        return NONE;
      default:
        return inner;
    }
  }

  /** An absent series has the labels that the selector gives a value. */
  private absent(operand: PromqlNode): Labels {
    const selector = operand.name === 'MatrixSelector' ? operand.getChild('VectorSelector') : operand;
    return selector?.name === 'VectorSelector'
      ? new Set(
          selectorOf(this.expr, selector)
            .matchers.filter(({ operator }) => operator === '=')
            .map(({ label }) => label),
        )
      : NONE;
  }

  private demand(wanted: readonly string[], labels: Labels, word: string, where: string): void {
    for (const label of wanted.filter((name) => labels && !labels.has(name))) {
      this.problems.push(`${word} names the label ${label}, which ${where} does not have`);
    }
  }

  private names(grouping: PromqlNode | null): string[] {
    return [...(grouping?.getChildren('LabelName') ?? []), ...(grouping?.getChildren('QuotedLabelName') ?? [])].map(
      (node) => (node.name === 'LabelName' ? textOf(this.expr, node) : this.string(node)),
    );
  }

  private string(node: PromqlNode): string {
    return unquoted(textOf(this.expr, node));
  }
}

function operandsOf(node: PromqlNode): PromqlNode[] {
  const operands: PromqlNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (child.type.is('Expr')) {
      operands.push(child);
    }
  }
  return operands;
}

/** Whether an operand is a number, which has no labels and is joined with nothing. */
function isScalar(node: PromqlNode): boolean {
  switch (node.name) {
    case 'NumberDurationLiteral':
      return true;
    case 'FunctionCall':
      return ['Scalar', 'Time', 'Pi'].includes(node.getChild('FunctionIdentifier')?.firstChild?.name ?? '');
    case 'ParenExpr':
    case 'UnaryExpr':
    case 'StepInvariantExpr':
    case 'BinaryExpr':
      return operandsOf(node).every(isScalar);
    default:
      return false;
  }
}

function plus(labels: Labels, others: Labels | readonly string[]): Labels {
  return labels && others && new Set([...labels, ...others]);
}

function minus(labels: Labels, others: readonly string[]): Labels {
  return labels && new Set([...labels].filter((label) => !others.includes(label)));
}

function both(left: Labels, right: Labels): Labels {
  return left && right ? new Set([...left].filter((label) => right.has(label))) : (left ?? right);
}
