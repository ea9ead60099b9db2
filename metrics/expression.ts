import { parser } from '@prometheus-io/lezer-promql';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

/** A condition on a label. */
export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

/** A selector of series. */
export interface Selector {
  /** @default - any name that the matchers allow */
  readonly name?: string;
  readonly matchers: readonly Matcher[];
}

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
const METRIC_NAME = '__name__';

/** Selectors by their expression: parsing a thousand of them takes longer than all else in a synthesis. */
const selectorsByExpression = new Map<string, readonly Selector[]>();

/** Every selector of an expression. */
export function selectorsIn(expr: string): readonly Selector[] {
  const known = selectorsByExpression.get(expr) ?? parseSelectors(expr);
  selectorsByExpression.set(expr, known);
  return known;
}

function parseSelectors(expr: string): readonly Selector[] {
  const selectors: Selector[] = [];
  parser.parse(expr).iterate({
    enter: ({ name, node }) => {
      if (name === 'VectorSelector') {
        selectors.push(readSelector(node, expr));
      }
    },
  });
  return selectors;
}

/**
 * Follows the labels of series through an expression: what a selector, a grouping, a join or `label_replace` names must
 * be there to be named.
 *
 * @param expr PromQL that parses
 */
export function readExpression(expr: string, source: LabelSource): Reading {
  const problems: string[] = [];
  const root = parser.parse(expr).topNode.firstChild;
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

  labelsOf(node: SyntaxNode): Labels {
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

  private selected(node: SyntaxNode): Labels {
    const { labels, problems } = this.source(readSelector(node, this.expr));
    this.problems.push(...problems);
    return labels;
  }

  private aggregated(node: SyntaxNode): Labels {
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

  private combined(node: SyntaxNode): Labels {
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

  private called(node: SyntaxNode): Labels {
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
  private absent(operand: SyntaxNode): Labels {
    const selector = operand.name === 'MatrixSelector' ? operand.getChild('VectorSelector') : operand;
    return selector?.name === 'VectorSelector'
      ? new Set(
          readSelector(selector, this.expr)
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

  private names(grouping: SyntaxNode | null): string[] {
    return [...(grouping?.getChildren('LabelName') ?? []), ...(grouping?.getChildren('QuotedLabelName') ?? [])].map(
      (node) => (node.name === 'LabelName' ? textOf(node, this.expr) : this.string(node)),
    );
  }

  private string(node: SyntaxNode): string {
    return unquoted(textOf(node, this.expr));
  }
}

/** Whether a matcher selects a value. A variable of a dashboard may stand for any. */
export function matches({ operator, value }: Matcher, candidate: string): boolean {
  if (/\$\{?[A-Za-z_]/.test(value)) {
    return true;
  }
  const equal = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(candidate) : value === candidate;
  return operator.startsWith('!') ? !equal : equal;
}

function readSelector(node: SyntaxNode, expr: string): Selector {
  const name = node.getChild('Identifier');
  const list = node.getChild('LabelMatchers');
  const quoted = list?.getChild('QuotedLabelName');
  const matchers = [
    ...(list?.getChildren('UnquotedLabelMatcher') ?? []),
    ...(list?.getChildren('QuotedLabelMatcher') ?? []),
  ].map((matcher): Matcher => {
    const label = matcher.getChild('LabelName') ?? matcher.getChild('QuotedLabelName')!;
    return {
      label: unquoted(textOf(label, expr)),
      operator: textOf(matcher.getChild('MatchOp')!, expr),
      value: unquoted(textOf(matcher.getChild('StringLiteral')!, expr)),
    };
  });
  const equal = matchers.find(({ label, operator }) => label === METRIC_NAME && operator === '=');
  const own = name ? textOf(name, expr) : quoted && unquoted(textOf(quoted, expr));
  return { name: own ?? equal?.value, matchers: matchers.filter((matcher) => matcher !== equal) };
}

function operandsOf(node: SyntaxNode): SyntaxNode[] {
  const operands: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (child.type.is('Expr')) {
      operands.push(child);
    }
  }
  return operands;
}

/** Whether an operand is a number, which has no labels and is joined with nothing. */
function isScalar(node: SyntaxNode): boolean {
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

function textOf({ from, to }: SyntaxNode, expr: string): string {
  return expr.slice(from, to);
}

/** The text between quotes; what is escaped by a backslash stands for itself. */
function unquoted(text: string): string {
  return /^["'`]/.test(text)
    ? text.startsWith('`')
      ? text.slice(1, -1)
      : text.slice(1, -1).replace(/\\(.)/g, '$1')
    : text;
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
