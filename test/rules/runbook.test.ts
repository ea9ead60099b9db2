import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RuleCatalogue } from '../../rules';
import { ROOT } from '../../tools/catalogue';
import { runbookProblems, SECTIONS } from './runbook';

test.each(RuleCatalogue.sightEdit().alerts.map(({ alert }) => [alert]))('the runbook of %s is complete', (alert) => {
  const markdown = readFileSync(join(ROOT, 'runbooks', `${alert}.md`), 'utf8');
  expect(runbookProblems(alert, markdown)).toEqual([]);
});

describe('the check of runbooks', () => {
  const FENCE = '```';
  const block = (language: string, code: string) => `${FENCE}${language}\n${code}\n${FENCE}`;
  const runbook = (sections = SECTIONS, body = 'Something.') =>
    ['# DemoDown', ...sections.flatMap((section) => [`## ${section}`, body])].join('\n\n');

  test.each([
    ['a valid runbook', runbook()],
    [
      'comments in code that look like headings',
      runbook(SECTIONS, block('bash', '# look\n## closer\nkubectl get pods')),
    ],
    ['PromQL that parses', runbook(SECTIONS, block('promql', 'up{job="demo"} == 0'))],
    ['a block of code in a list', runbook(SECTIONS, `1. Look.\n\n   ${FENCE}bash\n   kubectl get pods\n   ${FENCE}`)],
  ])('accepts %s', (_name, markdown) => {
    expect(runbookProblems('DemoDown', markdown)).toEqual([]);
  });

  test.each([
    ['a title of another alert', runbook().replace('# DemoDown', '# ShopDown'), 'the title is not "# DemoDown"'],
    [
      'a missing section',
      runbook(SECTIONS.slice(1)),
      'the sections are Impact, Automated response, Verify it is real, Diagnosis, Mitigation, Escalation, False positives',
    ],
    [
      'sections out of order',
      runbook([...SECTIONS.slice(1), 'Meaning']),
      'the sections are Impact, Automated response, Verify it is real, Diagnosis, Mitigation, Escalation, False positives, Meaning',
    ],
    ['an unknown section', runbook([...SECTIONS, 'Notes']), `the sections are ${SECTIONS.join(', ')}, Notes`],
    ['an empty section', runbook().replace('## Impact\n\nSomething.', '## Impact'), 'the section Impact is empty'],
    ['code that is not closed', `${runbook()}\n${FENCE}bash\nkubectl get pods`, 'a block of code is not closed'],
    [
      'code without a language',
      `${runbook()}\n${block('', 'kubectl get pods')}`,
      'a block of code names no language: kubectl get pods',
    ],
    [
      'PromQL that does not parse',
      `${runbook()}\n${block('promql', 'sum(rate(demo_total[5m])')}`,
      'PromQL does not parse at "the end of the expression"',
    ],
  ])('finds %s', (_name, markdown, problem) => {
    expect(runbookProblems('DemoDown', markdown)).toEqual([problem]);
  });
});
