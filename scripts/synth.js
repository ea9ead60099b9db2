// @ts-check
const { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } = require('node:fs');
const { join } = require('node:path');
const { parseArgs } = require('node:util');
const { runProgram } = require('./synth/cached-program');

const USAGE = `Writes the manifests of the profile that SIGHTEDIT_PROFILE names, production by default.

  npm run synth [-- --output <directory>]

The directory is dist/ by default. Manifests that the platform no longer has are removed from it. When settings are
invalid, the directory stays as it is. \`npx cdk8s synth\` writes the same files and has more options.`;

const ROOT = join(__dirname, '..');
const MANIFEST = /\.k8s\.yaml$/;

void main().then((code) => {
  process.exitCode = code;
});

async function main() {
  const options = readOptions();
  if (typeof options === 'string') {
    console.error(options);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  return synthesize(options.output);
}

/** @returns {{ output: string, help: boolean } | string} the options, or what is wrong with them */
function readOptions() {
  try {
    return parseArgs({
      options: {
        output: { type: 'string', short: 'o', default: 'dist' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    return `${/** @type {Error} */ (error).message}\n\n${USAGE}`;
  }
}

/**
 * Writes beside the files that are there, and takes their place only when everything has been written.
 *
 * @param {string} output
 * @returns {Promise<number>} exit code
 */
async function synthesize(output) {
  mkdirSync(output, { recursive: true });
  const draft = mkdtempSync(join(output, '.synth-'));
  try {
    process.env.CDK8S_OUTDIR = draft;
    await runProgram(ROOT);
    if (process.exitCode) {
      return Number(process.exitCode);
    }
    replace(output, draft);
    return 0;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * @param {string} output
 * @param {string} draft
 */
function replace(output, draft) {
  const files = readdirSync(draft).sort();
  for (const file of readdirSync(output).filter((name) => MANIFEST.test(name) && !files.includes(name))) {
    rmSync(join(output, file));
  }
  for (const file of files) {
    renameSync(join(draft, file), join(output, file));
    console.log(`  - ${join(output, file)}`);
  }
}
