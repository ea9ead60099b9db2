import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { undocumented, unexported } from '../../scripts/api/problems';
import { surfaceOf } from '../../scripts/api/surface';
import { temporaryDirectory } from '../../testing/cleanup';
import { ROOT } from '../../tools/catalogue';

/** Packages that the library itself needs. All others are loaded when they are installed. */
const NEEDED = ['@opentelemetry/api', 'ipaddr.js', 'prom-client'];

test('The library imports nothing of cdk8s, and no package that the application may lack', async () => {
  const { metafile } = await build({
    ...{ entryPoints: [join(ROOT, 'instrumentation', 'index.ts')], bundle: true, write: false, metafile: true },
    ...{ platform: 'node', packages: 'external', absWorkingDir: ROOT, logLevel: 'silent' },
  });
  const inputs = Object.entries(metafile.inputs);
  expect(inputs.length).toBeGreaterThan(30);
  expect(inputs.map(([file]) => file).filter((file) => !file.startsWith('instrumentation/'))).toEqual([]);
  const packages = inputs.flatMap(([, { imports }]) =>
    imports.filter(({ external, path }) => external && !path.startsWith('node:')).map(({ path }) => path),
  );
  expect([...new Set(packages)].sort()).toEqual(NEEDED);
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(NEEDED.filter((name) => !(name in dependencies))).toEqual([]);
}, 120_000);

test('Its declarations explain every symbol, and mention no type that it does not export', () => {
  const directory = temporaryDirectory();
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = ['--emitDeclarationOnly', '--declarationMap', 'false', '--outDir', directory];
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...options], { cwd: ROOT, stdio: 'pipe' });
  const surface = surfaceOf(join(directory, 'instrumentation'));
  expect(surface.exports.length).toBeGreaterThan(60);
  expect(undocumented(surface)).toEqual([]);
  expect(unexported(surface)).toEqual([]);
  const files = readdirSync(join(directory, 'instrumentation'), { recursive: true, encoding: 'utf8' });
  const imports = files
    .filter((file) => file.endsWith('.d.ts'))
    .flatMap((file) => [
      ...readFileSync(join(directory, 'instrumentation', file), 'utf8').matchAll(
        /(?:from|import\() ?['"]([^'"]+)['"]/g,
      ),
    ])
    .map(([, name]) => name!)
    .filter((name) => !name.startsWith('.') && !name.startsWith('node:'));
  expect(imports.length).toBeGreaterThan(0);
  expect(imports.filter((name) => !NEEDED.includes(name))).toEqual([]);
}, 120_000);
