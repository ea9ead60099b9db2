import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { BUILT_SERVER, buildServer } from '../constructs/remediation-webhook/bundle';
import { packagePath } from '../package-root';

/** Writes the remediation webhook's server as one file: what the package brings, and what an image is made of. */
const path = packagePath(...BUILT_SERVER);
mkdirSync(dirname(path), { recursive: true });
writeFileSync(path, buildServer().code);
