import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { BIN } from '../tools/catalogue';
import { stopAtEnd, temporaryDirectory } from './cleanup';

/** A program that a test has started. */
export interface Server {
  readonly name: string;
  /** What it wrote so far. */
  log(): string;
  /** Its process id. */
  readonly pid: number;
  /** Comes when it has ended, whoever ended it: its exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
  /** Ends it, politely unless told otherwise. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface ServerProps {
  /** Binary under `.tools/bin`, or an absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Whether it answers. Asked until it does, it ends, or time is up. */
  readonly ready: () => Promise<boolean>;
  /** @default 60 */
  readonly timeoutSeconds?: number;
}

/** Starts a program on loopback and waits until it answers. */
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
    throw new Error(`${(error as Error).message}; it wrote:\n${server.log().split('\n').slice(-30).join('\n')}`);
  }
  return server;
}

async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  const impatience = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(impatience);
}

/** Asks until the answer is yes. */
export async function waitFor(
  what: string,
  condition: () => Promise<boolean>,
  { timeoutSeconds = 60, child }: { timeoutSeconds?: number; child?: ChildProcess } = {},
): Promise<void> {
  const deadline = Date.now() + timeoutSeconds * 1000;
  while (!(await condition().catch(() => false))) {
    if (child && (child.exitCode !== null || child.signalCode !== null)) {
      throw new Error(`waited for ${what}, but it ended with ${child.exitCode ?? child.signalCode}`);
    }
    if (Date.now() > deadline) {
      throw new Error(`waited ${timeoutSeconds} s for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Whether a GET answers 2xx. */
export async function answers(url: string): Promise<boolean> {
  return (await fetch(url)).ok;
}

/** A GET that must answer JSON. */
export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  }
  return (await response.json()) as T;
}

/** Ports on loopback that are free now. */
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
