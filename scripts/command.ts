/** A command of `npm run`. */
export interface Command {
  /** Text of `--help`: what the command does, its arguments, its exit codes, its requirements. */
  readonly usage: string;
  /** Runs the command. @returns the exit code */
  readonly run: (args: readonly string[]) => number | Promise<number>;
  /** Called at the end, even after a failure. @default - nothing to clean up */
  readonly finish?: () => Promise<void>;
}

/** Runs a command with the arguments of the process and sets its exit code. An error prints its message and sets 1. */
export async function runCommand({ usage, run, finish }: Command): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(usage);
    return;
  }
  try {
    process.exitCode = await run(args);
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  } finally {
    await finish?.();
  }
}

/** Prints the progress of a long command to stderr. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
