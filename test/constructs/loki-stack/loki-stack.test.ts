import { Endpoint, LokiStack, type LokiStackProps } from '../../../constructs';
import { podTemplates } from '../../../testing/manifests';
import { containerOf, find, findAll, NAMESPACE, podOf } from '../../../testing/render';
import { testProps } from '../../support/props';
import { component, selected, stateful } from '../kit/sample';
import { configOf, S3, stack } from './sample';

const DISTRIBUTED: LokiStackProps = { mode: 'distributed', objectStorage: S3, gigabytesPerDay: 300 };
const ZONES = ['europe-a', 'europe-b', 'europe-c'];

/** Names of the workloads, with their kind and number of replicas. */
const workloads = (props: LokiStackProps) =>
  podTemplates(stack(props).manifests()).map(
    ({ workload }) => `${workload.kind} ${workload.metadata.name} ${workload.spec.replicas}`,
  );

describe('LokiStack', () => {
  testProps<LokiStackProps>({
    make: (scope, props) => new LokiStack(scope, 'loki', props).addRemoteWrite(Endpoint.host('prometheus.example.com')),
    minimal: () => ({}),
    full: () => ({
      name: 'logs',
      mode: 'distributed',
      objectStorage: S3,
      gigabytesPerDay: 400,
      retention: { days: 14, streams: [{ selector: '{log_type="audit"}', days: 400 }] },
      storageSize: '77Gi',
      storageClass: 'fast',
      indexLabels: { resource: ['service.name'], log: ['log_type'] },
      limits: { streams: 77_000 },
      multiTenancy: true,
      zones: ZONES,
      grafanaUrl: 'https://grafana.example.com',
      externalLabels: { region: 'mars-1' },
      caches: {
        chunks: Endpoint.host('chunks.example.com', 11211, 'memcached'),
        results: Endpoint.host('results.example.com', 11211, 'memcached'),
      },
      config: { querier: { max_concurrent: 7 } },
      pod: { priorityClassName: 'logs-first' },
      roles: { querier: { replicas: 9 } },
    }),
    traces: {
      name: 'name: logs-querier',
      mode: '-target=distributor',
      objectStorage: 'bucketnames: orders-logs',
      gigabytesPerDay: 'ingestion_rate_mb: 38',
      retention: 'max_query_lookback: 9600h',
      storageSize: 'storage: 77Gi',
      storageClass: 'storageClassName: fast',
      indexLabels: '- log_type',
      limits: 'max_global_streams_per_user: 77000',
      multiTenancy: 'auth_enabled: true',
      zones: '-ingester.availability-zone=europe-b',
      grafanaUrl: 'external_url: https://grafana.example.com',
      externalLabels: 'region: mars-1',
      caches: 'addresses: dns+results.example.com:11211',
      config: 'max_concurrent: 7',
      pod: 'priorityClassName: logs-first',
      roles: 'replicas: 9',
    },
  });

  describe('mode', () => {
    test('is one replica with its chunks on a volume, unless a bucket is named', () => {
      expect(workloads({})).toEqual(['StatefulSet loki 1']);
      expect(configOf().common).toMatchObject({ replication_factor: 1, ring: { kvstore: { store: 'inmemory' } } });
      expect(configOf().schema_config.configs).toMatchObject([{ object_store: 'filesystem', schema: 'v13' }]);
    });

    test('is three replicas with a bucket, each line in all of them', () => {
      expect(workloads({ objectStorage: S3 })).toEqual(['StatefulSet loki 3']);
      const { common, memberlist, ruler } = configOf({ objectStorage: S3 });
      expect(common).toMatchObject({ replication_factor: 3, ring: { kvstore: { store: 'memberlist' } } });
      expect(memberlist).toMatchObject({
        cluster_label: `${NAMESPACE}/loki`,
        join_members: [`dns+loki-headless.${NAMESPACE}.svc:7946`],
        rejoin_interval: '30s',
      });
      expect(ruler.enable_sharding).toBe(true);
    });

    test('is one replica with a bucket on request', () => {
      expect(workloads({ mode: 'monolithic', objectStorage: S3 })).toEqual(['StatefulSet loki 1']);
    });

    test('is a workload for each component on request', () => {
      expect(workloads(DISTRIBUTED)).toEqual([
        'Deployment loki-distributor 2',
        'StatefulSet loki-ingester 9',
        'Deployment loki-querier 3',
        'Deployment loki-query-frontend 2',
        'Deployment loki-query-scheduler 2',
        'StatefulSet loki-index-gateway 2',
        'StatefulSet loki-compactor 1',
        'StatefulSet loki-ruler 2',
      ]);
    });
  });

  describe('a pod', () => {
    test('gives the others its own address', () => {
      const { args, env } = containerOf(stack({ objectStorage: S3 }).manifests(), 'loki');
      expect(args).toContain('-common.storage.ring.instance-addr=$(POD_IP)');
      expect(args).toContain('-memberlist.advertise-addr=$(POD_IP)');
      expect(env[0]).toEqual({ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } });
    });

    test.each(podTemplates(stack({ ...DISTRIBUTED, zones: ZONES }).manifests()))(
      'of $workload.metadata.name has a read-only root, and can write data and temporary files',
      ({ template }) => {
        const [container] = template.spec.containers;
        expect(container.securityContext.readOnlyRootFilesystem).toBe(true);
        const writable = container.volumeMounts.filter(({ readOnly }: { readOnly?: boolean }) => !readOnly);
        expect(writable.map(({ mountPath }: { mountPath: string }) => mountPath).sort()).toEqual(
          expect.arrayContaining(['/loki', '/tmp']),
        );
      },
    );

    test('has time to replay its log, and to write its chunks when it stops', () => {
      const { spec } = podOf(stack().manifests(), 'loki');
      const { failureThreshold, periodSeconds } = spec.containers[0].startupProbe;
      expect(failureThreshold * periodSeconds).toBeGreaterThanOrEqual(60);
      expect(spec.terminationGracePeriodSeconds).toBe(300);
      expect(configOf().ingester.wal.flush_on_shutdown).toBe(true);
    });

    test('is not restarted while it waits for the others', () => {
      const { livenessProbe, readinessProbe } = containerOf(stack().manifests(), 'loki');
      expect(readinessProbe.httpGet.path).toBe('/ready');
      expect(livenessProbe.httpGet.path).not.toBe('/ready');
    });

    test('restarts when the configuration changes', () => {
      const hashOf = (props: LokiStackProps) => podOf(stack(props).manifests(), 'loki').metadata.annotations;
      expect(hashOf({})).not.toEqual(hashOf({ limits: { streams: 1 } }));
    });
  });

  describe('networks', () => {
    const policy = (props: LokiStackProps, name = 'loki') => find(stack(props).manifests(), 'NetworkPolicy', name).spec;

    test('of one replica on a volume are closed, except for DNS', () => {
      expect(policy({}).egress).toHaveLength(1);
      expect(policy({}).ingress ?? []).toEqual([]);
    });

    test('join the replicas by gRPC and gossip', () => {
      const [peers] = policy({ objectStorage: S3 }).ingress;
      expect(peers.from).toEqual([{ podSelector: selected('loki') }]);
      expect(peers.ports.map(({ port }: { port: number }) => port)).toEqual([9095, 7946]);
    });

    test('join each component with those that it calls', () => {
      const callersOf = (name: string, port: number) =>
        policy(DISTRIBUTED, name)
          .ingress.filter(({ ports }: { ports: { port: number }[] }) => ports.some((each) => each.port === port))
          .flatMap(({ from }: { from: { podSelector: { matchLabels: Record<string, string> } }[] }) =>
            from.map(({ podSelector }) => podSelector.matchLabels['app.kubernetes.io/name']),
          )
          .sort();
      expect(callersOf('loki-ingester', 9095)).toEqual(['loki-distributor', 'loki-querier', 'loki-ruler']);
      expect(callersOf('loki-query-scheduler', 9095)).toEqual(['loki-querier', 'loki-query-frontend']);
      expect(callersOf('loki-compactor', 9095)).toEqual(['loki-querier', 'loki-query-frontend', 'loki-ruler']);
      expect(callersOf('loki-querier', 3100)).toEqual(['loki-query-frontend']);
      expect(callersOf('loki-distributor', 7946)).toHaveLength(8);
    });

    test('let only those components reach the bucket that need it', () => {
      const leaves = podTemplates(stack(DISTRIBUTED).manifests())
        .map(({ workload }) => workload.metadata.name as string)
        .filter((name) => JSON.stringify(policy(DISTRIBUTED, name).egress).includes('0.0.0.0/0'));
      expect(leaves).toEqual(['loki-ingester', 'loki-querier', 'loki-index-gateway', 'loki-compactor', 'loki-ruler']);
    });
  });

  describe('zones', () => {
    const props = { ...DISTRIBUTED, zones: ZONES };

    test('have a third of the ingesters each, on their own nodes', () => {
      const ingesters = workloads(props).filter((name) => name.includes('ingester'));
      expect(ingesters).toEqual(ZONES.map((zone) => `StatefulSet loki-ingester-${zone} 3`));
      const { spec } = podOf(stack(props).manifests(), 'loki-ingester-europe-b');
      expect(spec.nodeSelector).toMatchObject({ 'topology.kubernetes.io/zone': 'europe-b' });
      expect(spec.containers[0].args).toContain('-ingester.availability-zone=europe-b');
      expect(configOf(props).ingester.lifecycler).toEqual({ ring: { zone_awareness_enabled: true } });
    });

    test('are updated by hand, and drained one node at a time', () => {
      const manifests = stack(props).manifests();
      const set = find(manifests, 'StatefulSet', 'loki-ingester-europe-a');
      expect(set.spec.updateStrategy).toEqual({ type: 'OnDelete' });
      const budgets = findAll(manifests, 'PodDisruptionBudget').filter(({ metadata }) =>
        metadata.name.includes('ingester'),
      );
      expect(
        budgets.map(({ metadata, spec }) => [metadata.name, spec.maxUnavailable, spec.selector.matchLabels]),
      ).toEqual([['loki-ingester', 1, { 'app.kubernetes.io/component': 'loki-ingester' }]]);
      expect(set.spec.template.metadata.labels['app.kubernetes.io/component']).toBe('loki-ingester');
    });
  });

  describe('endpoints', () => {
    test('are those of the one workload', () => {
      const { chart, loki } = stack();
      const client = component(chart, { name: 'agent' });
      expect(client.connectTo(loki.pushEndpoint).url(loki.otlpPath)).toBe(`http://loki.${NAMESPACE}.svc:3100/otlp`);
      expect(client.connectTo(loki.queryEndpoint).url()).toBe(`http://loki.${NAMESPACE}.svc:3100`);
    });

    test('are those of distributors and query frontends', () => {
      const { chart, loki } = stack(DISTRIBUTED);
      const client = component(chart, { name: 'agent' });
      expect(client.connectTo(loki.pushEndpoint).host).toBe(`loki-distributor.${NAMESPACE}.svc`);
      expect(client.connectTo(loki.queryEndpoint).host).toBe(`loki-query-frontend.${NAMESPACE}.svc`);
    });
  });

  describe('the ruler', () => {
    test('sends each alert to every replica of an Alertmanager', () => {
      const { ruler } = configOf({}, (loki) => {
        loki.addAlertmanager(component(loki, { name: 'alerts', workload: stateful(2) }).endpoint());
      });
      expect(ruler.alertmanager_url).toBe(
        [0, 1].map((n) => `http://alerts-${n}.alerts-headless.${NAMESPACE}.svc:8080`).join(','),
      );
    });

    test('sends recorded series to every replica of a Prometheus, without those of alerts', () => {
      const { ruler } = configOf({ externalLabels: { cluster: 'demo' } }, (loki) => {
        loki.addRemoteWrite(component(loki, { name: 'metrics', workload: stateful(2) }).endpoint());
      });
      expect(ruler.remote_write).toMatchObject({ enabled: true, add_org_id_header: false });
      const clients: { url: string; write_relabel_configs: object[] }[] = Object.values(ruler.remote_write.clients);
      expect(clients.map(({ url }) => url)).toEqual(
        [0, 1].map((n) => `http://metrics-${n}.metrics-headless.${NAMESPACE}.svc:8080/api/v1/write`),
      );
      expect(clients[0]!.write_relabel_configs).toEqual([
        { source_labels: ['__name__'], regex: 'ALERTS(_FOR_STATE)?', action: 'drop' },
        { source_labels: ['cluster'], regex: '^$', target_label: 'cluster', replacement: 'demo' },
      ]);
    });

    test('of a distributed Loki is its own component', () => {
      const { loki, manifests } = stack(DISTRIBUTED);
      loki.addRules('shop', {
        groups: [{ name: 'shop', rules: [{ record: 'shop:lines', expr: 'count_over_time({app="a"}[1m])' }] }],
      });
      const mounted = podTemplates(manifests())
        .filter(({ template }) => JSON.stringify(template).includes('/etc/loki/rules/fake'))
        .map(({ workload }) => workload.metadata.name);
      expect(mounted).toEqual(['loki-ruler']);
    });
  });
});
