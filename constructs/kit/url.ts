import { SettingError } from './errors';

/**
 * Parses the URL in a setting.
 *
 * `new URL()` alone is too lenient: it takes `localhost:3000` (scheme `localhost`) and drops line breaks, which a
 * configuration file would keep.
 *
 * @param example a URL that would work, for the message
 * @throws SettingError unless the value is an absolute `http` or `https` URL without white space, user and password
 * @internal
 */
export function httpUrl(setting: string, value: string, example: string): URL {
  if (!/^https?:\/\/[^\s\p{Cc}]+$/u.test(value) || !URL.canParse(value)) {
    throw new SettingError(setting, value, `write a URL, e.g. ${example}`);
  }
  const url = new URL(value);
  if (url.username || url.password) {
    // The message must not repeat the password.
    url.username = '';
    url.password = '';
    throw new SettingError(setting, url.href, 'remove user and password: manifests are no place for secrets');
  }
  return url;
}

/**
 * Host and port of a URL. An IPv6 address has no brackets.
 *
 * @internal
 */
export function serverOf({ hostname, port, protocol }: URL): { readonly host: string; readonly port: number } {
  const defaultPort = protocol === 'https:' ? 443 : 80;
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || defaultPort) };
}
