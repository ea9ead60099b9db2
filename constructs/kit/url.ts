import { SettingError } from './errors';

/**
 * Parses the URL in a setting.
 *
 * `new URL()` alone is too lenient: it takes `localhost:3000` (scheme `localhost`) and drops line breaks, which a
 * configuration file would keep.
 *
 * @param example a URL that would work, for the message
 * @throws SettingError unless the value is an absolute `http` or `https` URL without white space
 */
export function httpUrl(setting: string, value: string, example: string): URL {
  if (!/^https?:\/\/[^\s\p{Cc}]+$/u.test(value) || !URL.canParse(value)) {
    throw new SettingError(setting, value, `write a URL, e.g. ${example}`);
  }
  return new URL(value);
}
