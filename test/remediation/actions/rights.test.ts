import { documentedRights } from '../../support/redis-rights';

const partsOf = (...path: readonly string[]) => new Set(documentedRights(...path).split(' '));

test('the user of Redis in the documentation has the rights of both actions, and no other', () => {
  const [cache, denylist] = ['clear-cache.ts', 'denylists/redis.ts'].map((file) =>
    partsOf('remediation', 'actions', file),
  );
  expect(partsOf('docs', 'remediation.md')).toEqual(new Set([...cache!, ...denylist!]));
});
