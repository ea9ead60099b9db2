import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'cdk8s';
import { addSightEditMonitoring, resolveSettings, sightEdit } from '../charts';
import { ROOT } from '../tools/catalogue';
import { runCommand } from './command';

const USAGE = `Prints how long a synthesis takes: the app alone, the whole command, and many copies of the platform in one app.

  npm run bench:synth

Takes half a minute.`;

function main(): number {
  const output = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
  try {
    const env = { ...process.env, CDK8S_OUTDIR: output };
    const cdk8s = join(ROOT, 'node_modules', 'cdk8s-cli', 'bin', 'cdk8s');
    const objects = synthesizeCopies(1, output).objects;
    console.log(`one platform, ${objects} objects, median of 5 runs:`);
    row(
      'app (node --import tsx main.ts)',
      median(5, () => run(['--import', 'tsx', 'main.ts'], env)),
    );
    row(
      'command (cdk8s synth)',
      median(5, () => run([cdk8s, 'synth', '--check-upgrade=false', '--output', output], env)),
    );

    console.log('\ncopies of the platform in one app, construction and synthesis:');
    let last: number | undefined;
    for (const copies of [1, 10, 100]) {
      const { objects: count, milliseconds } = synthesizeCopies(copies, output);
      const growth = last === undefined ? '' : `, ${(milliseconds / last).toFixed(1)} times the row above`;
      row(`${copies} (${count} objects)`, milliseconds, `${(milliseconds / count).toFixed(2)} ms an object${growth}`);
      last = milliseconds;
    }
    return 0;
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

function run(args: readonly string[], env: NodeJS.ProcessEnv): number {
  const start = process.hrtime.bigint();
  execFileSync(process.execPath, args, { cwd: ROOT, env, stdio: 'pipe' });
  return Number(process.hrtime.bigint() - start) / 1e6;
}

function synthesizeCopies(copies: number, outdir: string): { objects: number; milliseconds: number } {
  const start = process.hrtime.bigint();
  const app = new App({ outdir });
  for (let copy = 0; copy < copies; copy++) {
    const namespaces = {
      namespace: `monitoring-${copy}`,
      application: { ...sightEdit.application, namespace: `app-${copy}` },
    };
    addSightEditMonitoring(app, `copy-${copy}`, resolveSettings({ ...sightEdit, ...namespaces }, 'production'));
  }
  app.synth();
  const milliseconds = Number(process.hrtime.bigint() - start) / 1e6;
  return { objects: app.charts.reduce((count, chart) => count + chart.toJson().length, 0), milliseconds };
}

function median(runs: number, measure: () => number): number {
  return Array.from({ length: runs }, measure).sort((a, b) => a - b)[Math.floor(runs / 2)]!;
}

function row(title: string, milliseconds: number, note = ''): void {
  console.log(`  ${title.padEnd(36)}${`${Math.round(milliseconds)} ms`.padStart(10)}  ${note}`);
}

runCommand({ usage: USAGE, run: main });
