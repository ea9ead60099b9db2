import type { AlertingRule, RuleFile } from '../../../rules';
import { neededFor } from '../../../scripts/mutation/needed';

const alert = (name: string, expr: string): AlertingRule => ({
  alert: name,
  expr,
  labels: { severity: 'low', category: 'meta' },
  annotations: { summary: 'Bad', description: 'It is bad.' },
});

describe('The part of a file that an alert needs', () => {
  const file: RuleFile = {
    topic: 'demo',
    groups: [
      {
        name: 'demo.recording',
        rules: [
          { record: 'a:demo:sum', expr: 'sum(demo)' },
          { record: 'b:demo:max', expr: 'max(a:demo:sum)' },
          { record: 'c:demo:min', expr: 'min(demo)' },
        ],
      },
      { name: 'demo', interval: '2m', rules: [alert('One', 'b:demo:max > 1'), alert('Two', 'c:demo:min > 1')] },
    ],
  };

  test('is the alert and the records that it reads, directly or through others', () => {
    const { groups } = neededFor('One', file);
    expect(groups).toEqual([
      { name: 'demo.recording', rules: file.groups[0]!.rules.slice(0, 2) },
      { name: 'demo', interval: '2m', rules: [file.groups[1]!.rules[0]] },
    ]);
  });

  test('keeps empty groups', () => {
    expect(neededFor('Three', file).groups.map(({ name, rules }) => [name, rules])).toEqual([
      ['demo.recording', []],
      ['demo', []],
    ]);
  });
});
