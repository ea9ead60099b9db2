import type { LogqlExpression } from './expression';
import type { LabelTest, LogRange, Stage } from './pipeline';
import { captureNames, groupNames } from './regex';
import { labelsRead, TemplateError, templateOf } from './template';

/** Index labels of lines: the agents set them, and `LokiStack` indexes them. A test compares both. */
export const INDEX_LABELS = [
  'service_name',
  'cluster',
  'namespace',
  'app',
  'component',
  'container',
  'level',
  'stream',
] as const;

/** Structured metadata of lines, by the names that queries use. */
export const METADATA_LABELS = [
  'k8s_pod_name',
  'k8s_pod_uid',
  'k8s_node_name',
  'log_iostream',
  'trace_id',
  'span_id',
  'user_id',
  'severity_number',
  'severity_text',
  'detected_level',
] as const;

/** Values of labels that have a closed list. The agents write no others. */
export const LABEL_VALUES: { readonly [label: string]: readonly string[] } = {
  stream: ['application', 'security', 'business', 'access', 'events', 'node', 'audit'],
  level: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'unknown'],
};

/** Labels that Loki itself sets. */
const ERROR_LABELS = ['__error__', '__error_details__'];

/** Every label that a line has before the first stage. */
export const LINE_LABELS: readonly string[] = [...INDEX_LABELS, ...METADATA_LABELS, ...ERROR_LABELS];

/** Labels that the stages of a range add. */
export function addedLabels(stage: Stage): readonly string[] {
  switch (stage.kind) {
    case 'fields':
      return stage.fields.map(({ label }) => label);
    case 'pattern':
      return captureNames(stage.pattern);
    case 'regexp':
      return groupNames(stage.pattern);
    case 'label_format':
      return stage.assignments.map(({ label }) => label);
    default:
      return [];
  }
}

/** Labels that a stage reads. */
export function readLabels(stage: Stage): readonly string[] {
  switch (stage.kind) {
    case 'filter':
      return testedLabels(stage.test);
    case 'label_format':
      return stage.assignments.flatMap((each) => ('template' in each ? templateLabels(each.template) : [each.from]));
    case 'line_format':
      return templateLabels(stage.template);
    case 'unwrap':
      return [stage.label];
    default:
      return [];
  }
}

function templateLabels(template: string): readonly string[] {
  try {
    return labelsRead(templateOf(template));
  } catch (error) {
    if (error instanceof TemplateError) {
      return [];
    }
    throw error;
  }
}

/** Labels that a condition reads. */
export function testedLabels(test: LabelTest): readonly string[] {
  switch (test.kind) {
    case 'matcher':
      return [test.matcher.label];
    case 'and':
    case 'or':
      return test.tests.flatMap(testedLabels);
    default:
      return [test.label];
  }
}

/** Labels that lines have after the last stage. */
export function labelsOfRange({ stages }: LogRange): ReadonlySet<string> {
  const labels = new Set(LINE_LABELS);
  for (const stage of stages) {
    for (const label of addedLabels(stage)) {
      labels.add(label);
    }
    if (stage.kind === 'drop') {
      for (const label of stage.labels) {
        labels.delete(label);
      }
    }
  }
  return labels;
}

/** Labels that the series of an expression can have. */
export function labelsOfResult(expression: LogqlExpression): ReadonlySet<string> {
  switch (expression.kind) {
    case 'range':
      return expression.operation === 'absent_over_time'
        ? new Set(expression.range.matchers.filter(({ operator }) => operator === '=').map(({ label }) => label))
        : grouped(labelsOfRange(expression.range), expression.grouping, true);
    case 'aggregate': {
      const keeps = ['topk', 'bottomk', 'sort', 'sort_desc'].includes(expression.operation);
      const operand = labelsOfResult(expression.operand);
      return keeps ? operand : grouped(operand, expression.grouping, false);
    }
    case 'binary': {
      const [left, right] = [labelsOfResult(expression.left), labelsOfResult(expression.right)];
      if (expression.operator === 'or') {
        return new Set([...left, ...right]);
      }
      return expression.left.kind === 'number' ? right : left;
    }
    default:
      return new Set();
  }
}

function grouped(
  labels: ReadonlySet<string>,
  grouping: { readonly without: boolean; readonly labels: readonly string[] } | undefined,
  whole: boolean,
): ReadonlySet<string> {
  if (!grouping) {
    return whole ? labels : new Set();
  }
  return grouping.without
    ? new Set([...labels].filter((label) => !grouping.labels.includes(label)))
    : new Set(grouping.labels);
}

/** Most series of one rule. Loki fails a rule with more than `max_query_series`, 1000, and its alerts are gone. */
export const MOST_SERIES = 100;

/** Whether an attack cannot make more series than a rule may have. */
export function isBounded(expression: LogqlExpression): boolean {
  switch (expression.kind) {
    case 'range':
      return expression.operation === 'absent_over_time' || boundedLabels(labelsOfResult(expression));
    case 'aggregate': {
      const { operation, parameter = Number.POSITIVE_INFINITY, grouping } = expression;
      if (operation === 'topk' || operation === 'bottomk') {
        return (!grouping && parameter <= MOST_SERIES) || isBounded(expression.operand);
      }
      return boundedLabels(labelsOfResult(expression)) || isBounded(expression.operand);
    }
    case 'binary': {
      const { operator, left, right } = expression;
      if (operator === 'or') {
        return isBounded(left) && isBounded(right);
      }
      const isScalar = ({ kind }: LogqlExpression) => kind === 'number';
      if (isScalar(left)) {
        return isBounded(right);
      }
      // The result has the series of the left side; arithmetic keeps those that are on both.
      return (
        isBounded(left) || (['+', '-', '*', '/', '%', '^'].includes(operator) && !isScalar(right) && isBounded(right))
      );
    }
    default:
      return true;
  }
}

/** Labels with few values: the index labels, and some metadata. */
const FEW_VALUES: readonly string[] = [...INDEX_LABELS, 'k8s_node_name', 'log_iostream', 'detected_level'];

function boundedLabels(labels: ReadonlySet<string>): boolean {
  return [...labels].every((label) => FEW_VALUES.includes(label));
}
