/** A program of `npm run`. */
export interface Command {
  /** What `--help` prints: what it does, how it is called, when it fails, what it needs. */
  readonly usage: string;
  /** Does it. @returns the exit code */
  readonly run: (args: readonly string[]) => number | Promise<number>;
  /** Called at the end, also when it has failed. @default - nothing is left to end */
  readonly finish?: () => Promise<void>;
}

/** Runs a command with the arguments of the process, which ends with its exit code, or with 1 and the message of an error. */
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

/** Says on stderr how far a long command has come. */
export function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}
