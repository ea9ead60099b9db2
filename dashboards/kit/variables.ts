import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATA_SOURCE, DATA_SOURCE_VARIABLE } from './data-source';

/** A choice of label values. Use it as `label=~"$name"`. */
export interface QueryVariable {
  readonly name: string;
  readonly label: string;
  /** The series whose label offers the choice. */
  readonly metric: string;
  /** What "All" stands for, where every series of the dashboard is meant. @default - each of the offered values */
  readonly all?: string;
}

/** Choices that the dashboards about the cluster offer. */
export const clusterVariables = {
  // The kubelets report the containers of every namespace: "All" means those that are watched.
  namespace: { name: 'namespace', label: 'Namespace', metric: 'kube_pod_info' },
  // Names of nodes are long, and a regular expression of all of them is too.
  node: { name: 'node', label: 'Node', metric: 'kube_node_info', all: '.+' },
} as const satisfies Record<string, QueryVariable>;

/** The choice of the Prometheus to read from. */
export function dataSourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder(DATA_SOURCE_VARIABLE).label('Data source').type('prometheus');
}

/** A choice of several values, read anew when the time range changes. */
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
