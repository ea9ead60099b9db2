import { Endpoint, ExternalWorkload, LokiStack, type ObjectStorage } from '../../../constructs';
import { containerOf, find, manifestsOf, podOf, testChart } from '../../../testing/render';
import { serverConfig } from '../../support/server-config';
import { S3, secret, stack } from './sample';

/** What the pods of a stack with a bucket have. */
function pods(objectStorage: ObjectStorage) {
  const manifests = stack({ objectStorage }).manifests();
  const { args, env, volumeMounts } = containerOf(manifests, 'loki');
  return {
    args: args as string[],
    env: (env as { name: string }[]).filter(({ name }) => name !== 'POD_IP'),
    mounts: (volumeMounts as { mountPath: string }[]).map(({ mountPath }) => mountPath),
    labels: podOf(manifests, 'loki').metadata.labels,
    annotations: find(manifests, 'ServiceAccount').metadata.annotations,
    storage: serverConfig(manifests, 'loki-config', 'loki.yaml').common.storage,
    destinations: (
      find(manifests, 'NetworkPolicy').spec.egress as { to: object[]; ports: { port: number }[] }[]
    ).flatMap(({ to, ports }) =>
      to.flatMap((peer) => ('ipBlock' in peer ? [`${(peer.ipBlock as { cidr: string }).cidr} ${ports[0]!.port}`] : [])),
    ),
  };
}

/** The node-local DNS caches. */
const DNS = ['169.254.20.10/32 53', '169.254.25.10/32 53'];

describe('a bucket on Amazon S3', () => {
  test('is reached with the role of the ServiceAccount', () => {
    const { annotations, storage, env, destinations } = pods(S3);
    expect(annotations).toEqual({ 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/loki' });
    expect(storage).toEqual({ s3: { bucketnames: 'orders-logs', region: 'eu-central-1' } });
    expect(env).toEqual([]);
    expect(destinations).toEqual([...DNS, '0.0.0.0/0 443']);
  });

  test('is reached with the agent of EKS Pod Identity', () => {
    const { annotations, destinations } = pods({ ...S3, access: { kind: 'pod-identity' } } as ObjectStorage);
    expect(annotations).toBeUndefined();
    expect(destinations).toEqual([...DNS, '0.0.0.0/0 443', '169.254.170.23/32 80']);
  });

  test('is reached with keys that only the environment has', () => {
    const access = { kind: 'keys', accessKeyId: secret('id'), secretAccessKey: secret('secret') } as const;
    const { env, storage } = pods({ ...S3, access } as ObjectStorage);
    expect(env).toEqual([
      { name: 'AWS_ACCESS_KEY_ID', valueFrom: { secretKeyRef: { name: 'loki-bucket', key: 'id' } } },
      { name: 'AWS_SECRET_ACCESS_KEY', valueFrom: { secretKeyRef: { name: 'loki-bucket', key: 'secret' } } },
    ]);
    expect(storage).toEqual({ s3: { bucketnames: 'orders-logs', region: 'eu-central-1' } });
  });

  test('is reached by the private addresses that are named', () => {
    expect(pods({ ...S3, cidrs: ['10.1.0.0/16'] }).destinations).toEqual([...DNS, '10.1.0.0/16 443']);
  });
});

test('a bucket on a server of the cluster is reached by both NetworkPolicies', () => {
  const chart = testChart();
  const server = new ExternalWorkload(chart, 'minio', {
    namespace: 'storage',
    podLabels: { app: 'minio' },
    service: 'minio',
    port: 9000,
    admit: true,
  }).endpoint;
  new LokiStack(chart, 'loki', {
    objectStorage: {
      kind: 's3',
      bucket: 'logs',
      region: 'none',
      server,
      access: { kind: 'keys', accessKeyId: secret('id'), secretAccessKey: secret('secret') },
    },
  });
  const manifests = manifestsOf(chart);
  expect(serverConfig(manifests, 'loki-config', 'loki.yaml').common.storage.s3).toMatchObject({
    endpoint: 'minio.storage.svc:9000',
    insecure: true,
    s3forcepathstyle: true,
  });
  expect(JSON.stringify(find(manifests, 'NetworkPolicy', 'loki').spec.egress)).toContain('"app":"minio"');
  expect(find(manifests, 'NetworkPolicy', 'monitoring-to-minio').spec.ingress).toHaveLength(1);
});

test('a bucket on an S3 server with TLS is not reached without it', () => {
  const server = Endpoint.host('minio.example.com');
  expect(pods({ ...S3, server } as ObjectStorage).storage.s3).toMatchObject({
    endpoint: 'minio.example.com:443',
    insecure: false,
  });
});

describe('a bucket of Google Cloud Storage', () => {
  const GCS = { kind: 'gcs', bucket: 'orders-logs' } as const;

  test('is reached with Workload Identity and its metadata server', () => {
    const { annotations, storage, destinations } = pods({
      ...GCS,
      access: { kind: 'workload-identity', serviceAccount: 'loki@orders.iam.gserviceaccount.com' },
    });
    expect(annotations).toEqual({ 'iam.gke.io/gcp-service-account': 'loki@orders.iam.gserviceaccount.com' });
    expect(storage).toEqual({ gcs: { bucket_name: 'orders-logs' } });
    expect(destinations).toEqual([...DNS, '0.0.0.0/0 443', '169.254.169.252/32 988', '169.254.169.254/32 80']);
  });

  test('is reached with a key that is a file', () => {
    const { env, mounts } = pods({ ...GCS, access: { kind: 'key', json: secret('key.json') } });
    expect(env).toEqual([{ name: 'GOOGLE_APPLICATION_CREDENTIALS', value: '/etc/loki/gcs/key.json' }]);
    expect(mounts).toContain('/etc/loki/gcs');
  });
});

describe('a container of Azure', () => {
  const AZURE = { kind: 'azure', account: 'orders', container: 'logs' } as const;

  test('is reached with Workload Identity', () => {
    const { annotations, labels, storage } = pods({
      ...AZURE,
      access: { kind: 'workload-identity', clientId: 'c0ffee' },
    });
    expect(annotations).toEqual({ 'azure.workload.identity/client-id': 'c0ffee' });
    expect(labels).toMatchObject({ 'azure.workload.identity/use': 'true' });
    expect(storage).toEqual({ azure: { account_name: 'orders', container_name: 'logs', use_federated_token: true } });
  });

  test('is reached with a key that only the environment has', () => {
    const { args, env, storage } = pods({ ...AZURE, access: { kind: 'key', accountKey: secret('account') } });
    expect(args.at(-1)).toBe('-common.storage.azure.account-key=$(AZURE_STORAGE_ACCOUNT_KEY)');
    expect(env).toEqual([
      { name: 'AZURE_STORAGE_ACCOUNT_KEY', valueFrom: { secretKeyRef: { name: 'loki-bucket', key: 'account' } } },
    ]);
    expect(storage).toEqual({ azure: { account_name: 'orders', container_name: 'logs' } });
  });
});
