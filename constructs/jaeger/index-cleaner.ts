import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { type Image, imageOf, images, imageVersion, type Mount, SecretFiles } from '../kit';
import { networkOf } from '../kit/cluster-network';
import { namespaceOf } from '../kit/component-checks';
import { componentLabels, type Labels, selectorLabels } from '../kit/labels';
import { patchable } from '../kit/patch';
import { PodNetworkPolicy } from '../kit/pod-network-policy';
import { type PodProps, podTemplate } from '../kit/pod-template';
import { addServiceAccount } from '../kit/service-account';
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
export function addIndexCleaner(parent: Construct, id: string, props: IndexCleanerProps): void {
  const { name, elasticsearch } = props;
  const scope = new Construct(parent, id);
  const image = imageOf(scope, images.jaegerEsIndexCleaner);
  const labels = { ...Chart.of(scope).labels, ...componentLabels(name, imageVersion(image)) };
  const pods = { namespace: namespaceOf(Chart.of(scope)), labels: selectorLabels(name) };

  const { server } = elasticsearch;
  server.checkCluster(scope);
  const { connection, egress } = server.connect(pods, networkOf(scope));
  const policy = new PodNetworkPolicy(scope, 'network-policy', { name, labels, pods });
  policy.addEgress(egress, server.entities);
  addServiceAccount(scope, { name, labels });

  const secrets = new SecretFiles(SECRETS_PATH, false);
  const pod = podProps(props, image, connection.url(), secrets);
  patchable(
    new k8s.KubeCronJob(scope, 'cron-job', {
      metadata: { name, labels },
      spec: {
        schedule: SCHEDULE,
        timeZone: 'Etc/UTC',
        concurrencyPolicy: 'Forbid',
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          spec: { backoffLimit: 3, activeDeadlineSeconds: 3600, template: jobTemplate(scope, pod, labels, secrets) },
        },
      },
    }),
  );
}

function podProps(
  { name, elasticsearch, retentionDays }: IndexCleanerProps,
  image: Image,
  url: string,
  secrets: SecretFiles,
): PodProps {
  const { username, password, certificateAuthority, indexPrefix } = elasticsearch;
  return {
    name,
    image,
    // One pod, which the scheduler places like a Deployment's.
    workload: { kind: 'Deployment', replicas: 1 },
    ports: {},
    args: [
      ...(indexPrefix === undefined ? [] : [`--index-prefix=${indexPrefix}`]),
      ...(certificateAuthority ? ['--es.tls.enabled=true', `--es.tls.ca=${secrets.path(certificateAuthority)}`] : []),
      String(retentionDays),
      url,
    ],
    // It reads no password from a file.
    env: [{ name: 'ES_USERNAME', value: username }, password.credentials.variable('ES_PASSWORD', password.key)],
    resources: { cpu: '50m', memory: '64Mi' },
    user: CLEANER_USER,
  };
}

function jobTemplate(scope: Construct, pod: PodProps, labels: Labels, secrets: SecretFiles): k8s.PodTemplateSpec {
  const mounts: Mount[] = [];
  secrets.mountIn({ addMount: (mount) => mounts.push(mount) });
  const { args = [], env = [] } = pod;
  const { metadata, spec } = podTemplate(scope, pod, labels, {
    args,
    env,
    mounts,
    sysctls: [],
    usesKubernetesApi: false,
  });
  const containers = spec!.containers.map(({ ports: _none, ...container }) => container);
  return { metadata, spec: { ...spec!, containers, restartPolicy: 'OnFailure' } };
}
