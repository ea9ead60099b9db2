import { ApiObject, Chart } from 'cdk8s';
import type { Construct, IConstruct } from 'constructs';
import { isClusterScoped } from './cluster-scoped';

/** Construct context key of the cluster that the objects below a construct belong to. */
export const CLUSTER_CONTEXT = 'sightedit-monitoring:cluster';

/**
 * Says which cluster a chart is for. Needed only where one App has charts for several clusters: objects of two clusters
 * may have the same name. Charts that name no cluster belong to one cluster together.
 *
 * @param scope a chart, or a construct that holds the cluster's charts, before anything is added to it
 * @returns the scope
 * @example
 * for (const cluster of ['europe', 'america']) {
 *   const chart = inCluster(new Chart(app, cluster, { namespace: 'monitoring' }), cluster);
 *   new Prometheus(chart, 'prometheus', { externalLabels: { cluster }, externalUrl });
 * }
 */
export function inCluster<T extends Construct>(scope: T, cluster: string): T {
  scope.node.setContext(CLUSTER_CONTEXT, cluster);
  return scope;
}

/** The cluster that a construct's objects belong to. `undefined`: the one that no chart names. */
export function clusterOf(construct: IConstruct): string | undefined {
  return construct.node.tryGetContext(CLUSTER_CONTEXT);
}

const guarded = new WeakSet<object>();

/**
 * Fails synthesis when two constructs write the same object of one cluster. cdk8s does not check; on the cluster, the
 * second object would overwrite the first.
 */
export function guardObjectNames(construct: Construct): void {
  const { root } = construct.node;
  if (guarded.has(root)) {
    return;
  }
  guarded.add(root);
  root.node.addValidation({ validate: () => duplicates(root.node.findAll()) });
}

/** An object of a cluster, and who writes it. */
interface Owned {
  readonly object: string;
  readonly cluster: string | undefined;
  readonly writers: ApiObject[];
}

function duplicates(constructs: readonly object[]): string[] {
  const owned = new Map<string, Owned>();
  for (const writer of constructs.filter((construct) => construct instanceof ApiObject)) {
    const object = describe(writer);
    const cluster = clusterOf(writer);
    const key = JSON.stringify([cluster, object]);
    const known = owned.get(key);
    if (known) {
      known.writers.push(writer);
    } else {
      owned.set(key, { object, cluster, writers: [writer] });
    }
  }
  return [...owned.values()].filter(({ writers }) => writers.length > 1).map(problem);
}

/** `Kind.group namespace/name`, without the namespace where the kind has none. */
function describe(object: ApiObject): string {
  const { apiGroup, kind, name, metadata } = object;
  const group = apiGroup === 'core' ? '' : `.${apiGroup}`;
  const namespace = metadata.namespace && !isClusterScoped(object) ? `${metadata.namespace}/` : '';
  return `${kind}${group} ${namespace}${name}`;
}

function problem({ object, cluster, writers }: Owned): string {
  const where = cluster === undefined ? '' : ` in cluster ${cluster}`;
  const paths = writers.map(({ node }) => node.path).join(' and ');
  // The name of a definition is that of its kind.
  const fix = object.startsWith('CustomResourceDefinition') ? 'write it in one of them only' : 'rename one of them';
  const charts = new Set(writers.map((writer) => Chart.of(writer)));
  const several =
    cluster === undefined && charts.size > 1 ? ', or name the cluster of each chart with inCluster()' : '';
  return `duplicate object ${object}${where}, written by ${paths}: ${fix}${several}`;
}
