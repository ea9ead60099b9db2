import { nearest } from '../nearest';
import { type AlertingRule, isAlertingRule, type Rule, type RuleGroup } from '../rule';
import { expressionOf, type LogqlExpression, partsOf, rangesOf } from './expression';
import {
  addedLabels,
  INDEX_LABELS,
  isBounded,
  LABEL_VALUES,
  LINE_LABELS,
  labelsOfResult,
  METADATA_LABELS,
  MOST_SERIES,
  readLabels,
} from './labels';
import type { LabelMatcher, LogRange, Stage } from './pipeline';
import { regexProblem } from './regex';
import { damageProblems, stageProblems } from './stage-lints';
import { logqlSyntaxError, secondsOf } from './syntax';

/** Fields of a rule that Loki's ruler takes and then forgets: https://github.com/grafana/loki/pull/13657 */
const DROPPED_OF_RULE: { readonly [field: string]: string } = {
  keep_firing_for: 'the ruler drops it without an error: remove it, and hold the alert with a longer range in expr',
};

const DROPPED_OF_GROUP: { readonly [field: string]: string } = {
  query_offset: 'the ruler drops it without an error: remove it, and write offset in expr',
  labels: 'the ruler drops it without an error: remove it, and write the labels in each rule',
  limit: 'a rule with more alerts fails, and its alerts are gone: remove it, and bound the rule with topk',
};

/** The ruler's own interval, which applies to a group without one. */
const DEFAULT_INTERVAL = 30;
/** Lines arrive late: the agent sends batches, and retries. A window as long as the interval misses them. */
const LATENESS = 10;
/** Above `query_ingesters_within`, a query reads the object storage only, and misses what is not flushed. */
const LONGEST_RANGE = 3 * 3600;
/** Each evaluation reads its whole window again, without a cache. */
const MOST_READS = 60;

/** Problems of a group, one text each. */
export function groupProblems(group: RuleGroup): readonly string[] {
  return Object.entries(DROPPED_OF_GROUP).flatMap(([field, problem]) =>
    field in group ? [`the group ${group.name} has ${field}: ${problem}`] : [],
  );
}

/** A text in double quotes or backticks. */
const TEXT = /"(?:[^"\\]|\\.)*"|`[^`]*`/g;

/** What stops Loki's ruler from evaluating an expression as it is meant. Labels are not judged. */
export function expressionProblems(expr: string): readonly string[] {
  if (/\{\s*\}(?!\})/.test(expr.replace(TEXT, '""'))) {
    return ['name a label in the selector: Loki refuses an empty one'];
  }
  const error = logqlSyntaxError(expr);
  if (error !== undefined) {
    return [`expr does not parse at "${error}": fix the LogQL`];
  }
  const expression = expressionOf(expr);
  if (!expression) {
    return [`expr "${expr}" reads lines, and a rule needs numbers: write a metric query, e.g. count_over_time(… [5m])`];
  }
  return [
    ...new Set(
      rangesOf(expression).flatMap(({ range }) => [
        ...range.matchers.flatMap(regexProblems),
        ...range.stages.flatMap(stageProblems),
      ]),
    ),
  ];
}

/** Problems of a rule over logs, one text each. `group` is the one that holds it. */
export function logRuleProblems(rule: Rule, group: RuleGroup): readonly string[] {
  const dropped = Object.entries(DROPPED_OF_RULE).flatMap(([field, problem]) =>
    field in rule ? [`${field}: ${problem}`] : [],
  );
  const broken = [...dropped, ...expressionProblems(rule.expr)];
  const expression = broken.length > dropped.length ? undefined : expressionOf(rule.expr);
  if (!expression) {
    return broken;
  }
  const ranges = rangesOf(expression).map(({ range }) => range);
  return [
    ...new Set([
      ...broken,
      ...ranges.flatMap(selectorProblems),
      ...rangesOf(expression).flatMap(damageProblems),
      ...ranges.flatMap(labelProblems),
      ...ranges.flatMap((range) => windowProblems(range, group)),
      ...groupingProblems(expression),
      ...boundProblems(expression, isAlertingRule(rule)),
      ...neverTrue(expression),
      ...(isAlertingRule(rule) ? annotationProblems(rule, expression) : []),
    ]),
  ];
}

function regexProblems({ label, operator, value }: LabelMatcher): readonly string[] {
  const problem = operator.endsWith('~') ? regexProblem(value) : undefined;
  return problem ? [`the regular expression of ${label} is refused by RE2, "${problem}": fix \`${value}\``] : [];
}

const oneOf = (name: string, known: readonly string[]) => nearest(name, known).join(' or ');

function selectorProblems({ matchers }: LogRange): readonly string[] {
  const text = `{${matchers.map(({ label, operator, value }) => `${label}${operator}"${value}"`).join(', ')}}`;
  const exact = matchers.filter(({ operator, value }) => operator === '=' && value !== '');
  const twice = exact.find((one) => exact.some((other) => other.label === one.label && other.value !== one.value));
  return [
    ...matchers
      .filter(({ label }) => !(INDEX_LABELS as readonly string[]).includes(label))
      .map(({ label }) =>
        (METADATA_LABELS as readonly string[]).includes(label)
          ? `${text} selects by ${label}, which is structured metadata: write | ${label}="…" behind the selector`
          : `${text} selects by ${label}, which is no index label: write ${oneOf(label, INDEX_LABELS)}`,
      ),
    ...(exact.length > 0 ? [] : [`${text} reads every stream: add namespace="…", app="…" or stream="…"`]),
    ...(twice ? [`${text} matches nothing, since ${twice.label} has two values: remove one`] : []),
    ...matchers.flatMap(closedValues),
  ];
}

/** A value that no line has. */
function closedValues({ label, operator, value }: LabelMatcher): readonly string[] {
  const known = LABEL_VALUES[label];
  const values = operator === '=' ? [value] : /^[\w|]+$/.test(value) ? value.split('|') : [];
  return operator.startsWith('!') || !known
    ? []
    : values
        .filter((each) => !known.includes(each))
        .map((each) => `${label}="${each}" matches nothing: write ${oneOf(each, known)}`);
}

function labelProblems({ stages }: LogRange): readonly string[] {
  const known = new Set(LINE_LABELS);
  return stages.flatMap((stage) => {
    const unknown = readLabels(stage).filter((label) => !known.has(label));
    const taken = takenLabels(stage);
    for (const label of addedLabels(stage)) {
      known.add(label);
    }
    return [
      ...unknown.map(
        (label) =>
          `${label} is not a label here: pick it before, e.g. json ${label}="…", or write ${oneOf(label, [...known])}`,
      ),
      ...taken,
      ...(stage.kind === 'filter' && stage.test.kind === 'matcher' ? closedValues(stage.test.matcher) : []),
    ];
  });
}

/** A picked field does not replace a label: Loki calls the field `<name>_extracted`, and the rule reads the other. */
function takenLabels(stage: Stage): readonly string[] {
  if (stage.kind !== 'fields' && stage.kind !== 'pattern' && stage.kind !== 'regexp') {
    return [];
  }
  return addedLabels(stage)
    .filter((label) => LINE_LABELS.includes(label))
    .map(
      (label) =>
        `the picked field ${label} would be ${label}_extracted, since lines have such a label already: pick it under another name`,
    );
}

function windowProblems({ seconds, offsetSeconds }: LogRange, group: RuleGroup): readonly string[] {
  const interval = group.interval === undefined ? DEFAULT_INTERVAL : secondsOf(group.interval);
  const problems: string[] = [];
  if (seconds < interval + LATENESS) {
    problems.push(
      `the range [${seconds}s] is shorter than the interval of the group, ${interval}s, and ${LATENESS}s for late lines: write at least [${interval + LATENESS}s]`,
    );
  }
  if (seconds > interval * MOST_READS) {
    problems.push(
      `the range [${seconds}s] is read again every ${interval}s, without a cache: write interval: ${Math.ceil(seconds / MOST_READS)}s or more for the group`,
    );
  }
  if (seconds + offsetSeconds > LONGEST_RANGE) {
    problems.push(
      `the range reaches back ${seconds + offsetSeconds}s: write at most ${LONGEST_RANGE}s, since lines that are not flushed are missed otherwise`,
    );
  }
  return problems;
}

function groupingProblems(expression: LogqlExpression): readonly string[] {
  return partsOf(expression).flatMap((part) => {
    if (part.kind === 'aggregate' && part.grouping) {
      const known = labelsOfResult(part.operand);
      return part.grouping.labels
        .filter((label) => !known.has(label))
        .map((label) => `${part.operation} by ${label}: lines have no such label: pick it, e.g. json ${label}="…"`);
    }
    if (part.kind === 'binary' && part.matching?.on) {
      const sides = [labelsOfResult(part.left), labelsOfResult(part.right)];
      return part.matching.labels
        .filter((label) => !sides.every((side) => side.has(label)))
        .map((label) => `${part.operator} on (${label}): one side has no such label: group both sides by ${label}`);
    }
    return [];
  });
}

function boundProblems(expression: LogqlExpression, alerts: boolean): readonly string[] {
  if (isBounded(expression)) {
    return [];
  }
  const labels = [...labelsOfResult(expression)].filter(
    (label) => !(INDEX_LABELS as readonly string[]).includes(label),
  );
  const shown = labels.length > 3 ? 'all labels of the lines' : labels.join(', ');
  return [
    `the result has a series for each value of ${shown}: an attack makes more than max_query_series, the rule fails, and its ${alerts ? 'alerts are' : 'series are'} gone: write topk(50, …), at most ${MOST_SERIES}`,
  ];
}

/** Comparisons that no result can meet: without lines there is no result, not the number 0. */
function neverTrue(expression: LogqlExpression): readonly string[] {
  return partsOf(expression).flatMap((part) => {
    if (part.kind !== 'binary' || part.right.kind !== 'number' || canBeZero(part.left)) {
      return [];
    }
    const { operator, right } = part;
    const never =
      (operator === '==' && right.value === 0) ||
      (operator === '<' && right.value <= 1 && counts(part.left)) ||
      (operator === '<=' && right.value <= 0);
    return never
      ? [
          `${operator} ${right.value} is never true, since without lines there is no result: write absent_over_time(…), or (… or vector(0)) ${operator} ${right.value}`,
        ]
      : [];
  });
}

function counts(expression: LogqlExpression): boolean {
  return (
    rangesOf(expression).every(({ operation }) => operation === 'count_over_time') &&
    !partsOf(expression).some(({ kind }) => kind === 'binary')
  );
}

function canBeZero(expression: LogqlExpression): boolean {
  return partsOf(expression).some(
    (part) =>
      part.kind === 'vector' ||
      part.kind === 'other' ||
      (part.kind === 'binary' && ['-', '*', '/', '%'].includes(part.operator)) ||
      (part.kind === 'range' && part.range.stages.some(({ kind }) => kind === 'unwrap')),
  );
}

function annotationProblems({ annotations, labels }: AlertingRule, expression: LogqlExpression): readonly string[] {
  const known = new Set([...labelsOfResult(expression), ...Object.keys(labels ?? {})]);
  const used = Object.values(annotations ?? {}).flatMap((text) =>
    [...String(text).matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label!),
  );
  return used
    .filter((label) => !known.has(label))
    .map((label) => `an annotation prints $labels.${label}, which the result does not have: group by it`);
}
