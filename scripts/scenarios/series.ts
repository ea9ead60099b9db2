import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseYaml } from '../../formats/yaml';
import { matches, nodesOf, type Selector, selectorOf } from '../../rules/promql';
import { ROOT } from '../../tools/catalogue';
import type { Timeline } from './values';

/** Directory of the stories and of the baseline. */
export const SCENARIOS = join(ROOT, 'rules', 'scenarios');
export const BASELINE = 'baseline.yaml';

/** Entries that a part of the baseline is repeated for, by the name of the list. */
export type Lists = { readonly [list: string]: readonly { readonly [field: string]: string | number }[] };

/** Series that are the same for every entry of a list. */
interface Part {
  /** Name of the list. @default - the part occurs once */
  readonly each?: string;
  /** Timelines by series. `$name` is a field of the entry. */
  readonly series: { readonly [series: string]: Timeline };
}

/** A healthy platform. */
export interface Baseline {
  readonly lists: Lists;
  readonly parts: readonly Part[];
}

/** A series with its samples. */
export interface Series {
  /** As written, e.g. `up{job="node-exporter"}`. */
  readonly text: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly timeline: Timeline;
  /** What the baseline has, where a story changes it. @default - the timeline is the baseline's */
  readonly baseline?: Timeline;
}

/** Reads the baseline of `rules/scenarios`. */
export function readBaseline(): Baseline {
  return parseYaml(readFileSync(join(SCENARIOS, BASELINE), 'utf8')) as Baseline;
}

/**
 * The series of the baseline.
 *
 * @param lists lists that replace those of the same name, e.g. fewer nodes
 */
export function baselineSeries({ lists, parts }: Baseline, replaced: Lists = {}): readonly Series[] {
  const all = { ...lists, ...replaced };
  return parts.flatMap(({ each, series }) => {
    const entries = each === undefined ? [{}] : all[each];
    if (entries === undefined) {
      throw new Error(`the baseline has no list ${each}`);
    }
    return entries.flatMap((entry) =>
      Object.entries(series).map(([text, timeline]) =>
        seriesOf(filled(text, entry), typeof timeline === 'string' ? filled(timeline, entry) : timeline),
      ),
    );
  });
}

/** Parses a series and gives it its samples. */
export function seriesOf(text: string, timeline: Timeline): Series {
  const { name, matchers } = selectorIn(text);
  return {
    text,
    name: name!,
    labels: Object.fromEntries(matchers.map(({ label, value }) => [label, value])),
    timeline,
  };
}

/** Parses a selector. */
export function selectorIn(text: string): Selector {
  const [node] = nodesOf(text, 'VectorSelector');
  if (node === undefined) {
    throw new Error(`${text} is no selector`);
  }
  return selectorOf(text, node);
}

/** Whether a selector selects a series. */
export function selects(selector: Selector, { name, labels }: Pick<Series, 'name' | 'labels'>): boolean {
  return (
    (selector.name === undefined || selector.name === name) &&
    selector.matchers.every((matcher) =>
      matches(matcher, matcher.label === '__name__' ? name : (labels[matcher.label] ?? '')),
    )
  );
}

/** Text with the fields of an entry in place of `$name`. */
function filled(text: string, entry: { readonly [field: string]: string | number }): string {
  return text.replaceAll(/\$([a-z]+)/g, (variable, field: string) =>
    field in entry ? String(entry[field]) : variable,
  );
}
