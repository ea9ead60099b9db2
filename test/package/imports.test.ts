import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../tools/catalogue';

describe('imports', () => {
  const output = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
  afterAll(() => rmSync(output, { recursive: true, force: true }));

  it('are what cdk8s generates from the definitions', () => {
    const cli = join(ROOT, 'node_modules', 'cdk8s-cli', 'bin', 'cdk8s');
    const definition = join(ROOT, 'imports', 'crds', 'external-secrets.yaml');
    execFileSync(
      process.execPath,
      [cli, 'import', definition, '--output', output, '--no-save', '--language', 'typescript', '--check-upgrade=false'],
      { cwd: ROOT, stdio: 'pipe' },
    );
    const file = 'external-secrets.io.ts';
    expect(readFileSync(join(ROOT, 'imports', file), 'utf8')).toBe(readFileSync(join(output, file), 'utf8'));
  });
});
