/**
 * ACL rules for the Redis user of the server, by what they are for: Redis itself then rejects anything else.
 * `docs/remediation.md` shows the first and the third together.
 */
export const REDIS_RIGHTS = {
  /**
   * `clear-cache` that deletes keys. SCAN returns the names of all keys in the database, whatever the patterns allow.
   */
  clearKeys: '~cache:* -@all +scan +unlink +client|setname',
  /** `clear-cache` that raises versions. */
  raiseVersions: '~cache:* -@all +get +eval +set +client|setname',
  /** `block-address` with a denylist in Redis. */
  denylist: '~denylist:* -@all +scan +exists +get +set +unlink +client|setname',
} as const;
