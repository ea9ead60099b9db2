import * as crypto from 'node:crypto';

/** Results of pure functions that outlive the process: JSON by a hash of the function's name and input. */
export interface ResultStore {
  get(key: string): string | undefined;
  set(key: string, json: string): void;
}

let store: ResultStore | undefined;

/**
 * Looks results up in a store from now on. The store must hold results of the code that runs now: `npm run synth` names
 * its store after a hash of the whole program. Without a store, as in a program that imports the package, every call
 * computes.
 */
export function useResultStore(next: ResultStore | undefined): void {
  store = next;
}

/**
 * A function that asks the store before it computes.
 *
 * @param name tells the functions of the program apart
 * @param compute depends on its input alone. Input and result survive `JSON.stringify()`; an error is not stored
 */
export function stored<Input extends string | object, Result>(
  name: string,
  compute: (input: Input) => Result,
): (input: Input) => Result {
  return (input) => {
    if (!store) {
      return compute(input);
    }
    const key = sha1(`${name}\0${typeof input === 'string' ? input : JSON.stringify(input)}`);
    const known = store.get(key);
    if (known !== undefined) {
      return JSON.parse(known) as Result;
    }
    const json = JSON.stringify(compute(input));
    store.set(key, json);
    // What a later run reads is also what this run gets.
    return JSON.parse(json) as Result;
  };
}

/** A function that computes each result once in the life of the process. */
export function remembered<Input, Result>(compute: (input: Input) => Result): (input: Input) => Result {
  const results = new Map<Input, Result>();
  return (input) => {
    if (!results.has(input)) {
      results.set(input, compute(input));
    }
    return results.get(input) as Result;
  };
}

function sha1(text: string): string {
  // Five times as fast for a short text; Node 20.12 has it.
  return crypto.hash?.('sha1', text, 'base64') ?? crypto.createHash('sha1').update(text).digest('base64');
}
