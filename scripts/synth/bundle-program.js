// @ts-check
const { readFileSync } = require('node:fs');

/** `Yaml.load()` starts a program that is beside this file. A bundle is in another directory. */
const CDK8S_YAML = /[\\/]node_modules[\\/]cdk8s[\\/]lib[\\/]yaml\.js$/;

/**
 * The app and the packages that it uses as one module.
 *
 * @param {string} root the checkout
 * @returns {Promise<{ source: string, inputs: string[] }>}
 */
async function bundleProgram(root) {
  // Only a run that finds no program loads the bundler.
  const { build } = require('esbuild');
  const { outputFiles, metafile } = await build({
    entryPoints: ['scripts/synth/program.ts'],
    absWorkingDir: root,
    // Paths are the same in a worktree whose node_modules is a link.
    preserveSymlinks: true,
    bundle: true,
    platform: 'node',
    target: `node${process.versions.node}`,
    format: 'cjs',
    external: ['esbuild'],
    minifySyntax: true,
    minifyWhitespace: true,
    // Node prints the line of an error.
    lineLimit: 160,
    legalComments: 'none',
    logLevel: 'error',
    metafile: true,
    write: false,
    plugins: [
      {
        name: 'cdk8s-in-a-bundle',
        setup: ({ onLoad }) =>
          onLoad({ filter: CDK8S_YAML }, ({ path }) => ({
            contents: readFileSync(path, 'utf8').replaceAll(
              '__dirname',
              'require("node:path").join(__dirname, "node_modules/cdk8s/lib")',
            ),
          })),
      },
    ],
  });
  return { source: outputFiles.map(({ text }) => text).join(''), inputs: Object.keys(metafile.inputs) };
}

module.exports = { bundleProgram };
