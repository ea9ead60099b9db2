import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/catalogue';

/** The rights of a Redis user that a file documents: `~cache:* -@all +scan …`. */
export function documentedRights(...path: readonly string[]): string {
  const [rights] = /(~\S+ )+-@all( \+[\w|]+)+/.exec(readFileSync(join(ROOT, ...path), 'utf8')) ?? [];
  if (!rights) {
    throw new Error(`${path.join('/')} does not document the rights of a Redis user`);
  }
  return rights;
}
