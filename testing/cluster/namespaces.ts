import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from '../server';

const run = promisify(execFile);

/** Namespaces of a process that others can enter. */
export type Namespace = 'net' | 'pid' | 'mount' | 'uts' | 'ipc' | 'cgroup';

/** The command that runs `command` in namespaces of a process. */
export function entering(pid: number, namespaces: readonly Namespace[], command: readonly string[]): string[] {
  return ['nsenter', `--target=${pid}`, ...namespaces.map((name) => `--${name}`), '--', ...command];
}

/** Runs a command to its end. @returns its standard output @throws Error with its standard error */
export async function execute([command, ...args]: readonly string[]): Promise<string> {
  try {
    return (await run(command!, args, { maxBuffer: 64 * 1024 * 1024 })).stdout;
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`${command} ${args.join(' ')}: ${stderr?.trim() || message}`);
  }
}

/** Starts a command whose output goes to a log file. It ends with the namespaces that it enters. */
export function background([command, ...args]: readonly string[], logFile: string): ChildProcess {
  mkdirSync(dirname(logFile), { recursive: true });
  const output = openSync(logFile, 'a');
  const child = spawn(command!, args, { stdio: ['ignore', output, output], detached: true });
  child.unref();
  closeSync(output);
  return child;
}

/** Children of a process. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return []; // It has ended.
  }
}

/** Whether a process is process 1 of a PID namespace: it has one number more than its parent sees. */
function isInit(pid: number): boolean {
  try {
    return /^NSpid:\s+(\d+\s+)+1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // It has ended.
  }
}

/** Process 1 of the PID namespace that a descendant of `pid` creates. */
export async function initBelow(pid: number): Promise<number> {
  let found: number | undefined;
  const search = (parent: number): number | undefined => {
    for (const child of childrenOf(parent)) {
      const init = isInit(child) ? child : search(child);
      if (init !== undefined) {
        return init;
      }
    }
    return undefined;
  };
  await waitFor('the PID namespace', async () => {
    found = search(pid);
    return found !== undefined;
  });
  return found!;
}
