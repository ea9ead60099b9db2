import { binaryOf, isConstant, nodesOf, textOf } from '../promql';
import { isAlertingRule, type Rule } from '../rule';

/** A value that a template prints, and the percent sign after it. */
const PRINTED_VALUE = /\{\{([^}]*\$value[^}]*)\}\}(\s?%)?/g;

/** Metrics whose values range from 0 to 100. */
const PERCENT_METRIC = /_(percent|percentage|pct)(_|$)/;

/**
 * Ratios range from 0 to 1, and only `humanizePercentage` turns one into a percentage. After `* 100` it would print
 * 5000% for a half.
 */
export function percentageProblem(rule: Rule): string | undefined {
  if (!isAlertingRule(rule)) {
    return timesHundred(rule.expr) ? 'expr multiplies by 100: record the ratio from 0 to 1' : undefined;
  }
  const printed = Object.values(rule.annotations ?? {}).flatMap((text) => [...String(text).matchAll(PRINTED_VALUE)]);
  const humanized = printed.some(([, pipeline]) => pipeline!.includes('humanizePercentage'));
  if (humanized && timesHundred(rule.expr)) {
    return 'humanizePercentage prints a value that expr multiplies by 100: remove "* 100"';
  }
  if (humanized && nodesOf(rule.expr, 'Identifier').some((name) => PERCENT_METRIC.test(textOf(rule.expr, name)))) {
    return 'humanizePercentage prints a metric that is already a percentage: divide it by 100 in expr';
  }
  const signed = printed.find(([, , sign]) => sign);
  return (
    signed &&
    `an annotation prints "${signed[0]}": compute a ratio from 0 to 1 and write {{ $value | humanizePercentage }}`
  );
}

/** Whether a measured value is multiplied by 100. */
function timesHundred(expr: string): boolean {
  return nodesOf(expr, 'BinaryExpr').some((node) => {
    const { left, operator, right } = binaryOf(expr, node);
    const isHundred = [left, right].map((side) => isConstant(expr, side) && Number(textOf(expr, side)) === 100);
    return operator === '*' && isHundred[0] !== isHundred[1] && ![left, right].every((side) => isConstant(expr, side));
  });
}
