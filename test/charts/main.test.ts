import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { distFiles, ofKind, readManifests } from '../../testing/manifests';
import { ROOT } from '../../tools/catalogue';

/** The app from its sources, and as cdk8s runs it. */
const PROGRAMS = {
  'main.ts': ['--import', 'tsx', 'main.ts'],
  'app.js': ['scripts/synth/app.js'],
};

/** Runs a program with a profile, into a directory that exists for as long as the check does. */
function synthesize<T>(
  program: readonly string[],
  profile: string,
  check: (run: ReturnType<typeof spawn>, outdir: string) => T,
): T {
  const outdir = mkdtempSync(join(tmpdir(), 'synth-'));
  try {
    return check(spawn(program, profile, outdir), outdir);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

function spawn(program: readonly string[], profile: string, outdir: string) {
  return spawnSync(process.execPath, program, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, CDK8S_OUTDIR: outdir, SIGHTEDIT_PROFILE: profile },
  });
}

describe.each(Object.entries(PROGRAMS))('%s', (_, program) => {
  test.each(['staging', ''])('profile "%s" ends the program with one message and writes nothing', (profile) => {
    synthesize(program, profile, ({ status, stdout, stderr }, outdir) => {
      expect(status).toBe(1);
      expect(stderr).toBe(`SIGHTEDIT_PROFILE is "${profile}": write one of production, dev\n`);
      expect(stdout).toBe('');
      expect(distFiles(outdir)).toEqual([]);
    });
  });
});

describe.each(Object.entries(PROGRAMS))('%s, profile dev', (_, program) => {
  const { run, files, manifests } = synthesize(program, 'dev', (outcome, outdir) => ({
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

  // Everyone who reaches its API can post alerts, and the users of Grafana would be among them.
  test('lets Prometheus, Loki and the webhook reach the API of Alertmanager, and nobody else', () => {
    interface Rule {
      readonly from: readonly { readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> } }[];
      readonly ports: readonly { readonly port: number }[];
    }
    const policy = ofKind(manifests, 'NetworkPolicy').find(({ metadata }) => metadata.name === 'alertmanager')!;
    const callers = (policy.spec.ingress as readonly Rule[])
      .filter(({ ports }) => ports.some(({ port }) => port === 9093))
      .flatMap(({ from }) => from.map(({ podSelector }) => podSelector.matchLabels['app.kubernetes.io/name']));
    expect(callers.sort()).toEqual(['loki', 'prometheus', 'remediation-webhook']);
  });

  test('begins with the namespaces, since kubectl reads files in the order of their names', () => {
    expect(files[0]).toBe('0000-sightedit-namespaces.k8s.yaml');
  });
});
