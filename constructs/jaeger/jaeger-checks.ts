import { SettingError } from '../kit';
import { checkCount, checkCredentials, checkQuantity } from '../kit/checks';
import { JAEGER_DEFAULTS, type JaegerProps } from './jaeger-props';

/** Props of Badger's volume. */
const VOLUME_PROPS = ['storage', 'storageSize', 'storageClass', 'spansPerSecond'] as const;

/**
 * Checks the props of a Jaeger.
 *
 * @throws SettingError
 */
export function checkJaeger(props: JaegerProps): void {
  const { retentionDays = JAEGER_DEFAULTS.retentionDays, spansPerSecond = JAEGER_DEFAULTS.spansPerSecond } = props;
  checkCount('retentionDays', retentionDays);
  if (!(Number.isFinite(spansPerSecond) && spansPerSecond > 0)) {
    throw new SettingError('spansPerSecond', spansPerSecond, 'write a number greater than zero');
  }
  if (props.storageSize !== undefined) {
    checkQuantity('storageSize', props.storageSize, '50Gi');
  }
  if (props.basePath !== undefined && !/^(\/[\w.~-]+)+$/.test(props.basePath)) {
    throw new SettingError('basePath', props.basePath, 'write a path without a slash at its end, e.g. /jaeger');
  }
  if (props.elasticsearch) {
    checkElasticsearch(props, props.elasticsearch);
  } else if ((props.pod?.replicas ?? 1) !== 1) {
    const fix = 'leave it out, or write elasticsearch: Badger is a database of one process';
    throw new SettingError('pod.replicas', props.pod?.replicas, fix);
  }
}

function checkElasticsearch(
  props: JaegerProps,
  {
    username,
    password,
    certificateAuthority,
    indexPrefix,
    shards,
    shardReplicas,
  }: NonNullable<JaegerProps['elasticsearch']>,
): void {
  for (const prop of VOLUME_PROPS) {
    if (props[prop] !== undefined) {
      throw new SettingError(prop, props[prop], 'leave it out: with elasticsearch, Jaeger has no volume');
    }
  }
  checkCredentials('elasticsearch.password.credentials', password.credentials);
  checkCredentials('elasticsearch.certificateAuthority.credentials', certificateAuthority?.credentials);
  if (username.trim() === '') {
    throw new SettingError('elasticsearch.username', username, 'name a user of Elasticsearch');
  }
  // https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-indices-create
  if (indexPrefix !== undefined && !/^[a-z0-9][a-z0-9._-]*$/.test(indexPrefix)) {
    throw new SettingError('elasticsearch.indexPrefix', indexPrefix, 'write lower-case letters, digits, . _ and -');
  }
  checkCount('elasticsearch.shards', shards ?? 1);
  if (shardReplicas !== undefined && !(Number.isInteger(shardReplicas) && shardReplicas >= 0)) {
    throw new SettingError('elasticsearch.shardReplicas', shardReplicas, 'write a whole number, zero or more');
  }
}
