// @ts-check
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';

/**
 * A CommonJS module from its text, with V8's code cache: compiling the program takes longer than running it.
 *
 * @template Exports
 */
export class CompiledModule {
  /**
   * @param {string} root the directory that the module believes to be in
   * @param {string} source
   * @param {Buffer} [codeCache] what `codeCache()` of an earlier run gave. V8 refuses one of another version or source
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

  /** @returns {Exports} */
  run() {
    const module = { exports: /** @type {Exports} */ ({}) };
    const run = this.script.runInThisContext();
    run(module.exports, createRequire(this.filename), module, this.filename, this.root);
    return module.exports;
  }

  /** The code of the functions that have run so far. */
  codeCache() {
    return this.script.createCachedData();
  }
}
