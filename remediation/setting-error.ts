/** A setting that cannot work. The message names the setting, its value and the fix: `ttlSeconds is 0: write …`. */
export class SettingError extends Error {
  constructor(
    /** Path of the setting. */
    readonly setting: string,
    /** Its value. */
    readonly value: unknown,
    /** What to write instead, as an imperative. */
    readonly fix: string,
  ) {
    super(`${setting} is ${describe(value)}: ${fix}`);
    this.name = 'SettingError';
  }
}

/** JSON has no NaN and no Infinity, so numbers are written as JavaScript writes them. */
function describe(value: unknown): string {
  return typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'not set');
}
