import { load } from 'js-yaml';
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
