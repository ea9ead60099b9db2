import { keepUsed, type Metrics, metricFiles, metricLists } from '../../metrics';
import { type Recording, readExposition } from '../../scripts/recording';
import { metricUses } from '../metrics/sightedit';

/** Metrics of the Go runtime, which depend on the compiler. */
const GO_RUNTIME = /^go_/;

const keep = keepUsed({ uses: metricUses(), lists: metricLists() });

/** The list of a job: its recorded metrics and those found in the source code. */
function listOf(job: string): Metrics {
  return { ...metricFiles('recorded').get(job)?.metrics, ...metricFiles('source').get(job)?.metrics };
}

/** Metrics, types and labels that a program exposes and its list lacks. */
export function missingIn(list: Metrics, exposed: Metrics): string[] {
  return Object.entries(exposed)
    .filter(([name]) => !GO_RUNTIME.test(name))
    .flatMap(([name, { type, labels = [] }]) => {
      const listed = list[name];
      if (!listed) {
        return [name];
      }
      return [
        ...(listed.type === type ? [] : [`${name} is a ${type}`]),
        ...labels.filter((label) => !listed.labels?.includes(label)).map((label) => `${name} has the label ${label}`),
      ];
    });
}

/** Tolerated share of metrics that the list lacks: some appear only after an error, a retry or a delay. */
const TOLERATED_SHARE = 0.02;

/** What the list of a job lacks, if it is more than the tolerated share. */
export function missingOf({ job, pages }: Recording): { job: string; missing: string[] } {
  const { metrics } = readExposition(pages);
  const missing = missingIn(listOf(job), metrics);
  if (missing.length <= TOLERATED_SHARE * Object.keys(metrics).length) {
    return { job, missing: [] };
  }
  return { job, missing };
}

/** Whether the program watches the same system as in its recording. Another host or version exposes other metrics. */
export function isComparable(recording: Recording): boolean {
  const file = metricFiles('recorded').get(recording.job);
  const recordedWith = file?.origin === 'recorded' ? file.with : undefined;
  if (recording.dependsOnHost || recording.with !== recordedWith) {
    console.warn(
      `\n!!! NOT CHECKED: whether ${recording.job} exposes more than its list says\n` +
        `!!! recorded with ${recordedWith ?? 'another host'}, here is ${recording.with ?? 'this one'}\n`,
    );
    return false;
  }
  return true;
}

/** Recorded series that an expression reads and the program no longer exposes. */
export function goneSeries({ job, pages }: Recording): string[] {
  const { series } = readExposition(pages);
  const recorded = metricFiles('recorded').get(job)?.metrics ?? {};
  const isRecorded = (name: string) => name in recorded || name.replace(/_(bucket|sum|count)$/, '') in recorded;
  return (keep(job) ?? []).filter((name) => isRecorded(name) && !series.has(name));
}
