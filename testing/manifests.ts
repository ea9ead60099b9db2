import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { ROOT } from '../tools/catalogue';

/** A Kubernetes object, as read from a file. */
// biome-ignore lint/suspicious/noExplicitAny: a manifest has as many shapes as Kubernetes has kinds
export type Manifest = { apiVersion: string; kind: string; metadata: any; [field: string]: any };

export const DIST = join(ROOT, 'dist');

/** Names of the files of `dist/`, in the order of kubectl. */
export function distFiles(directory = DIST): string[] {
  return readdirSync(directory).sort();
}

/** Every object of `dist/`. */
export function readManifests(directory = DIST): Manifest[] {
  return distFiles(directory)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => loadAll(readFileSync(join(directory, file), 'utf8')) as Manifest[]);
}

/** Objects of a kind. */
export function ofKind(manifests: readonly Manifest[], kind: string): Manifest[] {
  return manifests.filter((manifest) => manifest.kind === kind);
}

/** `Kind namespace/name`. */
export function describeManifest({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name}`;
}

/** Kinds that run pods. */
export const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'];

/** Workloads with their pod templates. */
export function podTemplates(manifests: readonly Manifest[]): { workload: Manifest; template: Manifest }[] {
  return manifests
    .filter(({ kind }) => WORKLOAD_KINDS.includes(kind))
    .map((workload) => ({
      workload,
      template: workload.kind === 'CronJob' ? workload.spec.jobTemplate.spec.template : workload.spec.template,
    }));
}

/** The files of a ConfigMap. */
export function configFiles(manifests: readonly Manifest[], name: string): Record<string, string> {
  const configMap = ofKind(manifests, 'ConfigMap').find(({ metadata }) => metadata.name === name);
  if (!configMap) {
    throw new Error(`there is no ConfigMap ${name}`);
  }
  return configMap.data;
}
