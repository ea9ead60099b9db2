import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/catalogue';

/** The rights of a user of Redis that a file says suffice: `~cache:* -@all +scan …`. */
export function documentedRights(...path: readonly string[]): string {
  const [rights] = /(~\S+ )+-@all( \+[\w|]+)+/.exec(readFileSync(join(ROOT, ...path), 'utf8')) ?? [];
  if (!rights) {
    throw new Error(`${path.join('/')} says no more which rights suffice`);
  }
  return rights;
}
