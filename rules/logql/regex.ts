import { RE2JS } from 're2js';
import { remembered } from '../../memo';

/** What RE2, the engine of Loki, says about a regular expression, or `undefined` if it takes it. */
export const regexProblem = remembered((pattern: string): string | undefined => {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
});

/** Names of the groups of a regular expression. */
export function groupNames(pattern: string): readonly string[] {
  return [...pattern.matchAll(/\(\?P?<(\w+)>/g)].map(([, name]) => name!);
}

/** Names of the captures of the stage `pattern`, without `<_>`. */
export function captureNames(pattern: string): readonly string[] {
  return [...pattern.matchAll(/<(\w+)>/g)].map(([, name]) => name!).filter((name) => name !== '_');
}
