import { runCLI } from 'jest';
import { ENVIRONMENT } from './bundle';

/** Runs compiled test files until one fails. */
export interface Job {
  readonly directory: string;
  readonly files: readonly TestFile[];
  /** The active mutant. @default - none */
  readonly mutant?: number;
  /** File to write the coverage to. @default - not written */
  readonly coverageFile?: string;
}

export interface TestFile {
  readonly path: string;
  /** Full names of the tests to run. @default - all */
  readonly tests?: readonly string[];
}

export interface Outcome {
  /** CPU time. */
  readonly seconds: number;
  /** The file in which a test failed. @default - all passed */
  readonly failed?: string;
  readonly message?: string;
}

/** Timeout of one test, in milliseconds: a mutant can make a test wait forever. */
const TEST_TIMEOUT_MS = 2_000;

async function run({ directory, files, mutant, coverageFile }: Job): Promise<Outcome> {
  process.env[ENVIRONMENT.mutant] = String(mutant);
  process.env[ENVIRONMENT.coverage] = coverageFile ?? '';
  const config = JSON.stringify({
    rootDir: directory,
    testMatch: ['**/*.test.js'],
    testEnvironment: 'node',
    transform: {},
  });
  const start = process.cpuUsage();
  const seconds = () => Object.values(process.cpuUsage(start)).reduce((sum, part) => sum + part, 0) / 1e6;
  for (const { path, tests } of files) {
    const { results } = await runCLI(
      {
        ...{ _: [path], $0: '', config, runTestsByPath: true, runInBand: true, reporters: [], silent: true },
        ...{ watchman: false, testTimeout: TEST_TIMEOUT_MS, cache: true, ci: true },
        ...(tests ? { testNamePattern: `^(${tests.map(escaped).join('|')})$` } : {}),
      },
      [directory],
    );
    if (!results.success) {
      return { seconds: seconds(), failed: path, message: results.testResults[0]?.failureMessage ?? undefined };
    }
  }
  return { seconds: seconds() };
}

function escaped(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

process.on('message', async (job: Job) => {
  process.send!(await run(job));
});
