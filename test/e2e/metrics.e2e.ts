import { keepUsed, type Metrics, metricFiles, metricLists } from '../../metrics';
import { type Recording, readExposition, record, recorders } from '../../scripts/recording';
import { metricUses } from '../metrics/sightedit';

/** Metrics of the Go runtime: they come and go with the compiler that built the program. */
const OF_THE_COMPILER = /^go_/;

const keep = keepUsed({ uses: metricUses(), lists: metricLists() });

/** What the list of a job says: what was recorded, and what was read in the source. */
function listOf(job: string): Metrics {
  return { ...metricFiles('recorded').get(job)?.metrics, ...metricFiles('source').get(job)?.metrics };
}

/** Metrics, types and labels that a program exposes and that its list does not have. */
function missingIn(list: Metrics, exposed: Metrics): string[] {
  return Object.entries(exposed)
    .filter(([name]) => !OF_THE_COMPILER.test(name))
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

/** How many of its metrics a program may have shown only this time: some first appear with an error, a retry, a delay. */
const BY_CHANCE = 0.02;

/** What is missing in the list of a job, where it is more than what one run happens to show and another does not. */
function lackOf({ job, pages }: Recording): { job: string; missing: string[] } {
  const { metrics } = readExposition(pages);
  const missing = missingIn(listOf(job), metrics);
  if (missing.length <= BY_CHANCE * Object.keys(metrics).length) {
    return { job, missing: [] };
  }
  return { job, missing };
}

/** Whether the program looks at the same as when it was recorded. What it finds on another host is another matter. */
function isComparable(recording: Recording): boolean {
  const file = metricFiles('recorded').get(recording.job);
  const recordedWith = file?.origin === 'recorded' ? file.with : undefined;
  if (recording.ofTheHost || recording.with !== recordedWith) {
    console.warn(
      `\n!!! NOT CHECKED: whether ${recording.job} exposes more than its list says\n` +
        `!!! recorded with ${recordedWith ?? 'another host'}, here is ${recording.with ?? 'this one'}\n`,
    );
    return false;
  }
  return true;
}

/** Series that are used, that were recorded, and that a program does not expose. */
function gone({ job, pages }: Recording): string[] {
  const { series } = readExposition(pages);
  const recorded = metricFiles('recorded').get(job)?.metrics ?? {};
  const isRecorded = (name: string) => name in recorded || name.replace(/_(bucket|sum|count)$/, '') in recorded;
  return (keep(job) ?? []).filter((name) => isRecorded(name) && !series.has(name));
}

describe.each(Object.keys(recorders))('What is recorded of %s (if it fails: npm run metrics:record)', (name) => {
  let recordings: readonly Recording[];
  beforeAll(async () => {
    recordings = await record(name);
  });

  it('has everything that the running programs expose', () => {
    const found = recordings.filter(isComparable).map(lackOf);
    expect(found).toEqual(found.map(({ job }) => ({ job, missing: [] })));
  });

  it('is exposed, as far as it is used', () => {
    expect(recordings.map((recording) => ({ job: recording.job, gone: gone(recording) }))).toEqual(
      recordings.map(({ job }) => ({ job, gone: [] })),
    );
  });
});

describe('The comparison', () => {
  const exposed: Metrics = { demo_total: { type: 'counter', labels: ['kind'] } };

  it('finds a metric, a type and a label that are new', () => {
    expect(missingIn(exposed, exposed)).toEqual([]);
    expect(missingIn({}, exposed)).toEqual(['demo_total']);
    expect(missingIn({ demo_total: { type: 'gauge' } }, exposed)).toEqual([
      'demo_total is a counter',
      'demo_total has the label kind',
    ]);
  });

  it('finds a metric that is gone', () => {
    expect(gone({ job: 'alertmanager', tool: 'alertmanager', pages: [''] })).toContain('alertmanager_cluster_members');
  });
});
