import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseYaml } from '../../formats/yaml';
import { packagePath } from '../../package-root';
import { CatalogueError } from '../catalogue-error';
import { checkCollectors } from './checks';
import type { SqlCollector } from './collector';

export * from './checks';
export * from './collector';

const SUFFIX = '.collector.yaml';

/**
 * Reads the collectors of a directory, one from each `<name>.collector.yaml`.
 *
 * @param directory @default - SightEdit's collectors, which come with the package
 * @throws CatalogueError when sql_exporter would refuse a collector, or when one breaks a convention
 */
export function sqlCollectors(directory = packagePath('rules', 'sql')): readonly SqlCollector[] {
  const collectors = new Map(
    readdirSync(directory)
      .filter((file) => file.endsWith(SUFFIX))
      .sort()
      .map((file) => [basename(file, SUFFIX), parseYaml(readFileSync(join(directory, file), 'utf8')) as SqlCollector]),
  );
  const problems = checkCollectors(collectors);
  if (problems.length > 0) {
    throw new CatalogueError(problems);
  }
  return [...collectors.values()];
}
