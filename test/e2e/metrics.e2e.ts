import type { Metrics } from '../../metrics';
import { type Recording, record, recorders } from '../../scripts/recording';
import { goneSeries, isComparable, missingIn, missingOf } from '../support/metric-lists';

describe.each(Object.keys(recorders))('The recording of %s (if it fails: npm run metrics:record)', (name) => {
  let recordings: readonly Recording[];
  beforeAll(async () => {
    recordings = await record(name);
  });

  it('has every metric that the running programs expose', () => {
    const found = recordings.filter(isComparable).map(missingOf);
    expect(found).toEqual(found.map(({ job }) => ({ job, missing: [] })));
  });

  it('has no metric in use that they no longer expose', () => {
    expect(recordings.map((recording) => ({ job: recording.job, gone: goneSeries(recording) }))).toEqual(
      recordings.map(({ job }) => ({ job, gone: [] })),
    );
  });
});

describe('The comparison', () => {
  const exposed: Metrics = { demo_total: { type: 'counter', labels: ['kind'] } };

  it('finds a new metric, type and label', () => {
    expect(missingIn(exposed, exposed)).toEqual([]);
    expect(missingIn({}, exposed)).toEqual(['demo_total']);
    expect(missingIn({ demo_total: { type: 'gauge' } }, exposed)).toEqual([
      'demo_total is a counter',
      'demo_total has the label kind',
    ]);
  });

  it('finds a metric that is gone', () => {
    expect(goneSeries({ job: 'alertmanager', tool: 'alertmanager', pages: [''] })).toContain(
      'alertmanager_cluster_members',
    );
  });
});
