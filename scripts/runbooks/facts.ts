import { type AlertingRule, ANSWER_WITHIN, isLogTopic, sourceFileOf } from '../../rules';

/** Markers around the generated facts of a runbook. */
const BEGIN = '<!-- written from the rule by "npm run runbooks" -->';
const END = '<!-- end -->';

/** The facts of a rule, as its runbook shows them: a table and the expression. */
export function factsOf(rule: AlertingRule, topic: string): string {
  const file = sourceFileOf(topic);
  const facts = [
    ['severity', rule.labels.severity],
    ['answer within', ANSWER_WITHIN[rule.labels.severity ?? '']],
    ['team', rule.labels.category],
    ['fires after', rule.for ?? 'the first evaluation'],
    ...(rule.keep_firing_for ? [['keeps firing for', rule.keep_firing_for]] : []),
    ['rule', `[rules/${file}](../rules/${file})`],
  ];
  const row = (cells: readonly (string | undefined)[]) => `| ${cells.join(' | ')} |`;
  return [
    BEGIN,
    '',
    row(facts.map(([name]) => name)),
    row(facts.map(() => '---')),
    row(facts.map(([, value]) => value)),
    '',
    isLogTopic(topic) ? '```logql' : '```promql',
    rule.expr.trim(),
    '```',
    '',
    END,
  ].join('\n');
}

/** The runbook with the facts of its rule below the title, in place of older ones. */
export function withFacts(runbook: string, rule: AlertingRule, topic: string): string {
  const [title, ...rest] = runbook.split('\n');
  const body = rest.join('\n').trimStart();
  const prose = body.startsWith(BEGIN) ? body.slice(body.indexOf(END) + END.length).trimStart() : body;
  return [title, '', factsOf(rule, topic), '', prose].join('\n');
}
