import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { ROOT } from '../../../tools/catalogue';
import { type Numbered, SWITCH, withSwitches } from './switches';

/** Where the fast tests of the server are. */
const TESTS = join('test', 'remediation');

/** Environment of a test file: the number of the mutant that is switched on, and a file for the switches it passes. */
export const ENVIRONMENT = { mutant: 'MUTANT', passed: 'PASSED_SWITCHES' } as const;

/** The tests that passed each switch, by their full names; an empty one stands for what all tests of the file share. */
export type Passed = { readonly [mutant: string]: readonly string[] };

/** In front of each test file: the switch. It remembers who came by. */
const BEFORE = `
const on = Number(process.env.${ENVIRONMENT.mutant});
const passed = new Map();
let test_ = '';
globalThis.${SWITCH} = (id) => {
  if (!passed.get(id)?.has(test_)) {
    passed.set(id, (passed.get(id) ?? new Set()).add(test_));
  }
  return id === on;
};
beforeEach(() => { test_ = expect.getState().currentTestName; });`;

/** Behind each test file: writes down who came by. */
const AFTER = `
afterAll(() => {
  if (process.env.${ENVIRONMENT.passed}) {
    const names = Object.fromEntries([...passed].map(([id, tests]) => [id, [...tests]]));
    require('node:fs').writeFileSync(process.env.${ENVIRONMENT.passed}, JSON.stringify(names));
  }
});`;

/**
 * Compiles the fast tests of the server, each with all mutants of the sources that it imports.
 *
 * @param mutants by the path of their source under `remediation/`
 * @returns the compiled tests, by the path of the test
 */
export async function bundleTests(
  directory: string,
  mutants: ReadonlyMap<string, readonly Numbered[]>,
): Promise<ReadonlyMap<string, string>> {
  const tests = readdirSync(join(ROOT, TESTS), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join(TESTS, file));
  await build({
    entryPoints: tests.map((test) => join(ROOT, test)),
    absWorkingDir: ROOT,
    outdir: directory,
    outbase: ROOT,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['pg-native'],
    banner: { js: BEFORE },
    footer: { js: AFTER },
    plugins: [mutating(mutants)],
    // It is parsed again for each mutant.
    minifyWhitespace: true,
    logLevel: 'error',
  });
  // A package of its own: nothing of the repository's settings holds here.
  writeFileSync(join(directory, 'package.json'), '{}');
  return new Map(tests.map((test) => [test, join(directory, test.replace(/\.ts$/, '.js'))]));
}

/** Loads sources with their mutants, and leaves each its own directory, where it finds its files. */
function mutating(mutants: ReadonlyMap<string, readonly Numbered[]>): Plugin {
  return {
    name: 'mutants',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const source = readFileSync(path, 'utf8');
        const contents = withSwitches(source, mutants.get(relative(join(ROOT, 'remediation'), path)) ?? []);
        return { contents: contents.replaceAll('__dirname', JSON.stringify(dirname(path))), loader: 'ts' };
      });
    },
  };
}
