import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { addSightEditMonitoring, resolveSettings, sightEdit } from '../charts';
import { ManifestApp } from '../manifests/manifest-app';
import { ScratchCheckout } from '../testing/scratch-checkout';
import { ROOT } from '../tools/catalogue';
import { measure, type Subject, type Timing } from './bench/timing';
import { progress, runCommand } from './command';

const USAGE = `Prints how long a synthesis takes, compared with a commit, and what many copies of the platform in one app take.

  npm run bench:synth [-- --against <commit>] [--linked] [--rounds <number>]

Runs the commands in turn, 7 times after a warm-up, and prints the medians. The commit is checked out into a directory that
is removed at the end, and gets its packages with "npm ci"; with --linked it uses those of this checkout. Takes two
minutes. Requires bash and git.`;

/** Where the commands write, in the directory of each checkout that is measured. */
const OUTPUT = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
const COMMANDS = {
  synth: `npm run synth -- --output ${OUTPUT}/dist`,
  cdk8s: `npx cdk8s synth --output ${OUTPUT}/dist`,
};

function main(args: readonly string[]): number {
  const { against, linked, rounds } = parseArgs({
    args: [...args],
    options: {
      against: { type: 'string' },
      linked: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '7' },
    },
  }).values;
  const scratch = new ScratchCheckout();
  const other = against ? checkOut(against, linked) : undefined;
  try {
    compareCommands(scratch, other, Number(rounds));
    compareCopies();
    return 0;
  } finally {
    scratch.remove();
    if (other) {
      execFileSync('git', ['worktree', 'remove', '--force', other], { cwd: ROOT });
    }
    rmSync(OUTPUT, { recursive: true, force: true });
  }
}

/** Checks a commit out. @returns the directory */
function checkOut(commit: string, linked: boolean): string {
  const directory = join(OUTPUT, 'checkout');
  execFileSync('git', ['worktree', 'add', '--quiet', '--detach', directory, commit], { cwd: ROOT });
  if (linked) {
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  } else {
    progress(`installing the packages of ${commit}`);
    execFileSync('npm', ['ci', '--prefer-offline'], { cwd: directory, stdio: 'pipe' });
  }
  return directory;
}

function compareCommands(scratch: ScratchCheckout, other: string | undefined, rounds: number): void {
  let edits = 0;
  const changeRule = () =>
    scratch.edit('rules/nodes.yaml', (text) => text.replace(/^( +for:) \d+m$/m, `$1 ${10 + edits++}m`));
  const dropCache = () => rmSync(join(scratch.path, 'node_modules', '.cache'), { recursive: true, force: true });
  const own: Record<string, Subject> = {
    'npm run synth': { command: COMMANDS.synth, directory: ROOT },
    '  after a change of one rule': { command: COMMANDS.synth, directory: scratch.path, prepare: changeRule },
    '  without a cache': { command: COMMANDS.synth, directory: scratch.path, prepare: dropCache },
    'npx cdk8s synth': { command: COMMANDS.cdk8s, directory: ROOT },
  };
  const before: Record<string, Subject> = other
    ? {
        synth: { command: COMMANDS.synth, directory: other },
        cdk8s: { command: COMMANDS.cdk8s, directory: other },
      }
    : {};
  const timings = measure({ ...own, ...before }, rounds);

  console.log(`medians of ${rounds} runs; CPU is the user and system time of all processes:`);
  console.log(`${' '.repeat(34)}wall     CPU${other ? '        before: wall     CPU        ratio: wall   CPU' : ''}`);
  for (const name of Object.keys(own)) {
    const reference = timings[name.startsWith('npx') ? 'cdk8s' : 'synth'];
    console.log(`  ${name.padEnd(28)}${columns(timings[name]!)}${reference ? ratios(timings[name]!, reference) : ''}`);
  }
}

function columns({ wall, cpu }: Timing): string {
  return [wall, cpu].map((time) => `${Math.round(time)} ms`.padStart(8)).join('');
}

function ratios(timing: Timing, reference: Timing): string {
  const numbers = [timing.wall / reference.wall, timing.cpu / reference.cpu].map((ratio) =>
    ratio.toFixed(2).padStart(6),
  );
  return `${' '.repeat(12)}${columns(reference)}${' '.repeat(11)}${numbers.join('')}`;
}

function compareCopies(): void {
  console.log('\ncopies of the platform in one app, CPU time of construction and synthesis:');
  synthesizeCopies(1);
  let last: number | undefined;
  for (const copies of [1, 10, 100]) {
    const { objects, milliseconds } = synthesizeCopies(copies);
    const growth = last === undefined ? '' : `, ${(milliseconds / last).toFixed(1)} times the row above`;
    const title = `${copies} (${objects} objects)`;
    const time = `${Math.round(milliseconds)} ms`;
    console.log(
      `  ${title.padEnd(28)}${time.padStart(8)}  ${(milliseconds / objects).toFixed(2)} ms an object${growth}`,
    );
    last = milliseconds;
  }
}

function synthesizeCopies(copies: number): { objects: number; milliseconds: number } {
  const start = process.cpuUsage();
  const app = new ManifestApp({ outdir: join(OUTPUT, 'copies') });
  for (let copy = 0; copy < copies; copy++) {
    const places = {
      cluster: `sightedit-${copy}`,
      namespace: `monitoring-${copy}`,
      application: { ...sightEdit.application, namespace: `app-${copy}` },
    };
    addSightEditMonitoring(app, `copy-${copy}`, resolveSettings({ ...sightEdit, ...places }, 'production'));
  }
  app.synth();
  const { user, system } = process.cpuUsage(start);
  const objects = app.charts.reduce((count, chart) => count + chart.toJson().length, 0);
  return { objects, milliseconds: (user + system) / 1000 };
}

runCommand({ usage: USAGE, run: main });
