import { type Metric, seriesOf } from '../../metrics';

describe('The series', () => {
  it.each<[string, Metric, object]>([
    ['of a counter', { type: 'counter', labels: ['path'] }, { demo: ['path'] }],
    ['of a gauge', { type: 'gauge' }, { demo: [] }],
    ['of a metric without a type', { type: 'untyped' }, { demo: [] }],
    [
      'of a histogram',
      { type: 'histogram', labels: ['path'] },
      { demo_bucket: ['path', 'le'], demo_sum: ['path'], demo_count: ['path'] },
    ],
    ['of a summary', { type: 'summary' }, { demo: ['quantile'], demo_sum: [], demo_count: [] }],
  ])('%s have their names and labels', (_, metric, expected) => {
    const series = [...seriesOf({ demo: metric })].map(([name, labels]) => [name, [...labels]]);
    expect(Object.fromEntries(series)).toEqual(expected);
  });
});
