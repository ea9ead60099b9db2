// @ts-check
import { fileURLToPath } from 'node:url';
import { runProgram } from './cached-program.mjs';

/** What cdk8s runs: writes the manifests into the directory that CDK8S_OUTDIR names. */
await runProgram(fileURLToPath(new URL('../..', import.meta.url)));
