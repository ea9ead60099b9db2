import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configFiles, type Manifest, ofKind } from './manifests';

/** Writes a file and creates its directories. Returns its path. */
export function writeInto(directory: string, path: string, content: string): string {
  const file = join(directory, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

/** Container directories that configurations name. */
const CONTAINER_PATHS = ['/etc/prometheus', '/etc/alertmanager', '/etc/blackbox-exporter', '/var/run/secrets'];

/** A configuration with its container paths moved below `root`. */
export function underRoot(root: string, content: string): string {
  return CONTAINER_PATHS.reduce((text, path) => text.replaceAll(path, join(root, path)), content);
}

/** Writes the rule files of the manifests where the server reads them. Returns their paths. */
export function layOutRules(manifests: readonly Manifest[], root: string): string[] {
  return ofKind(manifests, 'ConfigMap')
    .filter(({ metadata }) => metadata.name.startsWith('prometheus-rules-'))
    .flatMap(({ data }) => Object.entries(data as Record<string, string>))
    .map(([name, content]) => writeInto(root, `etc/prometheus/rules/${name}`, content));
}

/** Writes the configuration of Prometheus, with placeholders for the files that the cluster provides. */
export function layOutPrometheus(manifests: readonly Manifest[], root: string): string {
  layOutRules(manifests, root);
  for (const file of ['token', 'ca.crt']) {
    writeInto(root, `var/run/secrets/kubernetes.io/serviceaccount/${file}`, 'not a real credential');
  }
  const config = configFiles(manifests, 'prometheus-config')['prometheus.yml']!;
  return writeInto(root, 'etc/prometheus/config/prometheus.yml', underRoot(root, config));
}

/** Writes the configuration and the templates of Alertmanager. */
export function layOutAlertmanager(
  manifests: readonly Manifest[],
  root: string,
  change = (text: string) => text,
): string {
  for (const [name, content] of Object.entries(configFiles(manifests, 'alertmanager-templates'))) {
    writeInto(root, `etc/alertmanager/templates/${name}`, content);
  }
  const config = configFiles(manifests, 'alertmanager-config')['alertmanager.yml']!;
  return writeInto(root, 'etc/alertmanager/config/alertmanager.yml', change(underRoot(root, config)));
}
