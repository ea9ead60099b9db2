import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { ROOT } from '../../../tools/catalogue';
import { type Numbered, SWITCH, withSwitches } from './switches';

/** The fast tests of the server. */
const TESTS = join('test', 'remediation');

/** Environment of a test file: the number of the active mutant, and a file to write the coverage to. */
export const ENVIRONMENT = { mutant: 'MUTANT', coverage: 'MUTANT_COVERAGE' } as const;

/**
 * The full names of the tests that cover each mutant. An empty name stands for code that runs outside tests, e.g. when a
 * module is loaded: it concerns every test of the file.
 */
export type Coverage = { readonly [mutant: string]: readonly string[] };

/** The beginning of each test file: defines the switch, which records the coverage. */
const BANNER = `
const active = Number(process.env.${ENVIRONMENT.mutant});
const coverage = new Map();
let currentTest = '';
globalThis.${SWITCH} = (id) => {
  if (!coverage.get(id)?.has(currentTest)) {
    coverage.set(id, (coverage.get(id) ?? new Set()).add(currentTest));
  }
  return id === active;
};
beforeEach(() => { currentTest = expect.getState().currentTestName; });`;

/** The end of each test file: writes the coverage. */
const FOOTER = `
afterAll(() => {
  if (process.env.${ENVIRONMENT.coverage}) {
    const names = Object.fromEntries([...coverage].map(([id, tests]) => [id, [...tests]]));
    require('node:fs').writeFileSync(process.env.${ENVIRONMENT.coverage}, JSON.stringify(names));
  }
});`;

/**
 * Compiles each fast test with all mutants of the sources that it imports.
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
    banner: { js: BANNER },
    footer: { js: FOOTER },
    plugins: [mutating(mutants)],
    // The bundle is parsed again for each mutant.
    minifyWhitespace: true,
    logLevel: 'error',
  });
  // A package of its own keeps Jest from looking for the repository's settings.
  writeFileSync(join(directory, 'package.json'), '{}');
  return new Map(tests.map((test) => [test, join(directory, test.replace(/\.ts$/, '.js'))]));
}

/** Loads the sources with their mutants. `__dirname` stays the directory of the source, where it finds its files. */
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
