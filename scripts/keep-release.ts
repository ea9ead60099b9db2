import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIST } from '../testing/manifests';
import { ROOT } from '../tools/catalogue';
import { runCommand } from './command';
import { keepRelease, readDirectory } from './upgrade/release';

const USAGE = `npm run keep-release [-- <directory>]

Keeps the manifests in dist/, or in another directory, as those of the version in package.json. Run it when a version is
released: the tests compare later manifests with them.`;

runCommand({
  usage: USAGE,
  run: ([directory = DIST]) => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string };
    const objects = readDirectory(directory);
    keepRelease(version, objects);
    console.log(`${objects.length} objects of ${version} are kept`);
    return 0;
  },
});
