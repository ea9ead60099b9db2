import { expressionOf, type Grouping, type LogqlExpression, type Matching } from '../../rules/logql';
import { type Labels, type LogLine, type Sample, sampleOf } from './lines';

/** A series of a result. */
export interface Series {
  readonly labels: Labels;
  readonly value: number;
}

/** A rule that Loki fails: a line has an error, and the label tells which. */
export class PipelineError extends Error {}

/**
 * The result of a metric query at a time, as Loki computes it. What is not evaluated here throws.
 *
 * @param at seconds since the epoch
 */
export function evaluate(expr: string, lines: readonly LogLine[], at: number): readonly Series[] {
  const expression = expressionOf(expr);
  if (!expression) {
    throw new Error(`${expr} is no metric query`);
  }
  return seriesOf(expression, lines, at);
}

function seriesOf(expression: LogqlExpression, lines: readonly LogLine[], at: number): readonly Series[] {
  switch (expression.kind) {
    case 'vector':
      return [{ labels: {}, value: expression.value }];
    case 'range':
      return overTime(expression, lines, at);
    case 'aggregate':
      return aggregated(expression, seriesOf(expression.operand, lines, at));
    case 'binary':
      return combined(expression, lines, at);
    default:
      throw new Error(`a part of the kind ${expression.kind} is not evaluated here`);
  }
}

function overTime(
  { operation, range, grouping }: LogqlExpression & { kind: 'range' },
  lines: readonly LogLine[],
  at: number,
): readonly Series[] {
  const end = at - range.offsetSeconds;
  const samples = lines
    .filter((line) => line.at > end - range.seconds && line.at <= end)
    .flatMap((line) => sampleOf(range, line) ?? []);
  if (operation === 'absent_over_time') {
    const exact = range.matchers.filter(({ operator }) => operator === '=');
    const labels = Object.fromEntries(exact.map(({ label, value }) => [label, value]));
    return samples.length > 0 ? [] : [{ labels, value: 1 }];
  }
  const failed = samples.find(({ labels }) => labels.__error__ !== undefined);
  if (failed && !reads(range.stages)) {
    throw new PipelineError(`pipeline error: ${failed.labels.__error__}`);
  }
  const groups = groupsOf(samples, (labels) => (grouping ? kept(labels, grouping) : labels));
  return groups.map(({ labels, members }) => ({ labels, value: overTimeValue(operation, members, range.seconds) }));
}

/** Whether the pipeline asks for lines with errors. */
function reads(stages: readonly { readonly kind: string; readonly test?: unknown }[]): boolean {
  return stages.some(({ kind, test }) => kind === 'filter' && JSON.stringify(test).includes('"__error__"'));
}

function overTimeValue(operation: string, samples: readonly Sample[], seconds: number): number {
  const values = samples.map(({ value }) => value);
  switch (operation) {
    case 'count_over_time':
      return values.length;
    case 'rate':
      return values.length / seconds;
    case 'sum_over_time':
      return sum(values);
    case 'max_over_time':
      return Math.max(...values);
    default:
      throw new Error(`${operation} is not evaluated here`);
  }
}

function aggregated(
  { operation, parameter = 0, grouping }: LogqlExpression & { kind: 'aggregate' },
  series: readonly Series[],
): readonly Series[] {
  if (operation === 'topk') {
    return [...series].sort((one, other) => other.value - one.value).slice(0, parameter);
  }
  const groups = groupsOf(series, (labels) => (grouping ? kept(labels, grouping) : {}));
  return groups.map(({ labels, members }) => {
    const values = members.map(({ value }) => value);
    switch (operation) {
      case 'sum':
        return { labels, value: sum(values) };
      case 'count':
        return { labels, value: values.length };
      case 'max':
        return { labels, value: Math.max(...values) };
      case 'min':
        return { labels, value: Math.min(...values) };
      default:
        throw new Error(`${operation} is not evaluated here`);
    }
  });
}

function combined(
  expression: LogqlExpression & { kind: 'binary' },
  lines: readonly LogLine[],
  at: number,
): readonly Series[] {
  const { operator, left, right, matching } = expression;
  if (right.kind === 'number') {
    return seriesOf(left, lines, at).flatMap((one) => computed(operator, one, right.value));
  }
  if (left.kind === 'number') {
    if (!(operator in ARITHMETIC)) {
      throw new Error(`${operator} with a number on the left is not evaluated here`);
    }
    return seriesOf(right, lines, at).map((one) => ({ ...one, value: ARITHMETIC[operator]!(left.value, one.value) }));
  }
  const [ours, theirs] = [seriesOf(left, lines, at), seriesOf(right, lines, at)];
  const key = (one: Series) => textOf(matched(one.labels, matching));
  const other = new Map(theirs.map((one) => [key(one), one]));
  switch (operator) {
    case 'and':
      return ours.filter((one) => other.has(key(one)));
    case 'unless':
      return ours.filter((one) => !other.has(key(one)));
    case 'or': {
      const known = new Set(ours.map(key));
      return [...ours, ...theirs.filter((one) => !known.has(key(one)))];
    }
    default:
      return ours.flatMap((one) => {
        const partner = other.get(key(one));
        return partner ? computed(operator, one, partner.value) : [];
      });
  }
}

const ARITHMETIC: { readonly [operator: string]: (left: number, right: number) => number } = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
};

const COMPARISONS: { readonly [operator: string]: (left: number, right: number) => boolean } = {
  '==': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
};

/** The series with the result of an operation, or none if a comparison does not hold. */
function computed(operator: string, one: Series, value: number): readonly Series[] {
  const compares = COMPARISONS[operator];
  if (compares) {
    return compares(one.value, value) ? [one] : [];
  }
  return [{ ...one, value: ARITHMETIC[operator]!(one.value, value) }];
}

function matched(labels: Labels, matching: Matching | undefined): Labels {
  return matching ? kept(labels, { without: !matching.on, labels: matching.labels }) : labels;
}

function kept(labels: Labels, { without, labels: names }: Grouping): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => names.includes(name) !== without));
}

function groupsOf<T extends { readonly labels: Labels }>(
  items: readonly T[],
  by: (labels: Labels) => Labels,
): readonly { readonly labels: Labels; readonly members: readonly T[] }[] {
  const groups = new Map<string, { labels: Labels; members: T[] }>();
  for (const item of items) {
    const labels = by(item.labels);
    const key = textOf(labels);
    const group = groups.get(key) ?? { labels, members: [] };
    group.members.push(item);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function textOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
