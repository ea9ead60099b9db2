import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BUILT_SERVER, BUILT_THREATS, buildServer, buildThreats } from '../constructs/remediation-webhook/bundle';
import { packagePath } from '../package-root';

/** Writes each program that runs in the cluster as one file: what the package brings, and what an image is made of. */
const programs = [
  { file: BUILT_SERVER, build: buildServer },
  { file: BUILT_THREATS, build: buildThreats },
];
for (const { file, build } of programs) {
  const path = packagePath(...file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, build().code);
}
