import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { BIN } from '../tools/catalogue';
import { stopAtEnd, temporaryDirectory } from './cleanup';

/** A program that a test or a script has started. */
export interface Server {
  readonly name: string;
  /** Its output so far. */
  log(): string;
  /** Its process id. */
  readonly pid: number;
  /** Resolves when the program ends, to its exit code or the name of the signal. */
  readonly ended: Promise<number | string>;
  /** Stops the program. @param signal @default SIGTERM, and SIGKILL after ten seconds */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface ServerProps {
  /** Binary under `.tools/bin`, or an absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Whether the program answers. Called until it does, the program ends, or the timeout is over. */
  readonly ready: () => Promise<boolean>;
  /** @default 60 */
  readonly timeoutSeconds?: number;
}

/**
 * Starts a program and waits until it answers.
 *
 * @throws Error with the end of its output when it does not answer in time
 */
export async function startServer(name: string, props: ServerProps): Promise<Server> {
  const command = props.command.startsWith('/') ? props.command : join(BIN, props.command);
  if (!existsSync(command)) {
    throw new Error(`${command} is missing: run "npm run tools"`);
  }
  const logFile = join(temporaryDirectory(), `${name}.log`);
  const output = openSync(logFile, 'a');
  const child = spawn(command, props.args, {
    stdio: ['ignore', output, output],
    cwd: props.cwd,
    env: { ...process.env, ...props.env },
  });
  closeSync(output);
  const forget = stopAtEnd(() => stop(child));
  child.once('exit', forget);
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const server = {
    name,
    pid: child.pid ?? 0,
    ended,
    log: () => readFileSync(logFile, 'utf8'),
    stop: (signal?: NodeJS.Signals) => stop(child, signal),
  };
  try {
    await waitFor(`${name} to answer`, props.ready, { timeoutSeconds: props.timeoutSeconds ?? 60, child });
  } catch (error) {
    await server.stop();
    throw new Error(`${(error as Error).message}; its output:\n${server.log().split('\n').slice(-30).join('\n')}`);
  }
  return server;
}

async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(timer);
}

/** Polls a condition until it holds. */
export async function waitFor(
  what: string,
  condition: () => Promise<boolean>,
  { timeoutSeconds = 60, child }: { timeoutSeconds?: number; child?: ChildProcess } = {},
): Promise<void> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  while (!(await condition().catch(() => false))) {
    if (child && (child.exitCode !== null || child.signalCode !== null)) {
      throw new Error(`waited for ${what}, but the program ended with ${child.exitCode ?? child.signalCode}`);
    }
    if (Date.now() > deadline) {
      throw new Error(`waited ${timeoutSeconds} s for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Whether a GET returns 2xx. */
export async function answers(url: string): Promise<boolean> {
  return (await fetch(url)).ok;
}

/** The JSON that a GET returns. @throws Error when it is not 2xx */
export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  }
  return (await response.json()) as T;
}

/** Free ports on loopback. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
