import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/catalogue';
import type { Tree } from './component-parts';

/** The files of the repository that belong to constructs. */
export const REPOSITORY: Tree = {
  paths: ['constructs', 'test/constructs', 'docs/api'].flatMap((directory) =>
    readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' }).map((path) => `${directory}/${path}`),
  ),
  read: (path) => (existsSync(join(ROOT, path)) ? readFileSync(join(ROOT, path), 'utf8') : ''),
};
