import { execFile } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../tools/catalogue';

const run = promisify(execFile);

/** Sources of the example service. */
const SOURCE = join(ROOT, 'examples', 'sightedit-backend');

/**
 * Packs this package, and installs and compiles the example service with it, as a project elsewhere would. Takes about a
 * minute.
 *
 * @param directory an empty directory
 */
export async function installExample(directory: string): Promise<void> {
  const { stdout } = await run('npm', ['pack', '--json', '--silent', `--pack-destination=${directory}`], { cwd: ROOT });
  const [{ filename }] = JSON.parse(stdout) as [{ readonly filename: string }];
  for (const file of readdirSync(SOURCE).filter((name) => /\.(ts|json)$/.test(name))) {
    copyFileSync(join(SOURCE, file), join(directory, file));
  }
  const manifest = JSON.parse(readFileSync(join(SOURCE, 'package.json'), 'utf8'));
  manifest.dependencies['sightedit-monitoring'] = `file:${filename}`;
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest));
  const options = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock'];
  await run('npm', ['install', ...options], { cwd: directory });
  await run(process.execPath, [join(directory, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', '.'], {
    cwd: directory,
  });
}
