export { SettingError } from '../../remediation/setting-error';

/** A name, or something else that must be unique, that is used twice. */
export class DuplicateNameError extends Error {
  constructor(
    /** What the name is, e.g. `scrape job name`. */
    readonly kind: string,
    /** The name that is used twice. */
    readonly duplicate: string,
    fix = 'rename one of them',
  ) {
    super(`duplicate ${kind} "${duplicate}": ${fix}`);
    this.name = 'DuplicateNameError';
  }
}
