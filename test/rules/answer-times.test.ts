import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ANSWER_MINUTES, ANSWER_WITHIN, SEVERITIES, type Severity } from '../../rules';
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

/** Minutes of `30 minutes`, `2 hours` or `now`. */
function minutesOf(words: string): number {
  const [count, unit] = words.split(' ');
  return count === 'now' ? 0 : Number(count) * (unit!.startsWith('hour') ? 60 : 1);
}

describe('The time within which an alert wants an answer', () => {
  it.each(['README.md', 'rules/README.md'])('is the same in %s and in the runbooks', (page) => {
    const times = answerTimesOf(page);
    expect(Object.keys(times).sort()).toEqual([...SEVERITIES].sort());
    for (const severity of SEVERITIES) {
      // `now (pages)` in a table, `never: it should always fire` in a runbook
      const minutes = severity === 'none' ? undefined : minutesOf(ANSWER_WITHIN[severity]);
      expect([severity, ANSWER_MINUTES.get(severity)]).toEqual([severity, minutes]);
      expect([severity, ANSWER_WITHIN[severity].split(':')[0]]).toEqual([severity, times[severity]!.split(' (')[0]]);
    }
  });
});
