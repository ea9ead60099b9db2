import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Chart } from 'cdk8s';
import { temporaryDirectory } from '../../testing/cleanup';
import { writeInto } from '../../testing/files';
import { manifestsOf, testChart } from '../../testing/render';
import { ROOT } from '../../tools/catalogue';

const page = readFileSync(join(ROOT, 'docs', 'server-settings.md'), 'utf8');

/** Every example of the page, after its heading. */
const examples = page.split(/^(?=#{2,3} )/m).flatMap((section) => {
  const heading = section.split('\n')[0]!.replace(/^#+ /, '');
  return [...section.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => [heading, code!] as const);
});

/** The example as a module that adds to a chart. */
function moduleOf(code: string): string {
  const imports = code.match(/^import .*$/gm) ?? [];
  const statements = imports.reduce((text, line) => text.replace(line, ''), code);
  const lines = imports.map((line) => line.replace("'sightedit-monitoring'", `'${join(ROOT, 'index')}'`));
  return `${lines.join('\n')}\nimport type { Chart } from '${join(ROOT, 'node_modules', 'cdk8s')}';
export function example(chart: Chart): void {\n${statements}\n}\n`;
}

const directory = temporaryDirectory();
const files = examples.map(([heading, code], index) => {
  const file = writeInto(directory, `example-${index}.ts`, moduleOf(code));
  return [heading, file] as const;
});

test('the page has examples', () => {
  expect(examples.length).toBeGreaterThan(10);
});

test('every example compiles', () => {
  const config = {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: { typeRoots: [join(ROOT, 'node_modules', '@types')], noUnusedLocals: true },
    include: ['*.ts'],
  };
  writeInto(directory, 'tsconfig.json', JSON.stringify(config));
  const tsc = join(ROOT, 'node_modules', '.bin', 'tsc');
  const problems = () => {
    try {
      return execFileSync(tsc, ['-p', directory], { encoding: 'utf8', stdio: 'pipe' });
    } catch (error) {
      return (error as { stdout: string }).stdout;
    }
  };
  expect(problems()).toBe('');
}, 120_000);

test.each(files)('"%s" synthesizes', (_, file) => {
  const chart = testChart();
  const { example } = require(file) as { example: (chart: Chart) => void };
  example(chart);
  expect(() => manifestsOf(chart)).not.toThrow();
});
