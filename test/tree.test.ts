import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../tools/catalogue';

/** Files that are generated. */
const GENERATED = [/^imports\//, /^dist\//, /^formats\/generated\//];
const LONGEST = 300;

/** Source files, outside of tests, with the number of their lines. */
function sources(): { readonly file: string; readonly lines: number }[] {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.js', '*.go'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return files
    .split('\n')
    .filter((file) => file !== '' && !file.startsWith('test/') && !GENERATED.some((pattern) => pattern.test(file)))
    .map((file) => ({ file, lines: readFileSync(join(ROOT, file), 'utf8').split('\n').length - 1 }));
}

test(`No source file has more than ${LONGEST} lines: one with more has a second reason`, () => {
  expect(sources().length).toBeGreaterThan(200);
  expect(sources().filter(({ lines }) => lines > LONGEST)).toEqual([]);
});
