import { causedProblems } from './caused';

test.each<[string, string[], string[], string[]]>([
  ['everything, where nothing was wrong before', [], ['a', 'b'], ['a', 'b']],
  ['nothing, where nothing is new', ['a', 'b'], ['b', 'a'], []],
  ['what is new, in its order', ['b'], ['c', 'b', 'a'], ['c', 'a']],
  ['a problem that is there once more than before', ['a'], ['a', 'a'], ['a']],
  ['nothing, where a problem is gone', ['a', 'b'], ['b'], []],
])('a change causes %s', (_what, before, after, expected) => {
  expect(causedProblems(before, after)).toEqual(expected);
});
