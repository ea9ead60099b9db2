import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATA_SOURCE, DATA_SOURCE_VARIABLE } from './data-source';

/** A variable with the values of a label. Use it as `label=~"$name"`. */
export interface QueryVariable {
  /** Name of the label, and of the variable: `$name`. */
  readonly name: string;
  /** Text in front of the selection. */
  readonly label: string;
  /** Metric whose label has the values. */
  readonly metric: string;
  /** Regular expression for "All". @default - the offered values, joined */
  readonly all?: string;
}

/** Variables of the dashboards about the cluster. */
export const clusterVariables = {
  // The kubelets report containers of every namespace. "All" means only the watched namespaces.
  namespace: { name: 'namespace', label: 'Namespace', metric: 'kube_pod_info' },
  // Node names are long, and so is a regular expression of all of them.
  node: { name: 'node', label: 'Node', metric: 'kube_node_info', all: '.+' },
} as const satisfies Record<string, QueryVariable>;

/**
 * The variable that selects the data source.
 *
 * @internal
 */
export function dataSourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder(DATA_SOURCE_VARIABLE).label('Data source').type('prometheus');
}

/**
 * A variable that allows several values. Grafana reads its values again when the time range changes.
 *
 * @internal
 */
export function queryVariable({ name, label, metric, all }: QueryVariable): QueryVariableBuilder {
  const query = `label_values(${metric}, ${name})`;
  const builder = new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATA_SOURCE)
    .query({ query, refId: `${name}-values` })
    .definition(query)
    .multi(true)
    .includeAll(true)
    .current({ text: ['All'], value: ['$__all'] })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
  return all === undefined ? builder : builder.allValue(all);
}
