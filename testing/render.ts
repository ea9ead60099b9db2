import { isDeepStrictEqual } from 'node:util';
import { App, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { loadAll } from 'js-yaml';
import { describeManifest, type Manifest } from './manifests';

/** Namespace of the charts that tests make. */
export const NAMESPACE = 'monitoring-test';

/** An empty chart with a namespace, in an app of its own. */
export function testChart(namespace = NAMESPACE, app = new App(), id = 'chart'): Chart {
  return new Chart(app, id, { namespace, disableResourceNameHashes: true });
}

/** Every object of a construct's app, validated, as kubectl would read it. Writes no file. */
export function manifestsOf(construct: Construct): Manifest[] {
  return loadAll((construct.node.root as App).synthYaml()) as Manifest[];
}

/** Every object of a chart that `build` fills. */
export function render(build: (chart: Chart) => void): Manifest[] {
  const chart = testChart();
  build(chart);
  return manifestsOf(chart);
}

/** The objects that a composition adds or changes: those that its parts alone do not write in the same way. */
export function ownObjects(manifests: readonly Manifest[], parts: readonly Manifest[]): Manifest[] {
  return manifests.filter((object) => !parts.some((part) => isDeepStrictEqual(part, object)));
}

/** The object of a kind and a name. Without a name, the only one of its kind. */
export function find(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = findAll(manifests, kind, name);
  if (found.length !== 1) {
    const all = manifests.map(describeManifest).join(', ');
    throw new Error(`there are ${found.length} objects ${kind} ${name ?? ''}, expected one, among: ${all}`);
  }
  return found[0]!;
}

/** The objects of a kind and, if given, a name. */
export function findAll(manifests: readonly Manifest[], kind: string, name?: string): Manifest[] {
  return manifests.filter((object) => object.kind === kind && (name === undefined || object.metadata.name === name));
}

/** Pod template of a workload. */
export function podOf(manifests: readonly Manifest[], name: string): Manifest {
  const workload = manifests.find(({ metadata, spec }) => metadata.name === name && spec?.template);
  if (!workload) {
    throw new Error(`there is no workload ${name} among: ${manifests.map(describeManifest).join(', ')}`);
  }
  return workload.spec.template;
}

/** Container of a workload. */
// biome-ignore lint/suspicious/noExplicitAny: a container is as loosely typed as the manifest that holds it
export function containerOf(manifests: readonly Manifest[], name: string): any {
  return podOf(manifests, name).spec.containers[0];
}

/** The message of the error that synthesis ends with. */
export function synthError(construct: Construct): string {
  try {
    manifestsOf(construct);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('synthesis succeeded, expected an error');
}

/** Every leaf of the manifests as a line `key: value`. Files in ConfigMaps keep their own lines. */
export function leavesOf(manifests: readonly Manifest[]): string {
  const leaves = (key: string, value: unknown): string[] => {
    if (Array.isArray(value)) {
      return value.flatMap((item) => leaves(key, item));
    }
    return typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([name, child]) => leaves(name, child))
      : [`${key}: ${value}`];
  };
  return leaves('', manifests).join('\n');
}
