import { REDIS_RIGHTS } from '../../../remediation/actions/redis-rights';
import { documentedRights } from '../../support/redis-rights';

const partsOf = (rights: string) => new Set(rights.split(' '));

test('the user of Redis in the documentation has the rights of both actions, and no other', () => {
  const { clearKeys, denylist } = REDIS_RIGHTS;
  expect(partsOf(documentedRights('docs', 'remediation.md'))).toEqual(partsOf(`${clearKeys} ${denylist}`));
});
