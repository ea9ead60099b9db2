import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { ConfigDirectory, type Mount, SettingError } from '../kit';
import { bundledServer, parts, STARTER } from './bundle';

/** Where the server is in the container. */
export const APP_PATH = '/app';
export const RUNBOOKS_PATH = '/runbooks';

/** Bytes of runbooks in one ConfigMap. */
const RUNBOOK_BYTES = 120_000;

/**
 * The bundled server and its starter, in ConfigMaps `<name>`, `<name>-00`, `<name>-01`, …
 *
 * @param payload scope of the ConfigMaps @default - the webhook
 * @throws SettingError for a scope in another namespace
 */
export function serverFiles(webhook: Construct, name: string, payload = webhook): Mount {
  checkNamespace('payloads.server', webhook, payload);
  const directory = new ConfigDirectory(payload, name, { name, path: APP_PATH });
  directory.addFile('start.mjs', STARTER);
  for (const [index, part] of parts(bundledServer()).entries()) {
    directory.addFile(`server.part-${twoDigits(index)}.js`, part, `${name}-${twoDigits(index)}`);
  }
  return directory.mount;
}

/**
 * The runbooks of a directory, in ConfigMaps `<name>-00`, `<name>-01`, … The server reads a runbook on each request, so
 * a change needs no restart.
 *
 * @param payload scope of the ConfigMaps @default - the webhook
 * @throws SettingError for a scope in another namespace
 */
export function runbookFiles(webhook: Construct, name: string, source: string, payload = webhook): Mount {
  checkNamespace('payloads.runbooks', webhook, payload);
  const directory = new ConfigDirectory(payload, name, { name, path: RUNBOOKS_PATH, onChange: 'reload' });
  const files = readdirSync(source).filter((entry) => entry.endsWith('.md'));
  let bytes = 0;
  for (const file of files.sort()) {
    const content = readFileSync(join(source, file), 'utf8');
    bytes += Buffer.byteLength(content);
    directory.addFile(file, content, `${name}-${twoDigits(Math.floor(bytes / RUNBOOK_BYTES))}`);
  }
  return directory.mount;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

/** A pod mounts only the ConfigMaps of its own namespace. */
function checkNamespace(setting: string, webhook: Construct, payload: Construct): void {
  const [wanted, found] = [Chart.of(webhook).namespace, Chart.of(payload).namespace];
  if (wanted !== found) {
    throw new SettingError(`the namespace of ${setting}`, found, `use a chart of namespace ${wanted}`);
  }
}
