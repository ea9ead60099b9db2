import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseYaml } from '../formats/yaml';
import { metricContract } from '../instrumentation/contract';
import type { MetricContract } from '../instrumentation/metric';
import { packagePath } from '../package-root';
import type { JobNames } from '../rules';
import { type SqlCollector, sqlCollectors } from '../rules/sql';
import { applicationJobs } from './application-jobs';
import type { Metric, MetricList, Metrics } from './list';

/** Name of the application that the contract is about. */
export const APPLICATION = 'sightedit';

/** Scrape jobs of the application. A target is any pod or Service with the annotation, and exposes the contract. */
export const APPLICATION_JOBS: readonly string[] = Object.values(applicationJobs(APPLICATION));

/** The job whose metrics are defined by the SQL collectors. */
const SQL_JOB = 'sql-exporter';

/** A metric that was found in an exporter's source code, because it cannot be recorded. */
export interface SourcedMetric extends Metric {
  /** File in the exporter's repository, at the version of the list. */
  readonly source: string;
  /** Condition under which the metric appears. @default - always */
  readonly when?: string;
}

/**
 * A file of metrics. `recorded`: `npm run metrics:record` wrote it from the running exporter. `source`: written by hand
 * from the exporter's source code; `reason` says why it could not be recorded.
 */
export type MetricFile = { readonly exporter: string; readonly version: string } & (
  | {
      readonly origin: 'recorded';
      /** The system that the exporter watched, e.g. `PostgreSQL 15`, if its version decides which metrics exist. */
      readonly with?: string;
      readonly metrics: Metrics;
    }
  | {
      readonly origin: 'source';
      readonly repository: string;
      readonly reason: string;
      readonly metrics: { readonly [name: string]: SourcedMetric };
    }
);

/** Folder of each origin; it holds one file per scrape job. */
export const FOLDERS = { recorded: 'recorded', source: 'sourced' } as const satisfies Record<
  MetricFile['origin'],
  string
>;

/** The files of an origin, by scrape job. */
export function metricFiles(
  origin: MetricFile['origin'],
  directory = packagePath('metrics'),
): ReadonlyMap<string, MetricFile> {
  const folder = join(directory, FOLDERS[origin]);
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.yaml')) : [];
  return new Map(
    files
      .sort()
      .map((file) => [basename(file, '.yaml'), parseYaml(readFileSync(join(folder, file), 'utf8')) as MetricFile]),
  );
}

/** Cached: the files do not change while a program runs. */
let lists: readonly MetricList[] | undefined;

/**
 * The known metrics of every scrape job of SightEdit's platform.
 *
 * @param jobs your names of scrape jobs, by ours, as in `RuleCatalogue.general()` @default - ours
 */
export function metricLists({ jobs = {} }: { readonly jobs?: JobNames } = {}): readonly MetricList[] {
  lists ??= readLists();
  return lists.map((list) => (Object.hasOwn(jobs, list.job) ? { ...list, job: jobs[list.job]! } : list));
}

function readLists(): readonly MetricList[] {
  const found = new Map<string, Metrics>([[SQL_JOB, sqlMetrics(sqlCollectors())]]);
  for (const [job, { metrics }] of [...metricFiles('recorded'), ...metricFiles('source')]) {
    found.set(job, { ...found.get(job), ...metrics });
  }
  for (const job of APPLICATION_JOBS) {
    found.set(job, contractMetrics(metricContract));
  }
  return [...found].map(([job, metrics]) => ({ job, metrics }));
}

/** The metrics of an application's contract. */
export function contractMetrics(contract: readonly MetricContract[]): Metrics {
  return Object.fromEntries(
    contract.map(({ name, type, labels }) => [name, { type, labels: labels.map((label) => label.name) }]),
  );
}

/** The metrics that sql_exporter exposes for a set of collectors. */
export function sqlMetrics(collectors: readonly SqlCollector[]): Metrics {
  return Object.fromEntries(
    collectors
      .flatMap(({ metrics }) => metrics)
      .map(({ metric_name, type, key_labels = [], value_label }) => [
        metric_name,
        { type, labels: [...key_labels, ...(value_label ? [value_label] : [])] },
      ]),
  );
}
