import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { load } from 'js-yaml';
import { type MetricContract, metricContract } from '../instrumentation';
import { packagePath } from '../package-root';
import { type SqlCollector, sqlCollectors } from '../rules/sql';
import { applicationJobs } from './application-jobs';
import type { Metric, MetricList, Metrics } from './list';

/** Name of the application that the contract is about. */
export const APPLICATION = 'sightedit';

/** Scrape jobs of the application. Their targets may be any of its pods, and follow its contract. */
export const APPLICATION_JOBS: readonly string[] = Object.values(applicationJobs(APPLICATION));

/** The job whose metrics are the queries of the database. */
const SQL_JOB = 'sql-exporter';

/** A metric that was read in the source of an exporter, because it cannot be recorded. */
export interface SourcedMetric extends Metric {
  /** File in the repository, at the version of the list. */
  readonly source: string;
  /** What it takes for the metric to appear. @default - it is always there */
  readonly when?: string;
}

/**
 * A file of metrics. `recorded`: a script wrote down what the running exporter exposed. `source`: somebody read it in
 * the exporter's source, and the file says why it could not be recorded.
 */
export type MetricFile = { readonly exporter: string; readonly version: string } & (
  | {
      readonly origin: 'recorded';
      /** What the exporter looked at, where its version matters. */
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

/** Where the files of an origin are, one for each scrape job. */
export const FOLDERS = { recorded: 'recorded', source: 'sourced' } as const satisfies Record<
  MetricFile['origin'],
  string
>;

/** Every file of an origin by the name of its scrape job. */
export function metricFiles(
  origin: MetricFile['origin'],
  directory = packagePath('metrics'),
): ReadonlyMap<string, MetricFile> {
  const folder = join(directory, FOLDERS[origin]);
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.yaml')) : [];
  return new Map(
    files.sort().map((file) => [basename(file, '.yaml'), load(readFileSync(join(folder, file), 'utf8')) as MetricFile]),
  );
}

/** The lists, which do not change while a program runs. */
let lists: readonly MetricList[] | undefined;

/** What the targets of every scrape job of SightEdit's platform expose, as far as it is known. */
export function metricLists(): readonly MetricList[] {
  lists ??= readLists();
  return lists;
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

/** The metrics of a contract of an application. */
export function contractMetrics(contract: readonly MetricContract[]): Metrics {
  return Object.fromEntries(
    contract.map(({ name, type, labels }) => [name, { type, labels: labels.map((label) => label.name) }]),
  );
}

/** The metrics that sql_exporter makes of its collectors' queries. */
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
