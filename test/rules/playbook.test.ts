import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RuleCatalogue } from '../../rules';
import { ROOT } from '../../tools/catalogue';
import { playbookProblems, SECTIONS } from './playbook';

test.each(RuleCatalogue.sightEdit().alerts.map(({ alert }) => [alert]))('the playbook of %s is complete', (alert) => {
  const markdown = readFileSync(join(ROOT, 'runbooks', `${alert}.md`), 'utf8');
  expect(playbookProblems(alert, markdown)).toEqual([]);
});

describe('the check of playbooks', () => {
  const FENCE = '```';
  const block = (language: string, code: string) => `${FENCE}${language}\n${code}\n${FENCE}`;
  const playbook = (sections = SECTIONS, body = 'Something.') =>
    ['# DemoDown', ...sections.flatMap((section) => [`## ${section}`, body])].join('\n\n');

  test.each([
    ['a sound playbook', playbook()],
    [
      'comments in code, which are no headings',
      playbook(SECTIONS, block('bash', '# look\n## closer\nkubectl get pods')),
    ],
    ['PromQL that parses', playbook(SECTIONS, block('promql', 'up{job="demo"} == 0'))],
    [
      'a block of code within a list',
      playbook(SECTIONS, `1. Look.\n\n   ${FENCE}bash\n   kubectl get pods\n   ${FENCE}`),
    ],
  ])('finds nothing wrong with %s', (_name, markdown) => {
    expect(playbookProblems('DemoDown', markdown)).toEqual([]);
  });

  test.each([
    ['a title of another alert', playbook().replace('# DemoDown', '# ShopDown'), 'the title is not "# DemoDown"'],
    [
      'a missing section',
      playbook(SECTIONS.slice(1)),
      'the sections are Impact, Automated response, Verify it is real, Diagnosis, Mitigation, Escalation, False positives',
    ],
    [
      'sections out of order',
      playbook([...SECTIONS.slice(1), 'Meaning']),
      'the sections are Impact, Automated response, Verify it is real, Diagnosis, Mitigation, Escalation, False positives, Meaning',
    ],
    ['a section too many', playbook([...SECTIONS, 'Notes']), `the sections are ${SECTIONS.join(', ')}, Notes`],
    ['an empty section', playbook().replace('## Impact\n\nSomething.', '## Impact'), 'the section Impact is empty'],
    ['code that is not closed', `${playbook()}\n${FENCE}bash\nkubectl get pods`, 'a block of code is not closed'],
    [
      'code of no language',
      `${playbook()}\n${block('', 'kubectl get pods')}`,
      'a block of code names no language: kubectl get pods',
    ],
    [
      'PromQL that does not parse',
      `${playbook()}\n${block('promql', 'sum(rate(demo_total[5m])')}`,
      'PromQL does not parse at "the end of the expression"',
    ],
  ])('finds %s', (_name, markdown, problem) => {
    expect(playbookProblems('DemoDown', markdown)).toEqual([problem]);
  });
});
