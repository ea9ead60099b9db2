import { SettingError } from './errors';

/** Settings that a construct writes itself: path in the server's file, and what to write instead. */
export type ManagedSettings = { readonly [path: string]: string };

/**
 * Refuses settings that a construct writes itself.
 *
 * @param prop name of the prop with the configuration, e.g. `config`
 * @throws SettingError for the first of them
 */
export function refuseManaged(prop: string, config: object, managed: ManagedSettings): void {
  for (const [path, fix] of Object.entries(managed)) {
    const value = path.split('.').reduce<unknown>(childOf, config);
    if (value !== undefined) {
      throw new SettingError(`${prop}.${path}`, value, `remove it; ${fix}`);
    }
  }
}

function childOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as { [name: string]: unknown })[name] : undefined;
}
