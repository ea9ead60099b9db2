import { binaryOf, isConstant, nodesOf, textOf } from '../promql';
import { isAlertingRule, type Rule } from '../rule';

/** A value that a template prints, and what follows it. */
const PRINTED_VALUE = /\{\{([^}]*\$value[^}]*)\}\}(\s?%)?/g;

/** Metrics whose samples run from 0 to 100. */
const PERCENT_METRIC = /_(percent|percentage|pct)(_|$)/;

/**
 * A percentage is a ratio from 0 to 1 until it is printed, and `humanizePercentage` alone makes it one: together with
 * `* 100` it prints 5000% for a half.
 */
export function percentageProblem(rule: Rule): string | undefined {
  if (!isAlertingRule(rule)) {
    return timesHundred(rule.expr) ? 'expr multiplies by 100: record the ratio from 0 to 1' : undefined;
  }
  const printed = Object.values(rule.annotations ?? {}).flatMap((text) => [...String(text).matchAll(PRINTED_VALUE)]);
  const humanized = printed.some(([, pipeline]) => pipeline!.includes('humanizePercentage'));
  if (humanized && timesHundred(rule.expr)) {
    return 'humanizePercentage prints a value that expr has multiplied by 100: leave "* 100" out';
  }
  if (humanized && nodesOf(rule.expr, 'Identifier').some((name) => PERCENT_METRIC.test(textOf(rule.expr, name)))) {
    return 'humanizePercentage prints a metric that is a percentage already: divide it by 100 in expr';
  }
  const signed = printed.find(([, , sign]) => sign);
  return (
    signed &&
    `an annotation prints "${signed[0]}": compute a ratio from 0 to 1 and write {{ $value | humanizePercentage }}`
  );
}

/** Whether something that is measured is multiplied by a hundred. */
function timesHundred(expr: string): boolean {
  return nodesOf(expr, 'BinaryExpr').some((node) => {
    const { left, operator, right } = binaryOf(expr, node);
    const isHundred = [left, right].map((side) => isConstant(expr, side) && Number(textOf(expr, side)) === 100);
    return operator === '*' && isHundred[0] !== isHundred[1] && ![left, right].every((side) => isConstant(expr, side));
  });
}
