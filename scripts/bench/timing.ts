import { execFileSync } from 'node:child_process';

/** What a run of a command took, in milliseconds. */
export interface Timing {
  /** From the start to the end. */
  readonly wall: number;
  /** User and system time of all its processes. Other programs on the machine change it less. */
  readonly cpu: number;
}

/** A command that is measured. */
export interface Subject {
  /** Command line for bash. */
  readonly command: string;
  readonly directory: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called before each run; its time does not count. */
  readonly prepare?: () => void;
}

/**
 * Runs commands in turn, several times, after each has run once to warm up.
 *
 * @returns the medians, by the names of the commands
 * @throws Error when a command fails
 */
export function measure<Name extends string>(
  subjects: Readonly<Record<Name, Subject>>,
  rounds: number,
): Record<Name, Timing> {
  const names = Object.keys(subjects) as Name[];
  const runs = Array.from({ length: rounds + 1 }, () => names.map((name) => run(subjects[name]))).slice(1);
  const timings = names.map((name, index) => [name, medianOf(runs.map((round) => round[index]!))] as const);
  return Object.fromEntries(timings) as Record<Name, Timing>;
}

function run({ command, directory, env, prepare }: Subject): Timing {
  prepare?.();
  // bash counts the processes that it has waited for, and theirs. Its report is the last line.
  const script = `TIMEFORMAT='%R %U %S'; time { ${command} >/dev/null 2>&1 || exit 1; }`;
  const report = execFileSync('bash', ['-c', `{ ${script}; } 2>&1`], {
    cwd: directory,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  const [wall, user, system] = report.trim().split(' ').map(Number) as [number, number, number];
  return { wall: wall * 1000, cpu: (user + system) * 1000 };
}

function medianOf(timings: readonly Timing[]): Timing {
  return { wall: median(timings.map(({ wall }) => wall)), cpu: median(timings.map(({ cpu }) => cpu)) };
}

/** The middle value, or the upper one of two. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
