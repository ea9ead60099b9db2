import { lints } from './lints';
import { promqlSyntaxError } from './promql';
import { type AlertingRule, CATEGORIES, isAlertingRule, type Rule, type RuleFile, SEVERITIES } from './rule';

/** What is wrong with a rule, and how to fix it. */
type Check<T> = (subject: T) => string | undefined;

/** Name of an alert, its runbook and its test. */
export const ALERT_NAME = /^[A-Z][A-Za-z0-9]+$/;
const RECORD_NAME = /^[a-z][a-z0-9_]*:[a-z0-9_]+(:[a-z0-9_]+)?$/;
const DERIVED_ANNOTATIONS = ['runbook_url', 'dashboard_url'];

const everyRule: readonly Check<Rule>[] = [
  ({ expr }) => {
    if (expr === undefined || expr === null) {
      return 'expr is not set: write it';
    }
    const error = promqlSyntaxError(expr);
    return error && `expr does not parse at "${error}": fix the PromQL`;
  },
];

/** Words that the labels `severity` and `category` may have. */
export interface Vocabulary {
  readonly severities: readonly string[];
  readonly categories: readonly string[];
}

/** The words of the shipped rules. */
export const SHIPPED_WORDS: Vocabulary = { severities: SEVERITIES, categories: CATEGORIES };

const everyAlert = ({ severities, categories }: Vocabulary): readonly Check<AlertingRule>[] => [
  ({ alert }) => (ALERT_NAME.test(alert) ? undefined : 'the name is not UpperCamelCase: write it like NodeNotReady'),
  ({ labels }) => oneOf('severity', labels?.severity, severities),
  ({ labels }) => oneOf('category', labels?.category, categories),
  ({ annotations }) => required('summary', annotations?.summary),
  ({ annotations }) => required('description', annotations?.description),
  ({ annotations }) => {
    const derived = DERIVED_ANNOTATIONS.find((name) => annotations && name in annotations);
    return derived && `the annotation ${derived} is derived: remove it`;
  },
  ({ labels }) => {
    const templated = Object.entries(labels ?? {}).find(([, value]) => String(value).includes('{{'));
    return (
      templated &&
      `the label ${templated[0]} is a template: move it to an annotation, since each new value would be a new alert`
    );
  },
];

const everyRecord: readonly Check<{ record: string }>[] = [
  ({ record }) => (RECORD_NAME.test(record) ? undefined : 'the name is not level:metric:operations: rename the record'),
];

function oneOf(name: string, value: string | undefined, allowed: readonly string[]): string | undefined {
  return value && allowed.includes(value)
    ? undefined
    : `${name} is ${value === undefined ? 'not set' : `"${value}"`}: write one of ${allowed.join(', ')}`;
}

function required(name: string, value: string | undefined): string | undefined {
  return value?.trim() ? undefined : `the annotation ${name} is not set: write it`;
}

/** How a rule breaks the conventions, whatever the language of its expression. */
export function conventionProblems(rule: Rule, words: Vocabulary): string[] {
  return isAlertingRule(rule) ? run(everyAlert(words), rule) : run(everyRecord, rule);
}

/** Problems of a rule file, one line each. `words` are those that severity and category may have. */
export function checkRuleFile({ topic, groups }: RuleFile, words = SHIPPED_WORDS): string[] {
  return groups.flatMap(({ rules }) =>
    rules.flatMap((rule) => {
      const name = isAlertingRule(rule) ? rule.alert : rule.record;
      const unreadable = run(everyRule, rule);
      const problems = [...conventionProblems(rule, words), ...(unreadable.length > 0 ? unreadable : run(lints, rule))];
      return problems.map((problem) => `rules/${topic}.yaml: ${name}: ${problem}`);
    }),
  );
}

function run<T>(checks: readonly Check<T>[], subject: T): string[] {
  return checks.map((check) => check(subject)).filter((problem): problem is string => Boolean(problem));
}

/** Names that occur more than once. */
export function repeated(names: readonly string[]): string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
