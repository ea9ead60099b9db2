import type { Dashboard } from '../../dashboards';
import { defineDashboard, type MeasureSpec, type Section, timeSeries } from '../../dashboards/kit';
import { type Model, modelOf, type Panel, type Target } from './model';

/** Changes to the sample's panel. */
export interface SampleChange extends Partial<MeasureSpec> {
  readonly expr?: string;
}

/** A valid dashboard with the panel `CPU` under the heading `Use`. */
export function sample(change: SampleChange = {}, before: readonly Section[] = []): Dashboard {
  return defineDashboard({
    uid: 'sample',
    title: 'Sample',
    folder: 'Samples',
    description: 'What does a valid dashboard look like?',
    tags: ['sample'],
    sections: [...before, { title: 'Use', lines: [[measure(change)]] }],
  });
}

/** A valid panel. */
export function measure({ expr = 'up', ...change }: SampleChange = {}) {
  return timeSeries({
    title: 'CPU',
    description: 'Busy time.',
    unit: 'percentunit',
    queries: [{ expr, legend: '' }],
    ...change,
  });
}

/** The sample with some parts replaced. */
export function changed(change: Partial<Model>): Dashboard {
  const dashboard = sample();
  return { ...dashboard, json: { ...dashboard.json, ...change } };
}

/** The sample with some parts of its panel replaced. */
export function changedPanel(change: Partial<Panel>): Dashboard {
  const [heading, panel] = modelOf(sample()).panels as [Panel, Panel];
  return changed({ panels: [heading, { ...panel, ...change }] });
}

/** A valid query. */
export function query(expr: string): Target {
  return { refId: 'A', expr, datasource: { type: 'prometheus', uid: '${datasource}' } };
}

/** Valid variables. */
export const VARIABLES = {
  datasource: { name: 'datasource', type: 'datasource' },
  node: { name: 'node', type: 'query', multi: true, includeAll: true, refresh: 2 },
};
