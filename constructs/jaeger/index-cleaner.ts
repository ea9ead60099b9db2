import type { Construct } from 'constructs';
import { images, SecretFiles } from '../kit';
import { ScheduledJob } from '../kit/scheduled-job';
import type { ElasticsearchStorage } from './jaeger-props';

const SECRETS_PATH = '/etc/jaeger-secrets';

/** User id that the cleaner's image runs as. */
const CLEANER_USER = 10001;

/** After midnight in UTC, when Jaeger begins the indices of a day. */
const SCHEDULE = '15 0 * * *';

/** Props of the index cleaner. */
export interface IndexCleanerProps {
  readonly name: string;
  readonly elasticsearch: ElasticsearchStorage;
  readonly retentionDays: number;
}

/**
 * Deletes the indices of past days, once a day. Without it, Elasticsearch keeps every trace.
 * https://www.jaegertracing.io/docs/2.13/storage/elasticsearch/#index-cleaner
 */
export function addIndexCleaner(scope: Construct, id: string, props: IndexCleanerProps): void {
  const { name, elasticsearch, retentionDays } = props;
  const { server, username, password, certificateAuthority, indexPrefix } = elasticsearch;
  const job = new ScheduledJob(scope, id, {
    name,
    image: images.jaegerEsIndexCleaner,
    schedule: SCHEDULE,
    // It reads no password from a file.
    env: [{ name: 'ES_USERNAME', value: username }, password.credentials.variable('ES_PASSWORD', password.key)],
    resources: { cpu: '50m', memory: '64Mi' },
    user: CLEANER_USER,
    restartPolicy: 'OnFailure',
    backoffLimit: 3,
    deadlineSeconds: 3600,
  });
  const secrets = new SecretFiles(SECRETS_PATH, false);
  job.addArgs(
    ...(indexPrefix === undefined ? [] : [`--index-prefix=${indexPrefix}`]),
    ...(certificateAuthority ? ['--es.tls.enabled=true', `--es.tls.ca=${secrets.path(certificateAuthority)}`] : []),
    String(retentionDays),
    job.connectTo(server).url(),
  );
  secrets.mountIn(job);
}
