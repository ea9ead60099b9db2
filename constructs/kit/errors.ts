/**
 * A setting that cannot work. Names the setting, the value it has, and what to write instead, so that the
 * message alone is enough to mend it.
 */
export class SettingError extends Error {
  constructor(
    readonly setting: string,
    readonly value: unknown,
    readonly mend: string,
  ) {
    super(`${setting} is ${describe(value)}: ${mend}`);
    this.name = 'SettingError';
  }
}

function describe(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}
