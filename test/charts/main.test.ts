import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { distFiles, ofKind, readManifests } from '../../testing/manifests';
import { ROOT } from '../../tools/catalogue';

/** Runs the program with a profile, into a directory that exists for as long as the check does. */
function synthesize<T>(profile: string, check: (run: ReturnType<typeof spawn>, outdir: string) => T): T {
  const outdir = mkdtempSync(join(tmpdir(), 'synth-'));
  try {
    return check(spawn(profile, outdir), outdir);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

function spawn(profile: string, outdir: string) {
  return spawnSync(process.execPath, ['--import', 'tsx', 'main.ts'], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, CDK8S_OUTDIR: outdir, SIGHTEDIT_PROFILE: profile },
  });
}

test.each(['staging', ''])('profile "%s" ends the program with one message and writes nothing', (profile) => {
  synthesize(profile, ({ status, stdout, stderr }, outdir) => {
    expect(status).toBe(1);
    expect(stderr).toBe(`SIGHTEDIT_PROFILE is "${profile}": write one of production, dev\n`);
    expect(stdout).toBe('');
    expect(distFiles(outdir)).toEqual([]);
  });
});

describe('profile dev', () => {
  const { run, files, manifests } = synthesize('dev', (outcome, outdir) => ({
    run: outcome,
    files: distFiles(outdir),
    manifests: readManifests(outdir),
  }));

  test('synthesizes in silence', () => {
    const { status, stdout, stderr } = run;
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('has one replica of each server', () => {
    const replicas = ofKind(manifests, 'StatefulSet').map(({ metadata, spec }) => [metadata.name, spec.replicas]);
    expect(Object.fromEntries(replicas)).toMatchObject({ alertmanager: 1, prometheus: 1 });
    expect(ofKind(manifests, 'PodDisruptionBudget')).toEqual([]);
  });

  test('begins with the namespaces, since kubectl reads files in the order of their names', () => {
    expect(files[0]).toBe('0000-sightedit-namespaces.k8s.yaml');
  });
});
