import { binaryOf, nodesOf, textOf } from './promql';
import type { AlertingRule } from './rule';

/** How a threshold is written in a sentence: `ratio` 0.9 is 90%, `seconds` 3600 is 1 hour, `bytes` 1024 is 1 KiB. */
export type ThresholdUnit = 'ratio' | 'seconds' | 'bytes' | 'count';

/** A limit of an alert that people tune. */
export interface Threshold {
  /** The limit as the expression has it: a number such as `0.9`, or arithmetic on numbers such as `26 * 3600`. */
  readonly expr: string;
  /** The limit as the annotations have it. @default - they do not name it */
  readonly text?: string;
  readonly unit: ThresholdUnit;
}

/** The thresholds of an alert, by name. */
export type Thresholds = { readonly [name: string]: Threshold };

const COMPARISONS = ['>', '<', '>=', '<=', '==', '!='];

/** What is wrong with the thresholds of an alert, one line each. */
export function thresholdProblems(rule: AlertingRule, thresholds: Thresholds): string[] {
  return Object.entries(thresholds).flatMap(([name, { expr, text }]) => {
    const where = `thresholds.yaml: ${rule.alert}.${name}`;
    return [
      ...(limitsIn(rule.expr, String(expr)).length > 0
        ? []
        : [`${where}: the expression compares nothing with ${expr}: write the limit as the expression has it`]),
      ...(text === undefined || Object.values(rule.annotations).some((annotation) => pattern(text).test(annotation))
        ? []
        : [`${where}: no annotation has "${text}": write the limit as the annotations have it`]),
    ];
  });
}

/** The rule and its threshold with another value. The annotations that name the limit follow. */
export function withThreshold(
  rule: AlertingRule,
  threshold: Threshold,
  value: number,
): { readonly rule: AlertingRule; readonly threshold: Threshold } {
  const expr = String(value);
  const text = threshold.text === undefined ? undefined : inWords(value, threshold.unit);
  const { text: before } = threshold;
  return {
    rule: {
      ...rule,
      expr: replacedLimit(rule.expr, String(threshold.expr), expr),
      annotations:
        before === undefined
          ? rule.annotations
          : Object.fromEntries(
              Object.entries(rule.annotations).map(([name, annotation]) => [
                name,
                annotation.replace(pattern(before), () => text!),
              ]),
            ),
    },
    threshold: { ...threshold, expr, text },
  };
}

/** The places where an expression compares something with a limit. */
function limitsIn(expr: string, limit: string): readonly { readonly from: number; readonly to: number }[] {
  return nodesOf(expr, 'BinaryExpr')
    .map((node) => binaryOf(expr, node))
    .filter(({ operator, right }) => COMPARISONS.includes(operator) && textOf(expr, right) === limit)
    .map(({ right }) => right);
}

function replacedLimit(expr: string, before: string, after: string): string {
  return [...limitsIn(expr, before)]
    .sort((a, b) => b.from - a.from)
    .reduce((text, { from, to }) => text.slice(0, from) + after + text.slice(to), expr);
}

/** Finds a limit in a sentence, and not as a part of a longer number or word. */
function pattern(text: string): RegExp {
  return new RegExp(`(?<![\\w.])${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?!\\w)`, 'g');
}

const DURATIONS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const;
const SIZES = [
  [1024 ** 4, 'TiB'],
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
  [1, 'B'],
] as const;

/** A value in a sentence. */
function inWords(value: number, unit: ThresholdUnit): string {
  const rounded = (number: number) => String(Number(number.toPrecision(6)));
  switch (unit) {
    case 'ratio':
      return `${rounded(value * 100)}%`;
    case 'bytes': {
      const [size, name] = SIZES.find(([least]) => value >= least) ?? [1, 'B'];
      return `${rounded(value / size)} ${name}`;
    }
    case 'seconds': {
      if (value < 1) {
        return `${rounded(value * 1000)} ms`;
      }
      // The largest unit of which it is a whole number; 36 hours are no whole number of days.
      const [seconds, name] = DURATIONS.find(([least]) => value >= least && value % least === 0) ?? [1, 'second'];
      return `${rounded(value / seconds)} ${name}${value === seconds ? '' : 's'}`;
    }
    default:
      return String(value);
  }
}
