import fc from 'fast-check';
import { clearCache, resetConnections } from '../../../remediation';
import { keysOf, patternOf } from '../../../remediation/actions/keys';
import type { Cache } from '../../../remediation/clients';

const VERIFICATION = { query: 'vector(1)' };

describe('the beginning of keys', () => {
  test.each(['cache:', 'cache:page:', 'a1:', 'sitéedit:', 'cache-v2:'])('can be %s', (prefix) => {
    const policy = clearCache({ connection: 'redis', prefixes: [prefix], verification: VERIFICATION });
    expect(policy.parameters.prefixes).toEqual([prefix]);
  });

  test.each(['', '*', 'cache', 'cache*:', 'ca?he:', '[a-z]:', 'cache\\:', 'ca che:', 'cache:\n', 'cache:\u0000:', ':'])(
    'cannot be %j',
    (prefix) => {
      expect(() => clearCache({ connection: 'redis', prefixes: [prefix], verification: VERIFICATION })).toThrow(
        `prefixes[0] is ${JSON.stringify(prefix)}: write the beginning of the keys, without a pattern, up to a ":"`,
      );
    },
  );

  test.each(['a:', '::'])('cannot be as short as %s', (prefix) => {
    expect(() => clearCache({ connection: 'redis', prefixes: ['cache:', prefix], verification: VERIFICATION })).toThrow(
      `prefixes[1] is "${prefix}": write at least 3 characters`,
    );
  });

  test('must exist', () => {
    expect(() => clearCache({ connection: 'redis', prefixes: [], verification: VERIFICATION })).toThrow(
      'prefixes is []: name the keys to clear',
    );
  });

  test('is a pattern that means nothing else', () => {
    expect(patternOf('cache:')).toBe('cache:*');
    expect(patternOf('a*b?c[d]e\\f:')).toBe('a\\*b\\?c\\[d\\]e\\\\f:*');
  });
});

describe('the keys with a prefix', () => {
  /** A Redis that answers with more than it was asked for, in pages. */
  const answering = (...answers: readonly (readonly string[])[]) => {
    let page = 0;
    const scan = async () => [page + 1 < answers.length ? String(page + 1) : '0', answers[page++]];
    return { scan } as unknown as Cache;
  };
  const signal = new AbortController().signal;

  test('are those alone, whatever Redis answers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.string()), { minLength: 1 }), async (pages) => {
        const sent = pages.map((keys) => keys.flatMap((key) => [key, `cache:${key}`, `x:cache:${key}`]));
        const seen: string[] = [];
        for await (const keys of keysOf(answering(...sent), 'cache:', { batch: 10, signal })) {
          seen.push(...keys);
        }
        expect(seen).toEqual(sent.flat().filter((key) => key.startsWith('cache:')));
      }),
    );
  });

  test('are not looked for after the time is over, or when the run has ended', async () => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(1000);
    const inTime = keysOf(answering(['cache:1']), 'cache:', { batch: 10, until: 1000, signal });
    expect((await inTime.next()).value).toEqual(['cache:1']);
    now.mockRestore();
    const late = keysOf(answering([], []), 'cache:', { batch: 10, until: Date.now() - 1, signal });
    await expect(late.next()).rejects.toThrow('the deadline passed before every key was seen');
    const ended = keysOf(answering([], []), 'cache:', { batch: 10, signal: AbortSignal.abort() });
    await expect(ended.next()).rejects.toThrow('aborted');
  });
});

describe('numbers of a policy', () => {
  const cache = { connection: 'redis', prefixes: ['cache:'], verification: VERIFICATION } as const;
  const database = { connection: 'postgres', database: 'sightedit', role: 'sightedit_app' } as const;

  test.each([0, -1, 1.5, Number.NaN])('cannot be %p', (value) => {
    expect(() => clearCache({ ...cache, batch: value })).toThrow(
      `batch is ${value}: write how many keys Redis examines in one step`,
    );
    expect(() => clearCache({ ...cache, deadlineSeconds: value })).toThrow(
      `deadlineSeconds is ${value}: write within how many seconds the keys must be deleted`,
    );
    expect(() => resetConnections({ ...database, idleSeconds: value })).toThrow(
      `idleSeconds is ${value}: write after how many seconds a session counts as abandoned`,
    );
    expect(() => resetConnections({ ...database, maximumSessions: value })).toThrow(
      `maximumSessions is ${value}: write how many sessions an attempt may end`,
    );
  });

  test('leave the time for the change itself: it would be cut off before its deadline', () => {
    expect(() => clearCache({ ...cache, deadlineSeconds: 60, timeoutSeconds: 60 })).toThrow(
      'deadlineSeconds is 60: write less than timeoutSeconds, which is 60',
    );
    expect(() => clearCache({ ...cache, deadlineSeconds: 60, timeoutSeconds: 90 })).not.toThrow();
  });

  test.each(['sight edit', 'a;KILL b', 'a-b', ''])('PgBouncer has no database %j', (name) => {
    expect(() => resetConnections({ ...database, pgBouncer: { connection: 'pool', database: name } })).toThrow(
      `pgBouncer.database is ${JSON.stringify(name)}: write only letters, digits and "_"`,
    );
  });
});
