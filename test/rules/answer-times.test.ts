import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ANSWER_WITHIN, SEVERITIES, type Severity } from '../../rules';
import { ROOT } from '../../tools/catalogue';

/** The times of a page's table that has a column "answer within", by severity. */
function answerTimesOf(page: string): Partial<Record<Severity, string>> {
  const rows = readFileSync(join(ROOT, page), 'utf8')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
  const start = rows.findIndex((cells) => cells.includes('answer within'));
  const column = rows[start]?.indexOf('answer within') ?? 0;
  const table = rows.slice(start + 2, start + 2 + SEVERITIES.length);
  return Object.fromEntries(
    table.filter(([, severity]) => SEVERITIES.includes(severity as Severity)).map((row) => [row[1], row[column]]),
  );
}

describe('The time within which an alert wants an answer', () => {
  it.each([
    ['README.md', { critical: 'now', high: '30 minutes', medium: '2 hours', low: '24 hours' }],
    [
      'rules/README.md',
      { critical: 'now (pages)', high: '30 minutes', medium: '2 hours', low: '24 hours', none: 'never' },
    ],
  ])('is in %s what it is in the runbooks', (page, times) => {
    expect(answerTimesOf(page)).toEqual(times);
    for (const [severity, time] of Object.entries(times)) {
      expect(ANSWER_WITHIN[severity as Severity]).toContain(time.replace(/ \(.*/, ''));
    }
  });
});
