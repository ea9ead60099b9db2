import { createHmac, randomBytes } from 'node:crypto';

/** How user and session ids appear in logs and spans. */
export type IdentityMode = 'hashed' | 'plain' | 'none';

/** Writes an identity as the setting asks. */
export type Identify = (identity: string | undefined) => string | undefined;

const LONGEST = 200;

/**
 * @param key makes hashes the same in every replica and different elsewhere @default - random: differs in each process
 */
export function identifier(mode: IdentityMode, key: string = randomBytes(16).toString('hex')): Identify {
  return (identity) => {
    if (typeof identity !== 'string' || identity === '' || mode === 'none') {
      return undefined;
    }
    return mode === 'plain'
      ? identity.slice(0, LONGEST)
      : createHmac('sha256', key).update(identity).digest('hex').slice(0, 16);
  };
}
