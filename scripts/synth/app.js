// @ts-check
const { join } = require('node:path');
const { runProgram } = require('./cached-program');

/** What cdk8s runs: writes the manifests into the directory that CDK8S_OUTDIR names. */
void runProgram(join(__dirname, '..', '..'));
