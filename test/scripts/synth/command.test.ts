import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { distFiles } from '../../../testing/manifests';
import { ROOT } from '../../../tools/catalogue';

describe('npm run synth', () => {
  const output = mkdtempSync(join(tmpdir(), 'synth-'));
  beforeEach(() => {
    for (const file of readdirSync(output)) {
      rmSync(join(output, file), { recursive: true });
    }
    for (const [file, content] of Object.entries(BEFORE)) {
      writeFileSync(join(output, file), content);
    }
  });
  afterAll(() => rmSync(output, { recursive: true }));

  /** A manifest that the platform no longer has, one that it still has, and something else. */
  const BEFORE = { '0000-gone.k8s.yaml': 'old', '0000-sightedit-namespaces.k8s.yaml': 'old', 'notes.txt': 'mine' };

  const synth = (args: readonly string[], profile = 'production') => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/synth.js', ...args], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, SIGHTEDIT_PROFILE: profile },
    });
    return { status, stdout, stderr };
  };
  const found = () =>
    Object.fromEntries(readdirSync(output).map((file) => [file, readFileSync(join(output, file), 'utf8')]));

  test('lists what it has written, and removes only manifests', () => {
    const files = distFiles();
    expect(synth(['--output', output])).toEqual({
      status: 0,
      stdout: files.map((file) => `  - ${join(output, file)}\n`).join(''),
      stderr: '',
    });
    expect(readdirSync(output).sort()).toEqual([...files, 'notes.txt'].sort());
    expect(found()).not.toMatchObject({ '0000-sightedit-namespaces.k8s.yaml': 'old' });
  });

  test.each(['staging', ''])('profile "%s" prints one message and leaves the directory as it is', (profile) => {
    expect(synth(['-o', output], profile)).toEqual({
      status: 1,
      stdout: '',
      stderr: `SIGHTEDIT_PROFILE is "${profile}": write one of production, dev\n`,
    });
    expect(found()).toEqual(BEFORE);
  });

  test('says what is wrong with an option, and how it is called', () => {
    const { status, stdout, stderr } = synth(['--ouput', output]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^Unknown option '--ouput'/);
    expect(stderr).toContain(synth(['--help']).stdout);
    expect(found()).toEqual(BEFORE);
  });
});
