import { remembered, stored, useResultStore } from '../memo';

describe('A stored function', () => {
  const compute = jest.fn((input: { readonly text: string }) => ({ length: input.text.length }));
  const length = stored('length', compute);
  const store = new Map<string, string>();
  beforeEach(() => {
    compute.mockClear();
    store.clear();
  });
  afterEach(() => useResultStore(undefined));

  test('computes every time when there is no store', () => {
    expect([length({ text: 'ab' }), length({ text: 'ab' })]).toEqual([{ length: 2 }, { length: 2 }]);
    expect(compute).toHaveBeenCalledTimes(2);
  });

  test('computes once for an input when there is a store', () => {
    useResultStore(store);
    expect([length({ text: 'ab' }), length({ text: 'ab' }), length({ text: 'abc' })]).toEqual([
      { length: 2 },
      { length: 2 },
      { length: 3 },
    ]);
    expect(compute).toHaveBeenCalledTimes(2);
  });

  test('gives each caller a result of its own', () => {
    useResultStore(store);
    const [first, second] = [length({ text: 'ab' }), length({ text: 'ab' })];
    expect(first).not.toBe(second);
  });

  test('does not take the result of another function for its own', () => {
    useResultStore(store);
    const upper = stored('upper', ({ text }: { readonly text: string }) => text.toUpperCase());
    length({ text: 'ab' });
    expect(upper({ text: 'ab' })).toBe('AB');
  });

  test('computes again after an error', () => {
    useResultStore(store);
    compute.mockImplementationOnce(() => {
      throw new Error('not now');
    });
    expect(() => length({ text: 'ab' })).toThrow('not now');
    expect(length({ text: 'ab' })).toEqual({ length: 2 });
  });
});

test('a function remembers that a result is undefined', () => {
  const compute = jest.fn((_: string) => undefined);
  const nothing = remembered(compute);
  expect([nothing('a'), nothing('a')]).toEqual([undefined, undefined]);
  expect(compute).toHaveBeenCalledTimes(1);
});
