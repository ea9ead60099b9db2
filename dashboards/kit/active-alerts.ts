import { TableCellDisplayMode, TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common';
import { FieldColorBuilder, FieldColorModeId, MappingType } from '@grafana/grafana-foundation-sdk/dashboard';
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { Seconds } from '@grafana/grafana-foundation-sdk/units';
import type { Category, Severity } from '../../rules';
import { noLimit } from './limit';
import { describe, instantTargets, type Panel, type PanelSpec } from './panel';

/** Table of the firing alerts of a category, with all their labels, the latest first. */
export function activeAlerts(category: Category): Panel {
  const alerts = `category="${category}", severity!="none"`;
  const spec: PanelSpec = {
    title: 'Firing alerts',
    description: `Firing alerts of the category ${category}, the latest first. The time starts when the condition first held.`,
    noValue: 'No alert is firing',
    queries: [
      {
        // ALERTS_FOR_STATE holds the time at which an alert became pending; ALERTS tells which alerts are firing.
        expr: `(time() - ALERTS_FOR_STATE{${alerts}}) and ignoring (alertstate) ALERTS{alertstate="firing", ${alerts}}`,
        legend: '',
      },
    ],
  };
  const targets = instantTargets(spec).map((target) => target.format(PromQueryFormat.Table));
  return { ...describe(alertTable(), spec, Seconds, targets).build() };
}

function alertTable(): TableBuilder {
  return new TableBuilder()
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(noLimit())
    .transformations([
      {
        id: 'organize',
        options: {
          excludeByName: { Time: true, category: true },
          indexByName: { alertname: 0, severity: 1, Value: 2 },
          renameByName: { alertname: 'Alert', severity: 'Severity', Value: AGE },
        },
      },
    ])
    .sortBy([new TableSortByFieldStateBuilder().displayName(AGE).desc(false)])
    .overrideByName('Severity', [
      { id: 'custom.cellOptions', value: { type: TableCellDisplayMode.ColorText } },
      { id: 'mappings', value: [{ type: MappingType.ValueToText, options: SEVERITY_COLORS }] },
    ]);
}

/** Column with the time for which an alert has been active. */
const AGE = 'Active for';

const SEVERITY_COLORS: { readonly [severity in Severity]?: { readonly color: string } } = {
  critical: { color: 'red' },
  high: { color: 'orange' },
  medium: { color: 'yellow' },
  low: { color: 'blue' },
};
