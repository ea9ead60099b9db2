import type { MetricUse } from '../rules';
import type { Dashboard } from './kit';

/** An object in a dashboard's JSON that may have a query: a panel, a target, a variable, an annotation. */
interface Part {
  readonly title?: string;
  readonly name?: string;
  readonly expr?: string;
  readonly query?: { readonly query?: string };
  readonly legendFormat?: string;
  readonly textFormat?: string;
  readonly titleFormat?: string;
}

/** Every expression in a dashboard's panels, variables and annotations. */
export function usesOf({ uid, json }: Dashboard): readonly MetricUse[] {
  return partsOf(json, []).flatMap(({ path, part }) => {
    const where = `dashboard ${uid}: ${path.at(-1) ?? ''}`;
    const variable = /^label_values\((.*),\s*(\w+)\)$/.exec(part.query?.query ?? '');
    if (variable) {
      return [{ where, expr: variable[1]!, shows: [variable[2]!] }];
    }
    const shown = [part.legendFormat, part.textFormat, part.titleFormat].join(' ');
    return part.expr === undefined ? [] : [{ where, expr: withoutIntervals(part.expr), shows: labelsInLegend(shown) }];
  });
}

/** Every object of a tree, with the titles of the objects around it. */
function partsOf(value: unknown, above: readonly string[]): { path: readonly string[]; part: Part }[] {
  if (Array.isArray(value)) {
    return value.flatMap((item) => partsOf(item, above));
  }
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const part = value as Part;
  const title = part.title ?? part.name;
  const path = typeof title === 'string' ? [...above, title] : above;
  return [{ path, part }, ...Object.values(value).flatMap((child) => partsOf(child, path))];
}

/** Labels in a legend such as `{{namespace}}/{{pod}}`. */
function labelsInLegend(legend: string): readonly string[] {
  return [...legend.matchAll(/\{\{\s*([A-Za-z_]\w*)\s*\}\}/g)].map(([, label]) => label!);
}

/** The expression as valid PromQL: Grafana replaces its interval variables by durations. */
function withoutIntervals(expr: string): string {
  return expr.replace(/\$\{?__(rate_interval|interval|range)\}?/g, '5m');
}
