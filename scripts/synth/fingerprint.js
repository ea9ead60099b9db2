// @ts-check
const { createHash } = require('node:crypto');
const { existsSync, readdirSync, readFileSync, statSync } = require('node:fs');
const { dirname, join } = require('node:path');

/**
 * What a bundle is made of, as paths in the checkout. A new file can take the place of another in a directory (`a.tsx`
 * of `a.ts`, a nested `node_modules`), so the names in the directories count too.
 *
 * @typedef {{ files: string[], directories: string[] }} Inputs
 */

/** Names that an import may resolve to: modules, JSON, and directories. */
const RESOLVABLE = /^[^.]+$|^[^.].*\.(?:[cm]?[jt]sx?|json)$/;

/** Directories in the root that programs write, and no import names. */
const OUTPUTS = ['coverage', 'dist', 'lib'];

/** What decides how the bundle is made. */
const OWN_DIRECTORY = 'scripts/synth';
const ESBUILD = 'node_modules/esbuild/package.json';

/**
 * The inputs of a bundle: its files, with what decides how they are found and compiled.
 *
 * @param {string} root the checkout
 * @param {readonly string[]} bundled the files that esbuild put into it
 * @returns {Inputs}
 */
function inputsOf(root, bundled) {
  const directories = new Set(['.']);
  for (const file of bundled) {
    for (let directory = dirname(file); !directories.has(directory); directory = dirname(directory)) {
      directories.add(directory);
    }
  }
  const own = readdirSync(join(root, OWN_DIRECTORY)).map((file) => `${OWN_DIRECTORY}/${file}`);
  const manifests = [...directories].flatMap((directory) =>
    ['package.json', 'tsconfig.json'].map((name) => join(directory, name)),
  );
  const files = [...bundled, ...own, ESBUILD, ...manifests.filter((file) => existsSync(join(root, file)))];
  return { files: [...new Set(files)].sort(), directories: [...directories].sort() };
}

/**
 * A hash of the content of every input, and of Node: V8 takes compiled code only from a V8 with the same flags.
 *
 * @param {string} root the checkout
 * @param {Inputs} inputs
 * @returns {string | undefined} `undefined` when an input is gone
 */
function fingerprint(root, { files, directories }) {
  const hash = createHash('sha256').update(`${[process.version, process.arch, ...process.execArgv].join(' ')}\n`);
  try {
    for (const file of files) {
      const content = readFileSync(join(root, file));
      hash.update(`${file} ${content.length}\n`).update(content);
    }
    for (const directory of directories) {
      hash.update(`${directory} ${namesIn(root, directory).join(' ')}\n`);
    }
  } catch {
    return undefined;
  }
  return hash.digest('hex').slice(0, 32);
}

/**
 * Whether an input may have changed after a time: a bundler may have read it before or after the change.
 *
 * @param {string} root the checkout
 * @param {Inputs} inputs
 * @param {number} time in milliseconds
 */
function changedSince(root, { files, directories }, time) {
  return [...files, ...directories].some((path) => statSync(join(root, path)).ctimeMs >= time);
}

/**
 * @param {string} root
 * @param {string} directory
 */
function namesIn(root, directory) {
  const names = readdirSync(join(root, directory)).filter((name) => RESOLVABLE.test(name));
  return names.filter((name) => directory !== '.' || !OUTPUTS.includes(name)).sort();
}

module.exports = { inputsOf, fingerprint, changedSince };
