// @ts-check
import { createHash } from 'node:crypto';
import { bundleProgram } from './bundle-program.mjs';
import { CacheDirectory } from './cache-directory.mjs';
import { CompiledModule } from './compiled-module.mjs';
import { changedSince, fingerprint, inputsOf } from './fingerprint.mjs';
import { StoredResults } from './stored-results.mjs';

/** @typedef {typeof import('./program.js')} Program */

/** How much later than the clock a file system may say that a file has changed, in milliseconds. */
const CLOCK_SLACK = 50;

/**
 * Runs the app, with all that earlier runs have made of the same sources: the bundle, its compiled code, the bundled
 * remediation server, and results of pure functions. All of them are named by a hash of the content of the sources, so
 * none can be out of date.
 *
 * @param {string} root the checkout
 */
export async function runProgram(root) {
  const cache = new CacheDirectory(root);
  const index = `inputs-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.json`;
  const { key, source, server } = readProgram(root, cache, index) ?? (await makeProgram(root, cache, index));

  const compiled = /** @type {CompiledModule<Program>} */ (
    new CompiledModule(root, source, key ? cache.read(`${key}.code`) : undefined)
  );
  const program = compiled.run();
  const results = new StoredResults(key && cache.read(`${key}.results`)?.toString());
  program.useResultStore(results);
  program.useServer(server);
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
 * @param {CacheDirectory} cache
 * @param {string} index
 */
function readProgram(root, cache, index) {
  const inputs = cache.read(index);
  const key = inputs && fingerprint(root, JSON.parse(inputs.toString()));
  const source = key && cache.read(`${key}.program`)?.toString();
  const server = key && cache.read(`${key}.server`)?.toString();
  return source && server ? { key, source, server } : undefined;
}

/**
 * @param {string} root
 * @param {CacheDirectory} cache
 * @param {string} index
 */
async function makeProgram(root, cache, index) {
  const start = Date.now() - CLOCK_SLACK;
  const { source, inputs: ofProgram } = await bundleProgram(root);
  const program = /** @type {CompiledModule<Program>} */ (new CompiledModule(root, source)).run();
  const { code: server, inputs: ofServer } = program.buildServer();
  const inputs = inputsOf(root, [...ofProgram, ...ofServer]);
  const key = fingerprint(root, inputs);
  if (!key || changedSince(root, inputs, start)) {
    // Somebody edits while this runs: the next run makes the program that is kept.
    return { key: undefined, source, server };
  }
  cache.write(`${key}.program`, source);
  cache.write(`${key}.server`, server);
  cache.write(index, JSON.stringify(inputs));
  cache.prune();
  return { key, source, server };
}
