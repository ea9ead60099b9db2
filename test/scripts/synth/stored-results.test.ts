import { StoredResults } from '../../../scripts/synth/stored-results';

test('results are there in the next run', () => {
  const first = new StoredResults();
  first.set('one', '{"text":"a b\\n"}');
  first.set('two', 'null');
  const second = new StoredResults(first.text());
  expect([second.get('one'), second.get('two'), second.get('three')]).toEqual(['{"text":"a b\\n"}', 'null', undefined]);
});

test('only a result that was not there is new', () => {
  const results = new StoredResults('one 1\n');
  results.get('one');
  expect(results.isNew).toBe(false);
  results.set('two', '2');
  expect(results.isNew).toBe(true);
});

test('results that a run does not use stay until there are too many', () => {
  const long = JSON.stringify('x'.repeat(9_000_000));
  const few = new StoredResults(`unused 1\nused 2\n`);
  few.get('used');
  expect(few.text()).toBe('unused 1\nused 2\n');
  const many = new StoredResults(`unused ${long}\nused ${long}\n`);
  many.get('used');
  expect(many.text()).toBe(`used ${long}\n`);
});
