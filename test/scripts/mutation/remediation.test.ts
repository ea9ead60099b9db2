import { transformSync } from 'esbuild';
import { type Check, switchedOff } from '../../../scripts/mutation/remediation/checks';
import { mutantsOf } from '../../../scripts/mutation/remediation/mutants';
import { SWITCH, withSwitches } from '../../../scripts/mutation/remediation/switches';

const SOURCE = `
import { limit } from './limits';

/** „Ä“ takes more bytes than characters. */
export type Answer = true | false;

export function isOld(age: number, strict = true): boolean {
  if (age > limit && strict) {
    throw new Error(\`\${age} s are too many\`);
  }
  log('checked');
  return [age].some((one) => one + 1 >= limit);
}
function log(text: string) {
  seen.push(text);
}
export const seen: string[] = [];
`;

describe('The mutants of a source', () => {
  const changes = (source: string) => mutantsOf(source).map(({ change }) => change);

  test('have one mistake each, and say which and where', () => {
    expect(changes(SOURCE)).toEqual([
      'true becomes false in "export function isOld(age: number, strict = true): boolean {"',
      'age > limit && strict negated in "if (age > limit && strict) {"',
      'age > limit && strict with || for && in "if (age > limit && strict) {"',
      'age > limit with >= for > in "if (age > limit && strict) {"',
      'throw new Error(`${age} s are too many`); left out',
      "log('checked'); left out",
      '[age].some((one) => one + 1 >= limit) becomes undefined in "return [age].some((one) => one + 1 >= limit);"',
      '[age].some((one) => one + 1 >= limit) with every for some in "return [age].some((one) => one + 1 >= limit);"',
      'one + 1 >= limit becomes undefined in "return [age].some((one) => one + 1 >= limit);"',
      'one + 1 >= limit with > for >= in "return [age].some((one) => one + 1 >= limit);"',
      'one + 1 with - for + in "return [age].some((one) => one + 1 >= limit);"',
      'seen.push(text); left out',
    ]);
  });

  test('have none in types, imports, texts that are put together, and ends that return nothing', () => {
    expect(changes("import { a } from 'a';\ntype A = true;\nexport const b = a + '!' + `?` as string;")).toEqual([]);
    expect(changes('function f() { return; }')).toEqual([]);
    expect(changes('function f() { if (a === b) { return; } g(); }')).toEqual([
      'a === b with !== for === in "function f() { if (a === b) { return; } g(); }"',
      'return; left out in "function f() { if (a === b) { return; } g(); }"',
      'g(); left out in "function f() { if (a === b) { return; } g(); }"',
    ]);
  });
});

describe('A source with switches', () => {
  const mutants = mutantsOf(SOURCE).map((mutant, id) => ({ ...mutant, id }));
  /** What the source does with a mutant switched on: whether 10 s are old for a limit of 5 s, and what was logged. */
  const run = (on: number | undefined, age = 10) => {
    const { code } = transformSync(withSwitches(SOURCE, mutants), { loader: 'ts', format: 'cjs' });
    const module = { exports: {} as { isOld(age: number): boolean; seen: string[] } };
    const passed = new Set<number>();
    const switchOf = (id: number) => passed.add(id) && id === on;
    new Function('module', 'require', SWITCH, code)(module, () => ({ limit: 5 }), switchOf);
    let outcome: unknown;
    try {
      outcome = module.exports.isOld(age);
    } catch (error) {
      outcome = (error as Error).message;
    }
    return { outcome, seen: module.exports.seen, passed: passed.size };
  };
  const numberOf = (change: RegExp) => mutants.find((mutant) => change.test(mutant.change))!.id;

  test('does what it does without them while none is on', () => {
    expect(run(undefined)).toMatchObject({ outcome: '10 s are too many', seen: [] });
    expect(run(undefined, 5)).toMatchObject({ outcome: true, seen: ['checked'] });
    expect(run(undefined, 1).outcome).toBe(false);
  });

  test.each<[RegExp, number, unknown, string[]]>([
    [/^true becomes/, 10, true, ['checked']],
    [/negated/, 10, true, ['checked']],
    [/^throw .* left out/, 10, true, ['checked']],
    [/with >= for >/, 5, '5 s are too many', []],
    [/^log.* left out/, 5, true, []],
    [/becomes undefined in/, 5, undefined, ['checked']],
    [/with - for \+/, 5, false, ['checked']],
    [/^seen.* left out/, 5, true, []],
  ])('does otherwise with %s on', (change, age, outcome, seen) => {
    expect(run(numberOf(change), age)).toMatchObject({ outcome, seen });
  });

  test('tells who came by', () => {
    expect(run(undefined, 10).passed).toBeLessThan(run(undefined, 5).passed);
  });
});

describe('A check that is switched off', () => {
  const check = (how: object) => ({ name: 'age', file: 'age.ts', ...how }) as Check;
  const run = (how: object, age: number) => {
    const mutant = { ...switchedOff(check(how), SOURCE), id: 0 };
    const { code } = transformSync(withSwitches(SOURCE, [mutant]), { loader: 'ts', format: 'cjs' });
    const module = { exports: {} as { isOld(age: number): boolean } };
    new Function('module', 'require', SWITCH, code)(
      module,
      () => ({ limit: 5 }),
      () => true,
    );
    return module.exports.isOld(age);
  };

  test('is a function that returns at once, or an expression that is something else', () => {
    expect(run({ returning: 'isOld' }, 10)).toBeUndefined();
    expect(run({ returning: 'isOld', value: '42' }, 10)).toBe(42);
    expect(run({ expression: 'age > limit && strict', becomes: 'false' }, 10)).toBe(true);
  });

  test('must be there, and once', () => {
    expect(() => switchedOff(check({ returning: 'isNew' }), SOURCE)).toThrow('there is no function isNew');
    expect(() => switchedOff(check({ expression: 'limit', becomes: '1' }), SOURCE)).toThrow(
      'age.ts must contain "limit" once: update "age"',
    );
    expect(() => switchedOff(check({ expression: 'age < limit', becomes: 'true' }), SOURCE)).toThrow('must contain');
  });
});
