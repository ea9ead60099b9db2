// @ts-check
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { Script } = require('node:vm');

/**
 * A CommonJS module from its text, with V8's code cache: compiling the program takes longer than running it.
 */
class CompiledModule {
  /**
   * @param {string} root the directory that the module believes to be in
   * @param {string} source
   * @param {Buffer} [codeCache] what `codeCache()` of an earlier run of the same source gave
   *   @default - V8 compiles, as it does when the cache is of another version of V8
   */
  constructor(root, source, codeCache) {
    this.root = root;
    this.filename = join(root, 'main.js');
    this.script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
      filename: this.filename,
      cachedData: codeCache,
    });
    /** Whether V8 had to compile. */
    this.isNew = codeCache === undefined || this.script.cachedDataRejected === true;
  }

  /** @returns {object} what the module exports */
  run() {
    const module = { exports: {} };
    const run = this.script.runInThisContext();
    run(module.exports, createRequire(this.filename), module, this.filename, this.root);
    return module.exports;
  }

  /** The code of the functions that have run so far. */
  codeCache() {
    return this.script.createCachedData();
  }
}

module.exports = { CompiledModule };
