import { quoted } from './ottl-text';
import type { Guard, Pattern } from './pattern';

/** Texts that several words have in common. Where one is missing, none of its words is looked for. */
const SHARED = ['key', 'pass', 'sess', '__', 'u00', '%', '&', '?', 'basic', 'tel', 'otp'];

/** A condition that holds where the guard does. `cache["lower"]` has the text in lower case. */
export function conditionOf({ any, near, with: also }: Guard, all: string): string {
  const parts = [...any.map(hasWord), ...near.map((expression) => matches(all, expression))].join(' or ');
  return also === undefined ? parts : `(${matches(all, also)} and (${parts}))`;
}

/**
 * One condition that holds where the guard of one of the patterns does.
 *
 * Most texts pass none, so each search counts. What another search finds too is left out, and words that have a part in
 * common, or their first letter, share one search.
 */
export function anyGuard(patterns: readonly Pattern[], all: string): string {
  const guards = patterns.map(({ guard }) => guard);
  const words = [...new Set(guards.flatMap((guard) => (guard.with === undefined ? guard.any : [])))];
  const shortest = words.filter((word) => !words.some((other) => other !== word && word.includes(other)));
  const remaining = guards.filter(({ with: also }) => also !== undefined && !shortest.includes(also));
  const near = guards.flatMap((guard) => (guard.with === undefined ? guard.near : []));
  const searches = [undefined, ...SHARED].flatMap((part) => {
    const group = shortest.filter((word) => SHARED.find((each) => word.includes(each)) === part);
    const firsts = [...new Set(group.map((word) => word[0]!))];
    const search = firsts.map((first) => hasAnyWord(group.filter((word) => word.startsWith(first)))).join(' or ');
    return group.length === 0 ? [] : [part === undefined ? search : `(${hasWord(part)} and (${search}))`];
  });
  const conditions = [
    ...searches,
    ...near.map((expression) => matches(all, expression)),
    ...remaining.map((guard) => conditionOf(guard, all)),
  ];
  return [...new Set(conditions)].join(' or ');
}

function hasWord(word: string): string {
  return `Index(cache["lower"], ${quoted(word)}) >= 0`;
}

/** Words with the same first letter. An expression that begins with a literal is as fast as the search for a word. */
function hasAnyWord(words: readonly string[]): string {
  const [first] = words;
  if (words.length === 1) {
    return hasWord(first!);
  }
  const rests = words.map((word) => escaped(word.slice(1))).join('|');
  return matches('cache["lower"]', `${escaped(first![0]!)}(?:${rests})`);
}

function matches(text: string, expression: string): string {
  return `IsMatch(${text}, ${quoted(expression)})`;
}

function escaped(word: string): string {
  return word.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
