import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CLUSTER_NAME } from './layout';

/** A mounted cgroup hierarchy. */
export interface Hierarchy {
  /** Its controllers. Empty for a named hierarchy and for cgroup v2. */
  readonly controllers: readonly string[];
  /** The cgroup of this process. */
  readonly directory: string;
}

/** Name of the cgroup that holds everything that a cluster starts, below the cgroup of its launcher. */
const NAME = `sightedit-test-${CLUSTER_NAME}`;

/** The hierarchies of cgroup v1, as /proc/self/cgroup lists them: `4:memory:/path`. */
export function hierarchies(): Hierarchy[] {
  return readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [, names = '', ...path] = line.split(':');
      const controllers = names.startsWith('name=') ? [] : names.split(',').filter(Boolean);
      const mount = names === '' ? 'unified' : names.replace('name=', '');
      return { controllers, directory: join('/sys/fs/cgroup', mount, path.join(':')) };
    })
    .filter(({ directory }) => existsSync(directory));
}

/** Creates a cgroup below that of this process, in every hierarchy. @returns its directories */
export function makeCgroups(): string[] {
  return hierarchies().map(({ directory }) => makeCgroup(join(directory, NAME)));
}

/** Creates a cgroup. A new cpuset has no processors until it is told which. */
export function makeCgroup(directory: string): string {
  mkdirSync(directory, { recursive: true });
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    if (existsSync(join(directory, file))) {
      writeFileSync(join(directory, file), readFileSync(join(dirname(directory), file)));
    }
  }
  return directory;
}

/** Processes in cgroups and in those below them. */
export function processesIn(directories: readonly string[]): number[] {
  const pids = directories.flatMap((directory) =>
    treeOf(directory).flatMap((each) => {
      try {
        return readFileSync(join(each, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
      } catch {
        return []; // It was removed meanwhile.
      }
    }),
  );
  return [...new Set(pids)];
}

/** Removes cgroups and those below them. @returns those that are still in use */
export function removeCgroups(directories: readonly string[]): string[] {
  return directories.filter((directory) => {
    for (const each of treeOf(directory).reverse()) {
      try {
        rmdirSync(each);
      } catch {
        // Reported below: the directory still exists.
      }
    }
    return existsSync(directory);
  });
}

/** A cgroup and those below it, parents first. */
function treeOf(directory: string): string[] {
  if (!existsSync(directory)) {
    return [];
  }
  const below = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return [directory, ...below.flatMap(({ name }) => treeOf(join(directory, name)))];
}
