import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ROOT } from '../../../tools/catalogue';
import { bundleTests, type Coverage } from './bundle';
import { CHECKS, switchedOff } from './checks';
import { mutantsOf } from './mutants';
import { doJobs } from './pool';
import type { Numbered } from './switches';
import type { TestFile } from './worker';

/** A mutant and the result of its trial. */
export interface Tried extends Numbered {
  /** Path of its source, under `remediation/`. */
  readonly file: string;
  /** Name of the safety check that it switches off. @default - it is an ordinary mutant */
  readonly check?: string;
  /** The test file that noticed it. @default - none */
  readonly noticedBy?: string;
  /** Number of test files that cover it. */
  readonly coveredBy: number;
}

type Untried = Omit<Tried, 'noticedBy' | 'coveredBy'>;

/**
 * Runs the fast tests that cover each mutant.
 *
 * @param files sources to mutate, as paths under `remediation/`. The safety checks are always switched off, too.
 * @throws when a test fails without a mutant
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
      tried.push({ ...untried, noticedBy: failed, coveredBy: length });
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

/** Groups mutants by their source. */
export function byFile<T extends { readonly file: string }>(all: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    groups.set(one.file, [...(groups.get(one.file) ?? []), one]);
  }
  return groups;
}

/** Runs every test without a mutant. @returns the tests that cover each mutant, the fastest file first */
async function filesByMutant(
  directory: string,
  tests: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<number, readonly TestFile[]>> {
  const runs: { readonly path: string; readonly seconds: number; readonly coverage: Coverage }[] = [];
  const jobs = [...tests].map(([test, path]) => ({
    test,
    path,
    directory,
    files: [{ path }],
    coverageFile: `${path}.json`,
  }));
  await doJobs(jobs, ({ test, path, coverageFile }, { failed, message, seconds }) => {
    if (failed) {
      throw new Error(`${test} fails without a mutant:\n${message}`);
    }
    runs.push({ path, seconds, coverage: JSON.parse(readFileSync(coverageFile, 'utf8')) });
  });
  const found = new Map<number, TestFile[]>();
  for (const { path, coverage } of runs.sort((one, other) => one.seconds - other.seconds)) {
    for (const [id, names] of Object.entries(coverage)) {
      const file = names.includes('') ? { path } : { path, tests: names };
      found.set(Number(id), [...(found.get(Number(id)) ?? []), file]);
    }
  }
  return found;
}

/** The test file with the name of the source is the most likely to notice. */
function nearestFirst(source: string, files: readonly TestFile[]): readonly TestFile[] {
  const isNear = ({ path }: TestFile) => basename(path, '.test.js') === basename(source, '.ts');
  return [...files.filter(isNear), ...files.filter((file) => !isNear(file))];
}
