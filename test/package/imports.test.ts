import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../tools/catalogue';

describe('imports', () => {
  const output = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
  afterAll(() => rmSync(output, { recursive: true, force: true }));

  it.each([
    ['external-secrets.yaml', 'external-secrets.io.ts'],
    ['cert-manager.yaml', 'cert-manager.io.ts'],
  ])('are what cdk8s generates from %s', (crd, file) => {
    const cli = join(ROOT, 'node_modules', 'cdk8s-cli', 'bin', 'cdk8s');
    const definition = join(ROOT, 'imports', 'crds', crd);
    execFileSync(
      process.execPath,
      [cli, 'import', definition, '--output', output, '--no-save', '--language', 'typescript', '--check-upgrade=false'],
      { cwd: ROOT, stdio: 'pipe' },
    );
    expect(readFileSync(join(ROOT, 'imports', file), 'utf8')).toBe(readFileSync(join(output, file), 'utf8'));
  });
});
