import type { LogqlExpression } from './expression';
import { readLabels, testedLabels } from './labels';
import type { LabelTest, Stage } from './pipeline';
import { captureNames, regexProblem } from './regex';
import { callsOf, TemplateError, templateOf } from './template';

/** Functions of templates that no line can make fail. The value is the position of a regular expression. */
const SAFE_FUNCTIONS: ReadonlyMap<string, number | undefined> = new Map([
  ['lower', undefined],
  ['upper', undefined],
  ['trim', undefined],
  ['trimAll', undefined],
  ['trimPrefix', undefined],
  ['trimSuffix', undefined],
  ['trunc', undefined],
  ['replace', undefined],
  ['regexReplaceAll', 0],
  ['regexReplaceAllLiteral', 0],
  ['default', undefined],
  ['__line__', undefined],
]);

const URLDECODE = 'a URL with %zz stops the rule, or hides the line; write regexReplaceAll and replace';

/** What stops the ruler, or hides lines from it, in one stage. */
export function stageProblems(stage: Stage): readonly string[] {
  switch (stage.kind) {
    case 'line':
      return stage.operator.endsWith('~')
        ? stage.texts.flatMap((text) => refused(`the line filter ${stage.operator}`, text))
        : [];
    case 'regexp':
      return refused('the stage regexp', stage.pattern);
    case 'pattern':
      return patternProblems(stage.pattern);
    case 'fields':
      return stage.fields.length > 0
        ? []
        : [`name the fields, e.g. ${stage.parser} address="source_ip": one damaged line stops the rule otherwise`];
    case 'filter':
      return testProblems(stage.test);
    case 'label_format':
      return stage.assignments.flatMap((each) => ('template' in each ? templateProblems(each.template) : []));
    case 'line_format':
      return templateProblems(stage.template);
    case 'other':
      return /^(unpack)\b/.test(stage.text)
        ? ['| unpack takes every field, and one damaged line stops the rule: pick fields with | json']
        : [];
    default:
      return [];
  }
}

function refused(what: string, pattern: string): readonly string[] {
  const problem = regexProblem(pattern);
  return problem ? [`${what} has a regular expression that RE2 refuses, "${problem}": fix \`${pattern}\``] : [];
}

function patternProblems(pattern: string): readonly string[] {
  if (captureNames(pattern).length === 0) {
    return [`| pattern \`${pattern}\` captures nothing: name a part, e.g. <client_ip>`];
  }
  return /<\w+><\w+>/.test(pattern)
    ? [`| pattern \`${pattern}\` has two captures without a text between them: write one`]
    : [];
}

function testProblems(test: LabelTest): readonly string[] {
  if (test.kind === 'and' || test.kind === 'or') {
    return test.tests.flatMap(testProblems);
  }
  if (test.kind !== 'matcher') {
    return [];
  }
  const { label, operator, value } = test.matcher;
  if (label === '__error__' && operator === '=' && value === '') {
    return [
      '| __error__="" drops damaged lines, so an attacker hides by damaging them: write | drop __error__, __error_details__ at the end',
    ];
  }
  return operator.endsWith('~') ? refused(`the filter of ${label}`, value) : [];
}

function templateProblems(template: string): readonly string[] {
  try {
    return callsOf(templateOf(template)).flatMap(({ name, operands }) => {
      if (name === 'urldecode') {
        return [URLDECODE];
      }
      if (!SAFE_FUNCTIONS.has(name)) {
        const known = [...SAFE_FUNCTIONS.keys()].join(', ');
        return [`the template ${template} calls ${name}, which is unknown or can fail: write one of ${known}`];
      }
      const at = SAFE_FUNCTIONS.get(name);
      const pattern = at === undefined ? undefined : operands[at];
      return pattern?.kind === 'text' ? refused(`the template ${template}`, pattern.text) : [];
    });
  } catch (error) {
    if (error instanceof TemplateError) {
      return [`the template ${template} does not parse, and Loki only notices with the first line: ${error.message}`];
    }
    throw error;
  }
}

/** How damaged lines, which an attacker can write, fail a rule: their error is a label of the result. */
export function damageProblems({ range, operation }: LogqlExpression & { kind: 'range' }): readonly string[] {
  const { stages } = range;
  const problems: string[] = [];
  const parses = stages.findIndex(({ kind }) => kind === 'fields');
  const drops = stages.some(
    (stage, at) =>
      stage.kind === 'drop' &&
      at > parses &&
      ['__error__', '__error_details__'].every((label) => stage.labels.includes(label)),
  );
  const wanted = stages.some((stage) => stage.kind === 'filter' && testedLabels(stage.test).includes('__error__'));
  if (parses >= 0 && !drops && !wanted) {
    problems.push('a damaged line fails the rule: write | drop __error__, __error_details__ after the last filter');
  }
  const unwrap = stages.findIndex(({ kind }) => kind === 'unwrap');
  if (unwrap >= 0) {
    const [label = ''] = readLabels(stages[unwrap]!);
    const guarded = stages
      .slice(0, unwrap)
      .some(
        (stage) =>
          stage.kind === 'filter' &&
          stage.test.kind === 'matcher' &&
          stage.test.matcher.label === label &&
          stage.test.matcher.operator === '=~',
      );
    if (!guarded) {
      problems.push(`| unwrap ${label} fails for a line without a number: write | ${label}=~"[0-9]+" before it`);
    }
  } else if (/^(sum|avg|max|min|quantile|stddev|stdvar|first|last)_over_time$/.test(operation)) {
    problems.push(`${operation} needs numbers: write | unwrap <label> before the range`);
  }
  return problems;
}
