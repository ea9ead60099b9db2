export { SettingError } from '../../remediation/setting-error';

/** A name or identifier that must be unique and is used twice. */
export class DuplicateNameError extends Error {
  constructor(
    /** What the name is, e.g. `scrape job name`. */
    readonly kind: string,
    readonly duplicate: string,
  ) {
    super(`duplicate ${kind} "${duplicate}": rename one of them`);
    this.name = 'DuplicateNameError';
  }
}
