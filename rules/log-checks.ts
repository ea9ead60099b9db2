import { conventionProblems, SHIPPED_WORDS } from './checks';
import { expressionOf, groupProblems, labelsOfResult, logRuleProblems } from './logql';
import { type AlertingRule, type Inhibition, isAlertingRule, type RuleFile, rulesOf } from './rule';

/** Beginning of the topics of rules over logs, and the directory of their files. */
export const LOGS = 'logs';

/** Whether Loki evaluates the rules of a topic. */
export function isLogTopic(topic: string): boolean {
  return topic.startsWith(`${LOGS}/`);
}

/** Problems of a file of rules over logs, one line each. `words` are those that severity and category may have. */
export function checkLogRuleFile({ topic, groups }: RuleFile, words = SHIPPED_WORDS): string[] {
  return groups.flatMap((group) => [
    ...groupProblems(group).map((problem) => `rules/${topic}.yaml: ${problem}`),
    ...group.rules.flatMap((rule) => {
      const name = isAlertingRule(rule) ? rule.alert : rule.record;
      const judged = rule.expr === undefined || rule.expr === null;
      const problems = [
        ...conventionProblems(rule, words),
        ...(judged ? ['expr is not set: write it'] : logRuleProblems(rule, group)),
      ];
      return problems.map((problem) => `rules/${topic}.yaml: ${name}: ${problem}`);
    }),
  ]);
}

/**
 * Labels of `equal` that an alert over logs lacks. Alertmanager takes a label that both alerts lack for equal, so the
 * inhibition would mute alerts about other objects.
 */
export function logInhibitionProblems(inhibitions: readonly Inhibition[], logs: readonly RuleFile[]): string[] {
  const alerts = rulesOf(logs).filter(isAlertingRule);
  return inhibitions.flatMap(({ source, targets = [], equal = [] }) =>
    alerts
      .filter(({ alert }) => alert === source || targets.includes(alert))
      .flatMap((rule) => {
        const labels = labelsOfAlert(rule);
        return equal
          .filter((label) => label !== 'alertname' && !labels.has(label))
          .map((label) => `inhibitions.yaml: ${source}: ${rule.alert} has no label ${label}: group its expr by it`);
      }),
  );
}

function labelsOfAlert({ expr, labels }: AlertingRule): ReadonlySet<string> {
  const expression = expressionOf(expr);
  return new Set([...Object.keys(labels), ...(expression ? labelsOfResult(expression) : [])]);
}
