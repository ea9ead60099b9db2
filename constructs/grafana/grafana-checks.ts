import { SettingError } from '../kit';
import type { GrafanaProps } from './grafana-props';

/**
 * Whether there are several replicas. They share a database: with one of their own each, users would lose their session
 * and their stars with every other request.
 *
 * @throws SettingError for several replicas without an external database
 */
export function isReplicated({ pod: { replicas = 1, env = [] } = {}, ini = {} }: GrafanaProps): boolean {
  const { type, url } = ini.database ?? {};
  const external =
    url !== undefined ||
    (type !== undefined && type !== 'sqlite3') ||
    env.some(({ name, value }) => name === 'GF_DATABASE_URL' || (name === 'GF_DATABASE_TYPE' && value !== 'sqlite3'));
  if (replicas > 1 && !external) {
    throw new SettingError(
      'pod.replicas',
      replicas,
      'each replica would have a database of its own: name PostgreSQL or MySQL in ini.database, or GF_DATABASE_URL in pod.env',
    );
  }
  return replicas > 1;
}
