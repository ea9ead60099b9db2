import type { Category } from '../rules';
import { infrastructure } from './infrastructure';
import type { Dashboard } from './kit';
import { monitoring } from './monitoring';

export type { Dashboard } from './kit';
export { usesOf } from './uses';

/** The provisioned dashboards. */
export const dashboards = (): readonly Dashboard[] => [infrastructure(), monitoring()];

/** The first dashboard to open for an alert, by category. Some categories have none yet. */
const STARTING_POINTS = new Map<string | undefined, string>([
  ['infrastructure', 'infrastructure'],
  ['meta', 'monitoring'],
] satisfies [Category, string][]);

/** The `uid` of the dashboard for alerts of a category, or `undefined` if there is none. */
export function dashboardFor(category: string | undefined): string | undefined {
  return STARTING_POINTS.get(category);
}
