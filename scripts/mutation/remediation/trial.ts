import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ROOT } from '../../../tools/catalogue';
import { bundleTests, type Passed } from './bundle';
import { CHECKS, switchedOff } from './checks';
import { mutantsOf } from './mutants';
import { doJobs } from './pool';
import type { Numbered } from './switches';
import type { TestFile } from './worker';

/** A mutant and what became of it. */
export interface Tried extends Numbered {
  /** Path of its source, under `remediation/`. */
  readonly file: string;
  /** The safety check that it switches off. @default - it is one of many */
  readonly check?: string;
  /** The test file that noticed it. @default - none */
  readonly noticedBy?: string;
  /** How many test files come by. */
  readonly tests: number;
}

type Untried = Omit<Tried, 'noticedBy' | 'tests'>;

/**
 * Tries mutants against the fast tests that come by them.
 *
 * @param files paths under `remediation/` of the sources that get every mistake; the safety checks are tried besides
 * @throws when a test fails without a mistake
 */
export async function tryMutants(
  files: readonly string[],
  progress: (done: number, of: number) => void,
): Promise<readonly Tried[]> {
  const mutants = numbered(files);
  const directory = mkdtempSync(join(tmpdir(), 'sightedit-monitoring-'));
  try {
    const tests = await bundleTests(directory, byFile(mutants));
    const filesOf = await filesByMutant(directory, tests);
    const jobs = mutants.map((mutant) => ({
      ...{ untried: mutant, directory, mutant: mutant.id },
      files: nearestFirst(mutant.file, filesOf.get(mutant.id) ?? []),
    }));
    const tried: Tried[] = [];
    await doJobs(jobs, ({ untried, files: { length } }, { failed }) => {
      tried.push({ ...untried, noticedBy: failed, tests: length });
      progress(tried.length, jobs.length);
    });
    return tried.sort((one, other) => one.id - other.id);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function numbered(files: readonly string[]): readonly Untried[] {
  const read = (file: string) => readFileSync(join(ROOT, 'remediation', file), 'utf8');
  const checks = CHECKS.map((check) => ({
    ...switchedOff(check, read(check.file)),
    file: check.file,
    check: check.name,
  }));
  const mistakes = files.flatMap((file) => mutantsOf(read(file)).map((mutant) => ({ ...mutant, file })));
  return [...checks, ...mistakes].map((mutant, id) => ({ ...mutant, id }));
}

/** Things by their source. */
export function byFile<T extends { readonly file: string }>(all: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    groups.set(one.file, [...(groups.get(one.file) ?? []), one]);
  }
  return groups;
}

/** Runs every test without a mistake. @returns for each mutant the tests that come by it, the quickest file first */
async function filesByMutant(
  directory: string,
  tests: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<number, readonly TestFile[]>> {
  const runs: { readonly path: string; readonly seconds: number; readonly passed: Passed }[] = [];
  const jobs = [...tests].map(([test, path]) => ({
    test,
    path,
    directory,
    files: [{ path }],
    passedFile: `${path}.json`,
  }));
  await doJobs(jobs, ({ test, path, passedFile }, { failed, message, seconds }) => {
    if (failed) {
      throw new Error(`${test} fails without a mistake:\n${message}`);
    }
    runs.push({ path, seconds, passed: JSON.parse(readFileSync(passedFile, 'utf8')) });
  });
  const found = new Map<number, TestFile[]>();
  for (const { path, passed } of runs.sort((one, other) => one.seconds - other.seconds)) {
    for (const [id, names] of Object.entries(passed)) {
      const file = names.includes('') ? { path } : { path, tests: names };
      found.set(Number(id), [...(found.get(Number(id)) ?? []), file]);
    }
  }
  return found;
}

/** The file that is named after a source is the likeliest to notice. */
function nearestFirst(source: string, files: readonly TestFile[]): readonly TestFile[] {
  const isNear = ({ path }: TestFile) => basename(path, '.test.js') === basename(source, '.ts');
  return [...files.filter(isNear), ...files.filter((file) => !isNear(file))];
}
