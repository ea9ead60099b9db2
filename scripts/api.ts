import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../tools/catalogue';
import { apiPages } from './api/page';
import { readSurface } from './api/surface';
import { runCommand } from './command';

/** The generated pages. */
export const API_DIRECTORY = join(ROOT, 'docs', 'api');

if (require.main === module) {
  runCommand({
    usage: `npm run api

Writes the API reference, docs/api/, from the docstrings of everything that the package exports.`,
    run: () => {
      const pages = apiPages(readSurface());
      mkdirSync(API_DIRECTORY, { recursive: true });
      for (const file of readdirSync(API_DIRECTORY).filter((name) => !pages.has(name))) {
        rmSync(join(API_DIRECTORY, file));
      }
      for (const [file, text] of pages) {
        writeFileSync(join(API_DIRECTORY, file), text);
      }
      return 0;
    },
  });
}
