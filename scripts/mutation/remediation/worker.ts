import { runCLI } from 'jest';
import { ENVIRONMENT } from './bundle';

/** Runs compiled tests until one fails. */
export interface Job {
  readonly directory: string;
  readonly tests: readonly string[];
  /** The mutant that is switched on. @default - none */
  readonly mutant?: number;
  /** Where the first test writes down the switches that it passed. @default - nowhere */
  readonly passedFile?: string;
}

export interface Outcome {
  /** CPU time. */
  readonly seconds: number;
  /** The test that failed. @default - all passed */
  readonly failed?: string;
  readonly message?: string;
}

/** Time for one test, in milliseconds: a mutant can make it wait for what never comes. */
const TEST_TIMEOUT_MS = 2_000;

async function run({ directory, tests, mutant, passedFile }: Job): Promise<Outcome> {
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
  for (const test of tests) {
    const { results } = await runCLI(
      {
        ...{ _: [test], $0: '', config, runTestsByPath: true, runInBand: true, reporters: [], silent: true },
        ...{ watchman: false, testTimeout: TEST_TIMEOUT_MS, cache: true, ci: true },
      },
      [directory],
    );
    if (!results.success) {
      return { seconds: seconds(), failed: test, message: results.testResults[0]?.failureMessage ?? undefined };
    }
  }
  return { seconds: seconds() };
}

process.on('message', async (job: Job) => {
  process.send!(await run(job));
});
