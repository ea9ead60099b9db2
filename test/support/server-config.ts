import { load } from 'js-yaml';
import { writeInto } from '../../testing/files';
import { configFiles, type Manifest } from '../../testing/manifests';

/** A configuration file of a server, parsed. */
// biome-ignore lint/suspicious/noExplicitAny: each server has a schema of its own, which its own validator checks
export function serverConfig(manifests: readonly Manifest[], configMap: string, file: string): any {
  const text = configFiles(manifests, configMap)[file];
  if (text === undefined) {
    throw new Error(`ConfigMap ${configMap} has no file ${file}`);
  }
  return load(text);
}

/** Writes the files of Secrets that a configuration names. Their content is not checked, except that of certificates. */
export function writeSecrets(text: string, root: string): void {
  for (const [, path] of text.matchAll(/\/etc\/((?:prometheus|alertmanager)\/(?:secrets|credentials)\/[^\s'"]+)/g)) {
    writeInto(root, `etc/${path}`, 'not a real credential');
  }
}
