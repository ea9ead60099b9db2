import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { changedSince, fingerprint, inputsOf } from '../../../scripts/synth/fingerprint';

describe('The fingerprint of a bundle', () => {
  const root = mkdtempSync(join(tmpdir(), 'fingerprint-'));
  const write = (file: string, content = '') => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content);
  };
  beforeEach(() => {
    for (const file of ['main.ts', 'rules/a.ts', 'node_modules/dependency/lib/index.js', 'scripts/synth/app.js']) {
      write(file, `content of ${file}`);
    }
    for (const file of ['package.json', 'tsconfig.json']) {
      write(file, '{}');
    }
    write('node_modules/dependency/package.json', '{ "version": "1.0.0" }');
    write('node_modules/esbuild/package.json', '{ "version": "0.1.0" }');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const inputs = () => inputsOf(root, ['main.ts', 'rules/a.ts', 'node_modules/dependency/lib/index.js']);

  test.each([
    ['the content of a source', () => write('rules/a.ts', 'changed')],
    [
      'the content of a dependency, of the same length',
      () => write('node_modules/dependency/lib/index.js', 'CONTENT of node_modules/dependency/lib/index.js'),
    ],
    ['the version of a dependency', () => write('node_modules/dependency/package.json', '{ "version": "1.0.1" }')],
    ['the version of the bundler', () => write('node_modules/esbuild/package.json', '{ "version": "0.1.1" }')],
    ['the options of the bundler', () => write('scripts/synth/app.js', 'changed')],
    ['the options of the compiler', () => write('tsconfig.json', '{ "compilerOptions": {} }')],
    ['a module beside another', () => write('rules/a.tsx')],
    ['a directory beside a module', () => write('rules/b/index.ts')],
    ['a package inside of a package', () => write('node_modules/dependency/node_modules/other/index.js')],
    ['options of the compiler for a directory', () => write('rules/tsconfig.json', '{}')],
  ])('changes with %s', (_, change) => {
    const known = inputs();
    const before = fingerprint(root, known);
    change();
    expect(fingerprint(root, known)).not.toBe(before);
  });

  test.each(['rules/a.yaml', 'dist/0000.k8s.yaml', 'node_modules/.cache/program', 'README.md'])(
    'stays the same with a new %s',
    (file) => {
      const known = inputs();
      const before = fingerprint(root, known);
      write(file);
      expect(before).toMatch(/^[0-9a-f]{32}$/);
      expect(fingerprint(root, known)).toBe(before);
    },
  );

  test('changes with the flags of Node', () => {
    const before = fingerprint(root, inputs());
    process.execArgv.push('--no-opt');
    try {
      expect(fingerprint(root, inputs())).not.toBe(before);
    } finally {
      process.execArgv.pop();
    }
  });

  test('does not exist without an input', () => {
    const known = inputs();
    rmSync(join(root, 'rules/a.ts'));
    expect(fingerprint(root, known)).toBeUndefined();
  });

  test('knows an input that has changed since a time', () => {
    const known = inputs();
    expect(changedSince(root, known, Date.now() + 1000)).toBe(false);
    expect(changedSince(root, known, Date.now() - 60_000)).toBe(true);
  });
});
