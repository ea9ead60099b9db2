import { TableCellDisplayMode, TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { Seconds } from '@grafana/grafana-foundation-sdk/units';
import type { Category, Severity } from '../../rules';
import { noLimit } from './limit';
import { describe, instantTargets, type PanelSpec } from './panel';

/** The alerts of a category that fire now, with all of their labels, the latest first. */
export function activeAlerts(category: Category): Panel {
  const alerts = `category="${category}", severity!="none"`;
  const spec: PanelSpec = {
    title: 'Firing alerts',
    description: `Alerts of the category ${category} that fire now, the latest first. The time counts from when the condition first held.`,
    noValue: 'Nothing fires',
    queries: [
      {
        // The value of ALERTS_FOR_STATE is the time since when an alert is pending or firing; ALERTS tells which of them fire.
        expr: `(time() - ALERTS_FOR_STATE{${alerts}}) and ignoring (alertstate) ALERTS{alertstate="firing", ${alerts}}`,
        legend: '',
      },
    ],
  };
  const targets = instantTargets(spec).map((target) => target.format(PromQueryFormat.Table));
  return describe(alertTable(), spec, Seconds, targets).build();
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

/** Column that says for how long an alert has been active. */
const AGE = 'Active for';

const SEVERITY_COLORS: { readonly [severity in Severity]?: { readonly color: string } } = {
  critical: { color: 'red' },
  high: { color: 'orange' },
  medium: { color: 'yellow' },
  low: { color: 'blue' },
};
