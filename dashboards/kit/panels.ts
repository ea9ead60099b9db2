import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import { FieldColorBuilder, FieldColorModeId, MappingType } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimelineBuilder } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { NoUnit, Short } from '@grafana/grafana-foundation-sdk/units';
import { limitColors, limitLine, noLimit } from './limit';
import { describe, instantTargets, type MeasureSpec, type Panel, type PanelSpec, rangeTargets } from './panel';

/** Texts for the values 0 (bad) and 1 (good). */
export interface States {
  /** Text for the value 0, the bad state. */
  readonly 0: string;
  /** Text for the value 1, the good state. */
  readonly 1: string;
}

/** Lines over time. The axis starts at zero, since the values are counts, shares, sizes and durations. */
export function timeSeries(spec: MeasureSpec): Panel {
  const { limit } = spec;
  const builder = new TimeSeriesBuilder()
    .min(0)
    .lineWidth(1)
    .fillOpacity(10)
    .showPoints(VisibilityMode.Never)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .thresholds(limit ? limitLine(limit) : noLimit())
    .thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(
        limit ? GraphThresholdsStyleMode.Dashed : GraphThresholdsStyleMode.Off,
      ),
    );
  return {
    ...describe(builder, withLimit(spec, 'The dashed line is the limit of'), spec.unit, rangeTargets(spec)).build(),
  };
}

/** The current value of each series. */
export function stat(spec: MeasureSpec): Panel {
  return {
    ...describe(
      bigNumber().thresholds(spec.limit ? limitColors(spec.limit) : noLimit()),
      withLimit(spec, 'The color changes at the limit of'),
      spec.unit,
      instantTargets(spec),
    ).build(),
  };
}

/** Number of faults: green at zero, red from one on. */
export function faultCount(spec: PanelSpec): Panel {
  const builder = bigNumber()
    .thresholds(noLimit())
    .mappings([
      { type: MappingType.ValueToText, options: { 0: { color: 'green' } } },
      { type: MappingType.RangeToText, options: { from: 1, to: null, result: { color: 'red' } } },
    ]);
  return { ...describe(builder, spec, Short, instantTargets(spec)).build() };
}

/** The current state. */
export function statusStat(spec: PanelSpec & { readonly states: States }): Panel {
  const builder = bigNumber().thresholds(noLimit()).mappings(stateMappings(spec.states));
  return { ...describe(builder, spec, NoUnit, instantTargets(spec)).build() };
}

/** State over time, one bar per series. */
export function stateTimeline(spec: PanelSpec & { readonly states: States }): Panel {
  const builder = new StateTimelineBuilder()
    .mergeValues(true)
    .showValue(VisibilityMode.Never)
    .fillOpacity(70)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .thresholds(noLimit())
    .mappings(stateMappings(spec.states));
  return { ...describe(builder, spec, NoUnit, rangeTargets(spec)).build() };
}

function withLimit(spec: MeasureSpec, words: string): MeasureSpec {
  return spec.limit ? { ...spec, description: `${spec.description} ${words} ${spec.limit.alert}.` } : spec;
}

function bigNumber(): StatBuilder {
  return new StatBuilder()
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false));
}

function stateMappings(states: States) {
  return [
    {
      type: MappingType.ValueToText as const,
      options: { 0: { text: states[0], color: 'red' }, 1: { text: states[1], color: 'green' } },
    },
  ];
}
