import { Chart, JsonPatch } from 'cdk8s';
import {
  Credentials,
  configMapFiles,
  Endpoint,
  KubeStateMetrics,
  type PodOptions,
  PostgresExporter,
  patchObjects,
  secretFiles,
} from '../../index';
import { containerOf, find, findAll } from '../../testing/render';
import type { Proof, Section } from './need';
import { inEveryPod, platform, podsOf, WORKLOADS, withPlatform } from './platform';

/** An option of every pod, and what is then in each pod template. */
// biome-ignore lint/suspicious/noExplicitAny: a pod template is as loosely typed as the manifest that holds it
const option = (pod: PodOptions, check: (pod: any, workload: string) => void): Proof => ({
  by: 'prop',
  make: withPlatform({ pod }),
  shows: (manifests) => inEveryPod(manifests, check),
});

const TAINT = { key: 'dedicated', operator: 'Equal', value: 'monitoring', effect: 'NoSchedule' };
const ROLE = { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/monitoring' };
const ZONES = { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' };
const AGENT = {
  name: 'agent',
  image: 'registry.example.com/agent:1.0',
  resources: { limits: { memory: '64Mi' } },
  livenessProbe: { httpGet: { path: '/', port: 8081 } },
};
const LIVENESS = '/spec/template/spec/containers/0/livenessProbe';

/** Needs about pods. */
export const pods: Section = {
  id: 'C1',
  title: 'pods',
  needs: [
    {
      need: 'node selectors, affinity, priorityClassName, imagePullSecrets, topology',
      proofs: [
        option(
          {
            nodeSelector: { pool: 'monitoring' },
            affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
            priorityClassName: 'system-cluster-critical',
            imagePullSecrets: ['harbor'],
            topologySpread: [ZONES],
          },
          ({ spec }) =>
            expect(spec).toMatchObject({
              nodeSelector: { pool: 'monitoring' },
              affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
              priorityClassName: 'system-cluster-critical',
              imagePullSecrets: [{ name: 'harbor' }],
              topologySpreadConstraints: [{ ...ZONES, labelSelector: expect.anything() }],
            }),
        ),
      ],
    },
    {
      need: 'tolerations',
      proofs: [
        option({ tolerations: [TAINT] }, ({ spec }) => {
          expect(spec.tolerations).toContainEqual(TAINT);
          // It replaces that of an agent on each node, which tolerates everything.
          expect(spec.tolerations).not.toContainEqual({ operator: 'Exists' });
        }),
      ],
    },
    {
      need: 'pod annotations (Istio, Vault agent)',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({ pod: { annotations: { 'sidecar.istio.io/inject': 'true' } } }),
          shows: (manifests) => {
            inEveryPod(manifests, ({ metadata }) =>
              expect(metadata.annotations).toMatchObject({ 'sidecar.istio.io/inject': 'true' }),
            );
            // They do not replace the component's own.
            expect(podsOf(manifests).grafana.metadata.annotations).toHaveProperty('checksum/config');
          },
        },
      ],
    },
    {
      need: 'pod labels, labels on everything',
      proofs: [
        option({ labels: { team: 'orders' } }, ({ metadata }) =>
          expect(metadata.labels).toMatchObject({ team: 'orders' }),
        ),
        {
          by: 'prop',
          make: (chart) => {
            const labels = { team: 'orders' };
            platform(
              new Chart(chart, 'labelled', { namespace: chart.namespace, labels, disableResourceNameHashes: true }),
            );
          },
          shows: (manifests) => {
            expect(manifests.length).toBeGreaterThan(50);
            expect(manifests.filter(({ metadata }) => metadata.labels?.team !== 'orders')).toEqual([]);
            inEveryPod(manifests, ({ metadata }) => expect(metadata.labels).toMatchObject({ team: 'orders' }));
          },
        },
      ],
    },
    {
      need: 'ServiceAccount annotations (IRSA)',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({ pod: { serviceAccount: { annotations: ROLE } } }),
          shows: (manifests) => {
            const accounts = findAll(manifests, 'ServiceAccount');
            expect(accounts).toHaveLength(WORKLOADS.length);
            for (const { metadata } of accounts) {
              expect(metadata.annotations).toEqual(ROLE);
            }
          },
        },
      ],
    },
    {
      need: 'existing ServiceAccount, rbac.create: false',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({ pod: { serviceAccount: { create: false, name: 'monitoring' } } }),
          shows: (manifests) => {
            expect(findAll(manifests, 'ServiceAccount')).toEqual([]);
            inEveryPod(manifests, ({ spec }) => expect(spec.serviceAccountName).toBe('monitoring'));
          },
        },
        {
          by: 'prop',
          make: withPlatform({ pod: { serviceAccount: { create: false, name: 'monitoring', grantRights: false } } }),
          shows: (manifests) =>
            expect(manifests.filter(({ apiVersion }) => apiVersion.startsWith('rbac.authorization.k8s.io/'))).toEqual(
              [],
            ),
        },
        {
          by: 'recipe',
          page: 'service-account.md',
          shows: (manifests) => {
            const own = manifests.filter(({ metadata }) => metadata.namespace === 'reporter');
            expect(podsOf(own)['kube-state-metrics'].spec.serviceAccountName).toBe('metrics-reader');
            expect(findAll(manifests, 'ClusterRole', 'reporter-kube-state-metrics')).toEqual([]);
          },
        },
      ],
    },
    {
      need: 'extra args',
      proofs: [
        option({ extraArgs: ['--log.level=debug'] }, ({ spec }) =>
          expect(spec.containers[0].args.at(-1)).toBe('--log.level=debug'),
        ),
      ],
    },
    {
      need: 'extra env',
      proofs: [
        option({ env: [{ name: 'GODEBUG', value: 'netdns=go' }] }, ({ spec }) =>
          expect(spec.containers[0].env).toContainEqual({ name: 'GODEBUG', value: 'netdns=go' }),
        ),
      ],
    },
    {
      need: 'extra volumes from ConfigMap/Secret',
      proofs: [
        option(
          { mounts: [configMapFiles('ca', 'company-ca', '/etc/ca'), secretFiles('keys', 'orders-keys', '/etc/keys')] },
          ({ spec }) => {
            expect(spec.volumes).toContainEqual({ name: 'ca', configMap: { name: 'company-ca' } });
            expect(spec.volumes).toContainEqual({
              name: 'keys',
              secret: { secretName: 'orders-keys', defaultMode: 0o440 },
            });
            expect(spec.containers[0].volumeMounts).toEqual(
              expect.arrayContaining([
                { name: 'ca', mountPath: '/etc/ca', readOnly: true },
                { name: 'keys', mountPath: '/etc/keys', readOnly: true },
              ]),
            );
          },
        ),
        {
          // The key of a second Secret, beside the one of the channels.
          by: 'prop',
          make: withPlatform({}, ({ routing }) =>
            routing.component.addMount(new Credentials('opsgenie').files('/etc/opsgenie', ['api-key'])),
          ),
          shows: (manifests) => {
            const { volumes } = podsOf(manifests).alertmanager.spec;
            const secrets = volumes.filter(({ secret }: { secret?: object }) => secret);
            expect(secrets).toMatchObject([
              { name: 'credentials', secret: { secretName: 'orders-credentials' } },
              { name: 'credentials-2', secret: { secretName: 'opsgenie' } },
            ]);
          },
        },
      ],
    },
    {
      need: 'sidecars, init containers',
      proofs: [
        option({ sidecars: [AGENT], initContainers: [{ ...AGENT, name: 'first' }] }, ({ spec }) => {
          expect(spec.containers[1]).toMatchObject(AGENT);
          expect(spec.initContainers).toContainEqual(expect.objectContaining({ ...AGENT, name: 'first' }));
        }),
      ],
    },
    {
      need: 'resources override',
      proofs: [
        option({ resources: { requests: { cpu: '250m', memory: '512Mi' }, limits: { memory: '2Gi' } } }, ({ spec }) =>
          expect(spec.containers[0].resources).toEqual({
            requests: { cpu: '250m', memory: '512Mi' },
            limits: { memory: '2Gi' },
          }),
        ),
      ],
    },
    {
      need: 'probes, security context',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({}, ({ grafana }) =>
            grafana.patch(
              'Deployment',
              JsonPatch.replace(LIVENESS, { httpGet: { path: '/api/health', port: 3000 }, timeoutSeconds: 9 }),
            ),
          ),
          shows: (manifests) =>
            expect(containerOf(manifests, 'grafana').livenessProbe).toEqual({
              httpGet: { path: '/api/health', port: 3000 },
              timeoutSeconds: 9,
            }),
        },
        {
          by: 'prop',
          make: (chart) => {
            platform(chart);
            patchObjects(chart, 'Deployment', {
              spec: {
                template: {
                  spec: { securityContext: { runAsUser: 1001, appArmorProfile: { type: 'RuntimeDefault' } } },
                },
              },
            });
          },
          shows: (manifests) => {
            for (const { spec } of findAll(manifests, 'Deployment')) {
              expect(spec.template.spec.securityContext).toMatchObject({
                runAsNonRoot: true,
                runAsUser: 1001,
                appArmorProfile: { type: 'RuntimeDefault' },
              });
            }
          },
        },
      ],
    },
    {
      need: 'PodDisruptionBudget',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({}, ({ prometheus }) =>
            prometheus.patch('PodDisruptionBudget', { spec: { maxUnavailable: '50%' } }),
          ),
          shows: (manifests) => {
            const { spec } = find(manifests, 'PodDisruptionBudget', 'prometheus');
            expect(spec).toMatchObject({ maxUnavailable: '50%', selector: { matchLabels: expect.anything() } });
          },
        },
      ],
    },
    {
      need: 'replicas',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({
            metrics: { replicas: 3, blackboxExporter: { pod: { replicas: 3 } } },
            alerts: { replicas: 5 },
            dashboards: { pod: { replicas: 3 }, ini: { database: { type: 'postgres', host: 'db.example.com' } } },
          }),
          shows: (manifests) => {
            const replicas = (kind: string, name: string) => find(manifests, kind, name).spec.replicas;
            expect(replicas('StatefulSet', 'prometheus')).toBe(3);
            expect(replicas('StatefulSet', 'alertmanager')).toBe(5);
            expect(replicas('Deployment', 'grafana')).toBe(3);
            expect(replicas('Deployment', 'blackbox-exporter')).toBe(3);
          },
        },
        // Each replica would report everything again.
        {
          by: 'refused',
          make: (chart) => new KubeStateMetrics(chart, 'state', { namespaces: ['orders'], pod: { replicas: 2 } }),
          message:
            'pod.replicas is 2: each replica would report every object again: leave it out, and raise resources instead',
        },
        {
          by: 'refused',
          make: (chart) =>
            new PostgresExporter(chart, 'postgres', {
              postgres: Endpoint.host('db.example.com', 5432, 'postgresql'),
              database: 'orders',
              credentials: new Credentials('orders-credentials'),
              pod: { replicas: 2 },
            }),
          message:
            'pod.replicas is 2: each replica would report the server again: leave it out, and raise resources instead',
        },
      ],
    },
    {
      need: 'update strategy, deletion policy of PVCs',
      proofs: [
        {
          by: 'prop',
          make: withPlatform(
            { metrics: { pod: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } } } },
            ({ prometheus }) =>
              prometheus.patch('StatefulSet', {
                spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' } },
              }),
          ),
          shows: (manifests) =>
            expect(find(manifests, 'StatefulSet', 'prometheus').spec).toMatchObject({
              updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
              persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
            }),
        },
      ],
    },
    {
      need: 'one exporter off (no blackbox)',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({ metrics: { blackboxExporter: false } }),
          shows: (manifests) => {
            expect(Object.keys(podsOf(manifests)).sort()).toEqual(
              WORKLOADS.filter((name) => name !== 'blackbox-exporter'),
            );
            // Neither its job nor a policy that names it stays behind.
            expect(JSON.stringify(manifests)).not.toContain('blackbox');
          },
        },
        {
          by: 'recipe',
          page: 'remove-a-component.md',
          block: 2,
          shows: (manifests) => {
            const small = manifests.filter(({ metadata }) => metadata.namespace === 'small');
            expect(findAll(small, 'StatefulSet')).toHaveLength(1);
            expect(findAll(small, 'Deployment')).toEqual([]);
          },
        },
      ],
    },
  ],
};
