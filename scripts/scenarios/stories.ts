import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseYaml } from '../../formats/yaml';
import { parseDuration } from './duration';
import {
  BASELINE,
  type Baseline,
  baselineSeries,
  type Lists,
  SCENARIOS,
  type Series,
  selectorIn,
  selects,
  seriesOf,
} from './series';
import type { Clock, Timeline } from './values';

/** An alert that a story expects. */
export interface Expected {
  /** Latest first firing, since the start of the story. */
  readonly by: string;
  /** Latest end. @default - it may fire until the end of the story, and need not */
  readonly ends?: string;
  /** Whether it still fires at the end of the story. @default false */
  readonly lasts?: boolean;
  /** Whether it may resolve and fire again. @default false */
  readonly again?: boolean;
  /** Labels of every instance of the alert. @default - any */
  readonly labels?: { readonly [label: string]: string };
}

/** A story as its file has it. */
interface Story {
  /** Short unique name, e.g. `n02`. */
  readonly id: string;
  /** What happens, in a sentence. */
  readonly story: string;
  /** Why something else is expected than others would. @default - it needs no argument */
  readonly why?: string;
  /** Length, e.g. `6h`. */
  readonly lasts: string;
  /** Start, as an ISO time. @default 2026-06-02T09:00:00Z, a Tuesday */
  readonly start?: string;
  /** Time between two samples. @default 1m */
  readonly step?: string;
  /** Time between two evaluations of the rules. @default - the time between two samples */
  readonly every?: string;
  /** When the fault begins. Nothing may fire earlier. @default 0 */
  readonly fault?: string;
  /** Lists of the baseline that the story replaces. @default - none */
  readonly lists?: Lists;
  /** Timelines that replace those of the series that a selector selects. @default - none */
  readonly change?: { readonly [selector: string]: Timeline };
  /** Further series. @default - none */
  readonly add?: { readonly [series: string]: Timeline };
  /** The alerts that fire, and when at the latest. Nothing else may fire at any time. @default - none */
  readonly fires?: { readonly [alert: string]: string | Expected };
}

/** A story, ready to run. */
export interface Scenario {
  readonly id: string;
  readonly kind: string;
  readonly story: string;
  readonly clock: Clock;
  /** Start of the fault, in seconds since the start of the story. */
  readonly fault: number;
  /** Every series, those of the baseline included. */
  readonly series: readonly Series[];
  /** Series that differ from the baseline: changed, added, or left out with their list. */
  readonly changed: readonly Series[];
  readonly fires: { readonly [alert: string]: Expected };
}

/** Tuesday morning. */
const DEFAULT_START = '2026-06-02T09:00:00Z';

/** Every story of `rules/scenarios`. */
export function readScenarios(baseline: Baseline, directory = SCENARIOS): readonly Scenario[] {
  const scenarios = readdirSync(directory)
    .filter((file) => file.endsWith('.yaml') && file !== BASELINE)
    .sort()
    .flatMap((file) => {
      const { kind, stories } = parseYaml(readFileSync(join(directory, file), 'utf8')) as {
        kind: string;
        stories: readonly Story[];
      };
      return stories.map((story) => scenarioOf(kind, story, baseline));
    });
  const ids = scenarios.map(({ id }) => id);
  const repeated = ids.filter((id, index) => ids.indexOf(id) !== index);
  if (repeated.length > 0) {
    throw new Error(`several stories are called ${repeated.join(', ')}`);
  }
  return scenarios;
}

/** Composes a story with the baseline. */
export function scenarioOf(kind: string, story: Story, baseline: Baseline): Scenario {
  const { id, lists, change = {}, add = {}, fires = {} } = story;
  const healthy = baselineSeries(baseline, lists);
  const selectors = Object.entries(change).map(([text, timeline]) => ({ text, selector: selectorIn(text), timeline }));
  const unused = selectors.filter(({ selector }) => !healthy.some((series) => selects(selector, series)));
  if (unused.length > 0) {
    throw new Error(`${id} changes ${unused[0]!.text}, which selects nothing of the baseline: write it below add`);
  }
  const changed: Series[] = [];
  const series = healthy.map((one) => {
    const applied = selectors.findLast(({ selector }) => selects(selector, one));
    if (!applied) {
      return one;
    }
    const other = { ...one, timeline: applied.timeline, baseline: one.timeline };
    changed.push(other);
    return other;
  });
  const added = Object.entries(add).map(([text, timeline]) => seriesOf(text, timeline));
  return {
    id,
    kind,
    story: story.story,
    clock: {
      start: Date.parse(story.start ?? DEFAULT_START) / 1000,
      length: parseDuration(story.lasts),
      step: parseDuration(story.step ?? '1m'),
      every: parseDuration(story.every ?? story.step ?? '1m'),
    },
    fault: parseDuration(story.fault ?? '0'),
    series: [...series, ...added],
    changed: [...changed, ...added, ...(lists ? listDifference(baseline, healthy) : [])],
    fires: Object.fromEntries(
      Object.entries(fires).map(([alert, expected]) => [
        alert,
        typeof expected === 'string' ? { by: expected } : expected,
      ]),
    ),
  };
}

/** Series that only one of two lists has. */
function listDifference(baseline: Baseline, healthy: readonly Series[]): readonly Series[] {
  const usual = baselineSeries(baseline);
  const both = new Map([...usual, ...healthy].map((series) => [series.text, series]));
  const before = new Set(usual.map(({ text }) => text));
  const after = new Set(healthy.map(({ text }) => text));
  return [...both.values()].filter(({ text }) => before.has(text) !== after.has(text));
}
