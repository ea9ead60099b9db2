/** A setting that cannot work. The message names the setting, its value and the fix. */
export class SettingError extends Error {
  constructor(
    /** The setting as the caller wrote it, e.g. `channels.email.smarthost`. */
    readonly setting: string,
    readonly value: unknown,
    /** What to write instead. */
    readonly fix: string,
  ) {
    super(`${setting} is ${describe(value)}: ${fix}`);
    this.name = 'SettingError';
  }
}

/** A name, or something else that must be unique, that is used twice. */
export class DuplicateNameError extends Error {
  constructor(
    /** What the name is, e.g. `scrape job name`. */
    readonly kind: string,
    readonly duplicate: string,
    fix = 'rename one of them',
  ) {
    super(`duplicate ${kind} "${duplicate}": ${fix}`);
    this.name = 'DuplicateNameError';
  }
}

function describe(value: unknown): string {
  if (value === undefined) {
    return 'not set';
  }
  // JSON has no NaN and no Infinity.
  return typeof value === 'number' ? String(value) : JSON.stringify(value);
}
