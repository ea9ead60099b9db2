import type { Category } from '../rules';
import { infrastructure } from './infrastructure';
import type { Dashboard } from './kit';
import { monitoring } from './monitoring';

export type { Dashboard } from './kit';
export { usesOf } from './uses';

/** Every dashboard that is provisioned. */
export const dashboards = (): readonly Dashboard[] => [infrastructure(), monitoring()];

/** The dashboard on which the team of a category begins. Categories that have none yet are absent. */
const STARTING_POINTS: { readonly [category in Category]?: string } = {
  infrastructure: 'infrastructure',
  meta: 'monitoring',
};

/** The `uid` of the dashboard that answers alerts of a category, or `undefined` where there is none. */
export function dashboardFor(category: Category): string | undefined {
  return STARTING_POINTS[category];
}
