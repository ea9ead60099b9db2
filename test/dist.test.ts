import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DIST, distFiles } from '../testing/manifests';
import { ROOT } from '../tools/catalogue';

const CDK8S = join('node_modules', 'cdk8s-cli', 'bin', 'cdk8s');

describe('dist', () => {
  const output = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
  afterAll(() => rmSync(output, { recursive: true, force: true }));

  it.each([
    ['npm run synth', ['scripts/synth.js', '--output', output]],
    ['npx cdk8s synth', [CDK8S, 'synth', '--check-upgrade=false', '--output', output]],
    ['the program without a cache', ['--import', 'tsx', 'main.ts']],
  ])('is what %s writes now', (_, args) => {
    execFileSync(process.execPath, args, {
      cwd: ROOT,
      env: { ...process.env, CDK8S_OUTDIR: output, SIGHTEDIT_PROFILE: 'production' },
    });
    const read = (directory: string) =>
      Object.fromEntries(distFiles(directory).map((file) => [file, readFileSync(join(directory, file), 'utf8')]));
    expect(read(DIST)).toEqual(read(output));
  });
});
