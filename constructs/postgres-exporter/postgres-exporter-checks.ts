import type { SqlCollector } from '../../rules/sql';
import { type Credentials, DuplicateNameError, SettingError } from '../kit';
import { checkCredentials, checkDuration, checkObjectName } from '../kit/checks';
import type { PostgresTls } from './postgres-exporter-config';

/** Characters of a URL's path that need no escape. */
const PLAIN = /^[A-Za-z0-9._~-]+$/;

const METRIC_NAME = /^[A-Za-z_:][A-Za-z0-9_:]*$/;

/** The props that are checked. */
export interface CheckedPostgresExporter {
  readonly credentials: Credentials;
  readonly database: string;
  readonly tls?: PostgresTls;
  readonly collectors?: readonly SqlCollector[];
}

/**
 * Checks the props of a PostgresExporter, except the endpoint.
 *
 * @throws SettingError
 * @throws DuplicateNameError for two collectors of one name
 */
export function checkPostgresExporter({ credentials, database, tls, collectors = [] }: CheckedPostgresExporter): void {
  checkCredentials('credentials', credentials);
  if (!PLAIN.test(database)) {
    throw new SettingError('database', database, 'write letters, digits, dashes, dots and underscores');
  }
  if (typeof tls === 'object') {
    checkObjectName('tls.configMap', tls.configMap);
  }
  const names = new Set<string>();
  for (const collector of collectors) {
    checkCollector(collector);
    if (names.has(collector.collector_name)) {
      throw new DuplicateNameError('collector name', collector.collector_name);
    }
    names.add(collector.collector_name);
  }
}

/** What sql_exporter would refuse at its start. */
function checkCollector({ collector_name, min_interval, metrics }: SqlCollector): void {
  // The name is that of a file as well.
  if (!PLAIN.test(collector_name)) {
    throw new SettingError(
      'collectors.collector_name',
      collector_name,
      'write letters, digits, dashes and underscores',
    );
  }
  const setting = `collectors.${collector_name}`;
  checkDuration(`${setting}.min_interval`, min_interval);
  if (metrics.length === 0) {
    throw new SettingError(`${setting}.metrics`, metrics, 'write a metric');
  }
  for (const { metric_name, values } of metrics) {
    if (!METRIC_NAME.test(metric_name)) {
      throw new SettingError(
        `${setting}.metrics`,
        metric_name,
        'write a metric name of letters, digits and underscores',
      );
    }
    if (values.length === 0) {
      throw new SettingError(
        `${setting}.metrics.${metric_name}.values`,
        values,
        'name the column that holds the value',
      );
    }
  }
}
