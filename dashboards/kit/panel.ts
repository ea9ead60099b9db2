import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import type { Panel as SdkPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { DATA_SOURCE } from './data-source';
import type { Limit } from './limit';

/**
 * A panel in Grafana's JSON model: what the builders of the kit make, or JSON of your own. Its place and its id come from
 * the layout.
 */
export interface Panel {
  /** Type of the panel: `timeseries`, `stat`, `table`, `text`. */
  readonly type: string;
  /** Heading. */
  readonly title?: string;
  /** Any other property of the JSON model. */
  readonly [property: string]: unknown;
}

/** A PromQL expression and the legend of its series. */
export interface Query {
  /** PromQL. */
  readonly expr: string;
  /** Template of a series' name, e.g. `{{namespace}}/{{pod}}`. */
  readonly legend: string;
}

/** Properties of every panel. */
export interface PanelSpec {
  /** Heading of the panel. */
  readonly title: string;
  /** What the panel shows, and the consequence of a bad value. */
  readonly description: string;
  /** What the panel asks Prometheus. */
  readonly queries: readonly Query[];
  /** Text shown when no series is found. @default - Grafana's "No data" */
  readonly noValue?: string;
}

/** A panel of numbers. */
export interface MeasureSpec extends PanelSpec {
  /** Unit of the values, a constant of the SDK. */
  readonly unit: string;
  /** Limit to show. The description then names its alert. @default - none */
  readonly limit?: Limit;
}

/** Methods that the SDK's builders of all panel types have. */
interface CommonBuilder<B> extends Builder<SdkPanel> {
  title(title: string): B;
  description(description: string): B;
  datasource(datasource: DataSourceRef): B;
  unit(unit: string): B;
  noValue(noValue: string): B;
  targets(targets: Builder<Dataquery>[]): B;
}

/**
 * Sets the properties that every panel has.
 *
 * @internal
 */
export function describe<B extends CommonBuilder<B>>(
  builder: B,
  spec: PanelSpec,
  unit: string,
  targets: readonly DataqueryBuilder[],
): B {
  const described = builder
    .title(spec.title)
    .description(spec.description)
    .datasource(DATA_SOURCE)
    .unit(unit)
    .targets([...targets]);
  return spec.noValue === undefined ? described : described.noValue(spec.noValue);
}

/**
 * Range queries over the time range of the dashboard.
 *
 * @internal
 */
export function rangeTargets({ queries }: PanelSpec): DataqueryBuilder[] {
  return queries.map((query, index) => target(query, index).range());
}

/**
 * Instant queries. The last value of a range query may be hours old, so a series that is gone would look alive.
 *
 * @internal
 */
export function instantTargets({ queries }: PanelSpec): DataqueryBuilder[] {
  return queries.map((query, index) => target(query, index).instant());
}

function target({ expr, legend }: Query, index: number): DataqueryBuilder {
  const refId = String.fromCharCode('A'.charCodeAt(0) + index);
  return new DataqueryBuilder().refId(refId).datasource(DATA_SOURCE).expr(oneLine(expr)).legendFormat(legend);
}

/** The expression without the line breaks and indentation of the source code. */
function oneLine(expr: string): string {
  return expr.trim().replace(/\s*\n\s*/g, ' ');
}
