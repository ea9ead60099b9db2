import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DATA_SOURCE } from './data-source';
import { layOut, type Section } from './layout';
import { dataSourceVariable, type QueryVariable, queryVariable } from './variables';

/** A dashboard in Grafana's classic JSON. */
export interface Dashboard {
  /** Part of the dashboard's URL. It must never change. */
  readonly uid: string;
  /** Heading of the dashboard, and its name in lists. */
  readonly title: string;
  /** Title of its folder. */
  readonly folder: string;
  /** The dashboard's JSON model. */
  readonly json: object;
}

/** Events that every graph of a dashboard shows. */
export interface Annotation {
  /** Name of the events, shown at the top of the dashboard. */
  readonly name: string;
  /** PromQL whose values are the times of the events, in milliseconds of Unix time. */
  readonly times: string;
  /** Text of an event, e.g. `{{namespace}}/{{replicaset}}`. */
  readonly text: string;
}

/** Parts of a dashboard. */
export interface DashboardDefinition extends Omit<Dashboard, 'json'> {
  /** The questions that it answers. */
  readonly description: string;
  /** Tags in the list of dashboards, without the tag of the family. */
  readonly tags: readonly string[];
  /** The parts, from top to bottom. */
  readonly sections: readonly Section[];
  /** Variables that queries use as `$name`. @default - none but the data source */
  readonly variables?: readonly QueryVariable[];
  /** Events that every graph shows. @default - none */
  readonly annotations?: readonly Annotation[];
}

/** Tag of all dashboards, by which they link to each other. */
const FAMILY = 'sightedit';

/** Builds a dashboard. It is read-only in the browser, since the next deployment would undo any change. */
export function defineDashboard(definition: DashboardDefinition): Dashboard {
  const { uid, title, folder, description, tags, sections, variables = [], annotations = [] } = definition;
  const model = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([FAMILY, ...tags])
    .readonly()
    .timezone('utc')
    .refresh('1m')
    .time({ from: 'now-6h', to: 'now' })
    .tooltip(DashboardCursorSync.Crosshair)
    .link(siblings())
    .variables([dataSourceVariable(), ...variables.map(queryVariable)])
    .annotations(annotations.map(annotation))
    .build();
  // The round trip through JSON drops the methods of the SDK's objects.
  return { uid, title, folder, json: JSON.parse(JSON.stringify({ ...model, panels: layOut(sections) })) };
}

function siblings(): DashboardLinkBuilder {
  return new DashboardLinkBuilder('Dashboards')
    .type(DashboardLinkType.Dashboards)
    .tags([FAMILY])
    .asDropdown(true)
    .keepTime(true);
}

function annotation({ name, times, text }: Annotation): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATA_SOURCE)
    .enable(true)
    .iconColor('blue')
    .expr(times)
    .useValueForTime(true)
    .titleFormat(name)
    .textFormat(text);
}
