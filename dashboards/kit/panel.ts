import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { DATA_SOURCE } from './data-source';
import type { Limit } from './limit';

/** A PromQL expression, and how its series are named. */
export interface Query {
  readonly expr: string;
  /** Name of a series, e.g. `{{namespace}}/{{pod}}`. */
  readonly legend: string;
}

/** What every panel says. */
export interface PanelSpec {
  readonly title: string;
  /** What is shown, and what it means when it is bad. */
  readonly description: string;
  readonly queries: readonly Query[];
  /** Text in place of the panel's content when no series is found. @default - Grafana's own words */
  readonly noValue?: string;
}

/** A panel of numbers. */
export interface MeasureSpec extends PanelSpec {
  /** Unit of the values, from the SDK's list. */
  readonly unit: string;
  /** The limit to show. The panel's description then names its alert. @default - none */
  readonly limit?: Limit;
}

/** What the builders of all kinds of panels have in common. */
interface CommonBuilder<B> extends Builder<Panel> {
  title(title: string): B;
  description(description: string): B;
  datasource(datasource: DataSourceRef): B;
  unit(unit: string): B;
  noValue(noValue: string): B;
  targets(targets: Builder<Dataquery>[]): B;
}

/** Gives a panel what every panel has. */
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

/** The queries, over the time range of the dashboard. */
export function rangeTargets({ queries }: PanelSpec): DataqueryBuilder[] {
  return queries.map((query, index) => target(query, index).range());
}

/** The queries, as of now. Instant, because the last value in a range may be hours old: a series that is gone would look alive. */
export function instantTargets({ queries }: PanelSpec): DataqueryBuilder[] {
  return queries.map((query, index) => target(query, index).instant());
}

function target({ expr, legend }: Query, index: number): DataqueryBuilder {
  const refId = String.fromCharCode('A'.charCodeAt(0) + index);
  return new DataqueryBuilder().refId(refId).datasource(DATA_SOURCE).expr(oneLine(expr)).legendFormat(legend);
}

/** The expression without the indentation that it has in the source. */
function oneLine(expr: string): string {
  return expr.trim().replace(/\s*\n\s*/g, ' ');
}
