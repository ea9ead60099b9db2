// @ts-check
const { readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

/**
 * cdk8s-cli loads every one of its commands before it runs one. `cdk8s init` alone needs jsii-pacmak, which loads the
 * TypeScript compiler: half a second of each `cdk8s synth`. This changes the file of `cdk8s init`, which then loads
 * jsii-pacmak when the command is used. npm runs it after it has changed node_modules (script `dependencies`).
 */
const INIT = join(__dirname, '..', 'node_modules', 'cdk8s-cli', 'lib', 'cli', 'cmds', 'init.js');

const EAGER = /__importStar\(require\("(jsii-pacmak[^"]*)"\)\)/g;

try {
  const text = readFileSync(INIT, 'utf8');
  const lazy = text.replace(EAGER, 'new Proxy({}, { get: (_, name) => require("$1")[name] })');
  if (lazy !== text) {
    writeFileSync(`${INIT}.draft`, lazy);
    renameSync(`${INIT}.draft`, INIT);
  }
} catch (error) {
  // `cdk8s synth` works all the same.
  console.warn(`cdk8s stays slow to start: ${/** @type {Error} */ (error).message}`);
}
