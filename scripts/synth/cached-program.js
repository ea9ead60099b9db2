// @ts-check
const { createHash } = require('node:crypto');
const { bundleProgram } = require('./bundle-program');
const { CacheDirectory } = require('./cache-directory');
const { CompiledModule } = require('./compiled-module');
const { changedSince, fingerprint, inputsOf } = require('./fingerprint');
const { StoredResults } = require('./stored-results');

/** @typedef {InstanceType<typeof CacheDirectory>} Cache */

/** @typedef {typeof import('./program')} Program */

/**
 * The app, ready to run.
 *
 * @typedef {object} Ready
 * @property {InstanceType<typeof CompiledModule>} compiled
 * @property {Program} program
 * @property {string} server the bundled remediation server
 * @property {string} [key] hash of the sources. Without one, nothing is kept
 */

/** How much later than the clock a file system may say that a file has changed, in milliseconds. */
const CLOCK_SLACK = 50;

/**
 * Runs the app with what earlier runs have made of the same sources: the bundle, its compiled code, the bundled
 * remediation server, and results of pure functions. Their files are named by a hash of the content of all sources, so
 * none can be out of date.
 *
 * Prints why it fails, and sets the exit code of the process.
 *
 * @param {string} root the checkout
 */
async function runProgram(root) {
  try {
    await run(root, new CacheDirectory(root));
  } catch (error) {
    // esbuild has printed what it cannot compile, with the lines of the sources.
    if (!(error instanceof Error && 'errors' in error)) {
      console.error(error);
      console.error('Lines are those of a bundle. For lines of the sources: node --import tsx main.ts');
    }
    process.exitCode = 1;
  }
}

/**
 * @param {string} root
 * @param {Cache} cache
 */
async function run(root, cache) {
  const { key, compiled, program, server } = readProgram(root, cache) ?? (await makeProgram(root, cache));
  const results = new StoredResults(key && cache.read(`${key}.results`)?.toString());
  program.useServer(server);
  program.useResultStore(results);
  program.main();

  if (key && results.isNew) {
    cache.write(`${key}.results`, results.text());
  }
  if (key && compiled.isNew) {
    cache.write(`${key}.code`, compiled.codeCache());
  }
}

/**
 * @param {string} root
 * @param {Cache} cache
 * @returns {Ready | undefined} `undefined` when the sources have changed
 */
function readProgram(root, cache) {
  const inputs = cache.read(indexName(root));
  const key = inputs && fingerprint(root, JSON.parse(inputs.toString()));
  const source = key && cache.read(`${key}.program`)?.toString();
  const server = key && cache.read(`${key}.server`)?.toString();
  if (!source || !server) {
    return undefined;
  }
  const compiled = new CompiledModule(root, source, cache.read(`${key}.code`));
  return { key, compiled, program: /** @type {Program} */ (compiled.run()), server };
}

/**
 * @param {string} root
 * @param {Cache} cache
 * @returns {Promise<Ready>}
 */
async function makeProgram(root, cache) {
  const start = Date.now() - CLOCK_SLACK;
  const { source, inputs: ofProgram } = await bundleProgram(root);
  const compiled = new CompiledModule(root, source);
  const program = /** @type {Program} */ (compiled.run());
  const { code: server, inputs: ofServer } = program.buildServer();
  const inputs = inputsOf(root, [...ofProgram, ...ofServer]);
  const key = fingerprint(root, inputs);
  if (!key || changedSince(root, inputs, start)) {
    // Somebody edits while this runs: the next run makes the program that is kept.
    return { compiled, program, server };
  }
  cache.write(`${key}.program`, source);
  cache.write(`${key}.server`, server);
  cache.write(indexName(root), JSON.stringify(inputs));
  cache.prune();
  return { key, compiled, program, server };
}

/**
 * The file that lists the sources. Worktrees may share the directory.
 *
 * @param {string} root
 */
function indexName(root) {
  return `inputs-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.json`;
}

module.exports = { runProgram };
