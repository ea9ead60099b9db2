import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DIST, distFiles } from '../testing/manifests';
import { ROOT } from '../tools/catalogue';

describe('dist', () => {
  const output = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
  afterAll(() => rmSync(output, { recursive: true, force: true }));

  it('is what the program writes now', () => {
    execFileSync(process.execPath, ['--import', 'tsx', 'main.ts'], {
      cwd: ROOT,
      env: { ...process.env, CDK8S_OUTDIR: output, SIGHTEDIT_PROFILE: 'production' },
    });
    const read = (directory: string) =>
      Object.fromEntries(distFiles(directory).map((file) => [file, readFileSync(join(directory, file), 'utf8')]));
    expect(read(DIST)).toEqual(read(output));
  });
});
