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
  /** Part of the dashboard's address; it never changes. */
  readonly uid: string;
  readonly title: string;
  /** Title of the folder that shows it. */
  readonly folder: string;
  readonly json: object;
}

/** Events that are drawn into every graph of a dashboard. */
export interface Annotation {
  readonly name: string;
  /** An expression whose values are the times of the events, in milliseconds. */
  readonly times: string;
  /** Text of an event, e.g. `{{namespace}}/{{replicaset}}`. */
  readonly text: string;
}

/** What a dashboard is made from. */
export interface DashboardDefinition extends Omit<Dashboard, 'json'> {
  /** Which questions it answers. */
  readonly description: string;
  readonly tags: readonly string[];
  readonly sections: readonly Section[];
  /** @default - the data source is the only choice */
  readonly variables?: readonly QueryVariable[];
  /** @default - none */
  readonly annotations?: readonly Annotation[];
}

/** The tag by which the dashboards find each other. */
const FAMILY = 'sightedit';

/** A dashboard that nobody can edit in the browser: the code would take the change back. */
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
  // The SDK's queries carry a method, which is no data.
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
