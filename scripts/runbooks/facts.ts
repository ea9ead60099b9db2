import { type AlertingRule, type Severity, sourceFileOf } from '../../rules';

/** Marks of the part of a runbook that is written from the rule. */
const BEGIN = '<!-- written from the rule by "npm run runbooks" -->';
const END = '<!-- end -->';

/** How soon each level wants an answer. */
const ANSWER_WITHIN: Readonly<Record<Severity, string>> = {
  critical: 'now',
  high: '30 minutes',
  medium: '2 hours',
  low: '24 hours',
  none: 'never: it should always fire',
};

/** The facts of an alert that its runbook shows and that stand in its rule alone. */
export function factsOf(rule: AlertingRule, topic: string): string {
  const file = sourceFileOf(topic);
  const facts = [
    ['severity', rule.labels.severity],
    ['answer within', ANSWER_WITHIN[rule.labels.severity]],
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
    '```promql',
    rule.expr.trim(),
    '```',
    '',
    END,
  ].join('\n');
}

/** A runbook with the facts of its rule below the title; those of an earlier time are replaced. */
export function withFacts(runbook: string, rule: AlertingRule, topic: string): string {
  const [title, ...rest] = runbook.split('\n');
  const body = rest.join('\n').trimStart();
  const prose = body.startsWith(BEGIN) ? body.slice(body.indexOf(END) + END.length).trimStart() : body;
  return [title, '', factsOf(rule, topic), '', prose].join('\n');
}
