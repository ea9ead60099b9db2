import { runCLI } from 'jest';
import { ENVIRONMENT } from './bundle';

/** Runs compiled test files until one fails. */
export interface Job {
  readonly directory: string;
  readonly files: readonly TestFile[];
  /** The mutant that is switched on. @default - none */
  readonly mutant?: number;
  /** Where the first file writes down the switches that its tests pass. @default - nowhere */
  readonly passedFile?: string;
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

/** Time for one test, in milliseconds: a mutant can make it wait for what never comes. */
const TEST_TIMEOUT_MS = 2_000;

async function run({ directory, files, mutant, passedFile }: Job): Promise<Outcome> {
  process.env[ENVIRONMENT.mutant] = String(mutant);
  process.env[ENVIRONMENT.passed] = passedFile ?? '';
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
