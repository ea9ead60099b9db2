import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../tools/catalogue';
import { runCommand } from './command';
import { type ConfigFiles, generate } from './config-types/generate';

const USAGE = `Writes formats/generated: TypeScript types of the configuration files of Prometheus, Alertmanager and the blackbox
exporter.

  npm run config-types                 from formats/config-types.json
  npm run config-types -- --read       reads the JSON again from the Go modules of tools/config-types and tools/blackbox-exporter
                                       (10 minutes)

--read requires Go 1.26 or newer and a Go module proxy. Run it when a version in one of the two go.mod changes.`;

const FIELDS = join(ROOT, 'formats', 'config-types.json');

function main(args: readonly string[]): number {
  if (args.includes('--read')) {
    // The exporter's own go.mod: it is built with another version of the common structs than the servers are.
    const blackbox = read('-modfile=../blackbox-exporter/go.mod', '-tags=blackbox');
    writeFileSync(FIELDS, `${JSON.stringify({ ...read(), ...blackbox }, undefined, 2)}\n`);
  }
  const fields: ConfigFiles = JSON.parse(readFileSync(FIELDS, 'utf8'));
  for (const [path, text] of Object.entries(generate(fields))) {
    writeFileSync(join(ROOT, path), text);
  }
  return 0;
}

/** The fields that tools/config-types prints. */
function read(...flags: readonly string[]): object {
  const directory = join(ROOT, 'tools', 'config-types');
  const output = execFileSync('go', ['run', ...flags, '.'], { cwd: directory, maxBuffer: 16 * 1024 * 1024 });
  return JSON.parse(output.toString());
}

runCommand({ usage: USAGE, run: main });
