import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../../tools/catalogue';

const ENTRY = join(ROOT, 'instrumentation', 'browser', 'index.ts');

/** Bundles the browser's part as one module of ECMAScript, so that a page can load it as it is. */
export async function bundleBrowser(): Promise<string> {
  const { version, license } = JSON.parse(
    readFileSync(join(ROOT, 'node_modules', 'web-vitals', 'package.json'), 'utf8'),
  );
  const { outputFiles } = await build({
    ...{ entryPoints: [ENTRY], bundle: true, write: false, minify: true, format: 'esm', target: 'es2022' },
    ...{ platform: 'browser', legalComments: 'none', absWorkingDir: ROOT },
    banner: { js: `/* sightedit-monitoring (Apache-2.0). Contains web-vitals ${version} (${license}, Google LLC). */` },
  });
  return outputFiles[0]!.text;
}
