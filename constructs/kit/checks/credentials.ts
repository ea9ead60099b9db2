import { SettingError } from '../errors';

/**
 * Checks that a Secret is given as `Credentials`. JavaScript programs can pass its name instead.
 *
 * @param credentials `undefined` is accepted where the setting is optional
 * @throws SettingError
 */
export function checkCredentials(setting: string, credentials: { readonly files: unknown } | undefined): void {
  if (credentials !== undefined && typeof credentials.files !== 'function') {
    const name = typeof credentials === 'string' ? credentials : 'name-of-the-secret';
    throw new SettingError(setting, credentials, `write new Credentials('${name}')`);
  }
}
