import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../tools/catalogue';
import { runCommand } from './command';
import { type ConfigFiles, generate } from './config-types/generate';

const USAGE = `Writes formats/generated: TypeScript types of the configuration files of Prometheus and Alertmanager.

  npm run config-types                 from formats/config-types.json
  npm run config-types -- --read       reads the JSON again from the Go modules in tools/config-types/go.mod (10 minutes)

--read requires Go 1.26 or newer and a Go module proxy. Run it when a version in tools/config-types/go.mod changes.`;

const FIELDS = join(ROOT, 'formats', 'config-types.json');

function main(args: readonly string[]): number {
  if (args.includes('--read')) {
    const directory = join(ROOT, 'tools', 'config-types');
    writeFileSync(FIELDS, execFileSync('go', ['run', '.'], { cwd: directory, maxBuffer: 16 * 1024 * 1024 }));
  }
  const fields: ConfigFiles = JSON.parse(readFileSync(FIELDS, 'utf8'));
  for (const [path, text] of Object.entries(generate(fields))) {
    writeFileSync(join(ROOT, path), text);
  }
  return 0;
}

runCommand({ usage: USAGE, run: main });
