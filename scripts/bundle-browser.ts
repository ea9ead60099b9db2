import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { packagePath } from '../package-root';
import { bundleBrowser } from './browser/bundle';

/** Writes the browser's part of the instrumentation as the module that the package exports. */
const path = packagePath('lib', 'instrumentation', 'browser', 'index.mjs');
mkdirSync(dirname(path), { recursive: true });
bundleBrowser().then((code) => writeFileSync(path, code));
