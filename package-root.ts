import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A path inside the package, from the sources as well as from the compiled `lib/`. Data files (rules, runbooks,
 * templates) are read from here and stay where they are when the code is compiled.
 */
export function packagePath(...segments: readonly string[]): string {
  return join(root(__dirname), ...segments);
}

function root(directory: string): string {
  return existsSync(join(directory, 'package.json')) ? directory : root(dirname(directory));
}
