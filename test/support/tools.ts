import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BIN } from '../../tools/catalogue';

/**
 * A group of tests that need real programs. If one is missing, the group is skipped with a warning: a check that did
 * not run must not pass in silence.
 */
export function describeWithTools(names: readonly string[], title: string, tests: () => void): void {
  const missing = names.filter((name) => !existsSync(join(BIN, name)));
  if (missing.length > 0) {
    // Not by the console: Jest drops what a suite has written to it if all of its tests are skipped.
    process.stderr.write(
      `\n!!! NOT CHECKED: ${title}\n!!! missing: ${missing.join(', ')}. To enable: npm run tools -- ${missing.join(' ')}\n`,
    );
    describe.skip(`${title} (needs ${missing.join(', ')})`, tests);
    return;
  }
  describe(title, tests);
}

/** Exit code and output of a program. */
export interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** Runs a program to its end, without blocking. */
export function startTool(name: string, ...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(join(BIN, name), args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: `${stdout}${stderr}` });
    });
  });
}

/** The outcome of a program that accepts its input. */
export const ACCEPTED = { code: 0, output: expect.any(String) };

/** The output of a program that fails, without the lines about input that it accepts. */
export function complaints({ code, output }: Outcome): string {
  return code === 0 ? '' : `ended with ${code}: ${output.replaceAll(/^\s*(SUCCESS)?\n/gm, '')}`;
}

/** Runs a program to its end. A failure is an outcome, not an exception. */
export function runTool(name: string, ...args: readonly string[]): Outcome {
  try {
    return {
      code: 0,
      output: execFileSync(join(BIN, name), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
    return { code: status, output: `${stdout}${stderr}` };
  }
}
