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

/**
 * Timeouts of one test, in milliseconds: a mutant can make a test wait forever. A test that times out is run once more
 * with the second timeout, in case the machine was busy.
 */
const TEST_TIMEOUTS_MS = [2_000, 10_000] as const;

async function run({ directory, files, mutant, coverageFile }: Job): Promise<Outcome> {
  process.env[ENVIRONMENT.mutant] = String(mutant);
  process.env[ENVIRONMENT.coverage] = coverageFile ?? '';
  const start = process.cpuUsage();
  const seconds = () => Object.values(process.cpuUsage(start)).reduce((sum, part) => sum + part, 0) / 1e6;
  for (const { path, tests } of files) {
    let failed = await failedTests(directory, path, tests, TEST_TIMEOUTS_MS[0]);
    if (failed.length > 0 && failed.every(({ message }) => message.includes('Exceeded timeout'))) {
      failed = await failedTests(directory, path, [failed[0]!.name], TEST_TIMEOUTS_MS[1]);
    }
    if (failed.length > 0) {
      return { seconds: seconds(), failed: path, message: failed[0]!.message };
    }
  }
  return { seconds: seconds() };
}

interface FailedTest {
  readonly name: string;
  readonly message: string;
}

async function failedTests(
  directory: string,
  path: string,
  tests: readonly string[] | undefined,
  testTimeout: number,
): Promise<readonly FailedTest[]> {
  const config = JSON.stringify({
    rootDir: directory,
    testMatch: ['**/*.test.js'],
    testEnvironment: 'node',
    transform: {},
  });
  const { results } = await runCLI(
    {
      ...{ _: [path], $0: '', config, runTestsByPath: true, runInBand: true, reporters: [], silent: true },
      ...{ watchman: false, testTimeout, cache: true, ci: true },
      ...(tests ? { testNamePattern: `^(${tests.map(escaped).join('|')})$` } : {}),
    },
    [directory],
  );
  if (results.success) {
    return [];
  }
  const [file] = results.testResults;
  const failed = file?.testResults.filter(({ status }) => status === 'failed') ?? [];
  // A file that cannot be loaded has no failed test.
  return failed.length > 0
    ? failed.map(({ fullName, failureMessages }) => ({ name: fullName, message: failureMessages.join('\n') }))
    : [{ name: '', message: file?.failureMessage ?? '' }];
}

function escaped(name: string): string {
  return name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

process.on('message', async (job: Job) => {
  process.send!(await run(job));
});
