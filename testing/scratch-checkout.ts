import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../tools/catalogue';

/** What a synthesis does not read. `node_modules` is made of links. */
const LEFT_OUT = ['.git', '.tools', 'coverage', 'dist', 'docs', 'lib', 'node_modules', 'test'];

/** A copy of the checkout, committed or not, to change files in. It has a cache of its own. */
export class ScratchCheckout {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'sightedit-monitoring-')));

  constructor() {
    for (const name of readdirSync(ROOT).filter((each) => !LEFT_OUT.includes(each))) {
      cpSync(join(ROOT, name), join(this.path, name), { recursive: true });
    }
    mkdirSync(join(this.path, 'node_modules'));
    for (const name of readdirSync(join(ROOT, 'node_modules')).filter((each) => each !== '.cache')) {
      symlinkSync(realpathSync(join(ROOT, 'node_modules', name)), join(this.path, 'node_modules', name));
    }
  }

  /** Changes a file. @throws Error when the change changes nothing */
  edit(file: string, change: (text: string) => string): void {
    const path = join(this.path, file);
    const before = readFileSync(path, 'utf8');
    const after = change(before);
    if (after === before) {
      throw new Error(`${file} stays as it is: the change finds nothing to change`);
    }
    writeFileSync(path, after);
  }

  /** Gives the checkout its own copy of a package, whose files can then be changed. */
  copyPackage(name: string): void {
    const path = join(this.path, 'node_modules', name);
    rmSync(path);
    cpSync(realpathSync(join(ROOT, 'node_modules', name)), path, { recursive: true });
  }

  /** Runs a program of the checkout. @returns what it printed on stdout */
  node(args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
    return execFileSync(process.execPath, args, {
      cwd: this.path,
      encoding: 'utf8',
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
