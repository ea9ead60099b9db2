import { ApiObject, type Chart } from 'cdk8s';
import {
  AlertRouting,
  Credentials,
  Endpoint,
  ExternalCredentials,
  Grafana,
  IMAGE_REGISTRY_CONTEXT,
  imageReference,
  images,
  inNetwork,
  PostgresExporter,
  Prometheus,
  patchObjects,
  RemediationWebhook,
} from '../../index';
import { configFiles } from '../../testing/manifests';
import { containerOf, find, findAll, testChart } from '../../testing/render';
import { serverConfig } from '../support/server-config';
import type { Section } from './need';
import { everybody, inEveryPod, platform, podsOf, withPlatform } from './platform';

const MIRRORS = {
  'docker.io': 'harbor.example.com/dockerhub',
  'quay.io': 'harbor.example.com/quay',
  'registry.k8s.io': 'harbor.example.com/k8s',
};

/** Every image of the package, as a chart with the mirrors pulls it. */
function mirroredImages(): readonly string[] {
  const chart = testChart();
  chart.node.setContext(IMAGE_REGISTRY_CONTEXT, MIRRORS);
  return Object.values(images).map((image) => imageReference(chart, image));
}

const mirrored = (chart: Chart) => {
  chart.node.setContext(IMAGE_REGISTRY_CONTEXT, MIRRORS);
  platform(chart);
};

const DIGEST = `sha256:${'a'.repeat(64)}`;
const RDS = new Credentials('rds-orders');

/** Fields that Pod Security `restricted` asks for. https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
const RESTRICTED_POD = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
const RESTRICTED_CONTAINER = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

/** Needs about storage, images and security. */
export const security: Section = {
  id: 'C3',
  title: 'storage, images, security',
  needs: [
    {
      need: 'storage class and size',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({
            metrics: { storageClass: 'fast', storageSize: '400Gi' },
            alerts: { storageClass: 'fast', storageSize: '4Gi' },
            dashboards: { storageClass: 'fast', storageSize: '8Gi' },
          }),
          shows: (manifests) => {
            const claim = (size: string) => ({
              storageClassName: 'fast',
              resources: { requests: { storage: size } },
            });
            const template = (name: string) => find(manifests, 'StatefulSet', name).spec.volumeClaimTemplates[0].spec;
            expect(template('prometheus')).toMatchObject(claim('400Gi'));
            expect(template('alertmanager')).toMatchObject(claim('4Gi'));
            expect(find(manifests, 'PersistentVolumeClaim', 'grafana').spec).toMatchObject(claim('8Gi'));
          },
        },
      ],
    },
    {
      need: 'no PVC / emptyDir, NFS, existing claim',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({
            metrics: { storage: 'emptyDir', retentionDays: 1 },
            alerts: { storage: 'emptyDir' },
            dashboards: { storage: 'emptyDir' },
          }),
          shows: (manifests) => {
            expect(findAll(manifests, 'PersistentVolumeClaim')).toEqual([]);
            for (const { spec } of findAll(manifests, 'StatefulSet')) {
              expect(spec.volumeClaimTemplates).toBeUndefined();
              expect(spec.template.spec.volumes).toContainEqual({
                name: 'data',
                emptyDir: { sizeLimit: expect.any(String) },
              });
            }
          },
        },
        {
          // Also for a claim on NFS.
          by: 'prop',
          make: withPlatform({
            metrics: { storage: { existingClaim: 'samples' }, storageSize: '120Gi', replicas: 1 },
            dashboards: { storage: { existingClaim: 'preferences' } },
          }),
          shows: (manifests) => {
            const claim = (claimName: string) => ({ name: 'data', persistentVolumeClaim: { claimName } });
            expect(podsOf(manifests).prometheus.spec.volumes).toContainEqual(claim('samples'));
            expect(podsOf(manifests).grafana.spec.volumes).toContainEqual(claim('preferences'));
            expect(findAll(manifests, 'PersistentVolumeClaim')).toEqual([]);
          },
        },
        { by: 'limit', row: 'A volume on NFS' },
      ],
      guards: [
        {
          by: 'refused',
          make: withPlatform({ metrics: { storage: { existingClaim: 'samples' }, storageSize: '120Gi' } }),
          message:
            'storage.existingClaim is "samples": 2 replicas would write to the same files: run one replica, or leave ' +
            'storage out',
        },
      ],
    },
    {
      need: 'images: registry mirror',
      proofs: [
        {
          by: 'prop',
          make: mirrored,
          shows: (manifests) =>
            inEveryPod(manifests, ({ spec }) =>
              expect(spec.containers[0].image).toMatch(/^harbor\.example\.com\/(dockerhub|quay|k8s)\/[^/]+\/[^/]+:/),
            ),
        },
        {
          by: 'recipe',
          page: 'registry.md',
          shows: (manifests) => {
            const own = manifests.filter(({ metadata }) => metadata.namespace === 'mirrored');
            expect(containerOf(own, 'kube-state-metrics').image).toMatch(
              /^registry\.example\.com\/kube-state-metrics\//,
            );
          },
        },
      ],
    },
    {
      need: 'digests, other tag, own image',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({
            pod: { image: { repository: 'harbor.example.com/orders/own', tag: 'v9.1.0', digest: DIGEST } },
          }),
          shows: (manifests) =>
            inEveryPod(manifests, ({ spec }) =>
              expect(spec.containers[0].image).toBe(`harbor.example.com/orders/own:v9.1.0@${DIGEST}`),
            ),
        },
        {
          by: 'recipe',
          page: 'registry.md',
          under: 'One image',
          shows: (manifests) => expect(containerOf(manifests, 'redis-exporter').image).toContain('@sha256:'),
        },
      ],
    },
    {
      need: 'list of images for an air-gapped mirror',
      proofs: [
        {
          by: 'prop',
          make: mirrored,
          shows: (manifests) => {
            const list = mirroredImages();
            inEveryPod(manifests, ({ spec }) => expect(list).toContain(spec.containers[0].image));
          },
        },
      ],
    },
    {
      need: 'PSS restricted',
      proofs: [
        {
          by: 'prop',
          make: platform,
          shows: (manifests) =>
            inEveryPod(manifests, ({ spec }, workload) => {
              expect(spec.securityContext).toMatchObject(RESTRICTED_POD);
              expect(spec.containers[0].securityContext).toMatchObject(RESTRICTED_CONTAINER);
              // The agent on each node is for a namespace of its own, with the level `privileged`.
              expect(Boolean(spec.hostNetwork)).toBe(workload === 'node-exporter');
            }),
          instead: (chart) => {
            platform(chart);
            patchObjects(chart, 'StatefulSet/prometheus', {
              spec: { template: { spec: { securityContext: { runAsNonRoot: false } } } },
            });
          },
        },
      ],
    },
    {
      need: 'OpenShift',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({ pod: { securityContext: 'openshift' } }),
          shows: (manifests) =>
            inEveryPod(manifests, ({ spec }) => {
              for (const fixed of ['runAsUser', 'runAsGroup', 'fsGroup']) {
                expect(spec.securityContext).not.toHaveProperty(fixed);
              }
              expect(spec.securityContext).toMatchObject(RESTRICTED_POD);
            }),
        },
        {
          by: 'recipe',
          page: 'platforms.md',
          under: 'OpenShift',
          shows: (manifests) => {
            const own = manifests.filter(({ metadata }) => metadata.namespace === 'openshift-orders');
            expect(podsOf(own)['kube-state-metrics'].spec.securityContext).not.toHaveProperty('runAsUser');
          },
        },
      ],
    },
    {
      need: 'Windows nodes',
      proofs: [
        {
          by: 'prop',
          make: platform,
          shows: (manifests) =>
            inEveryPod(manifests, ({ spec }) => expect(spec.nodeSelector).toEqual({ 'kubernetes.io/os': 'linux' })),
          instead: withPlatform({ pod: { nodeSelector: { 'kubernetes.io/os': 'windows' } } }),
        },
        { by: 'limit', row: 'Metrics of Windows nodes' },
      ],
    },
    {
      need: 'NetworkPolicies off',
      proofs: [
        {
          by: 'prop',
          make: (chart) => platform(inNetwork(chart, { policies: 'none' })),
          shows: (manifests) => expect(findAll(manifests, 'NetworkPolicy')).toEqual([]),
        },
        {
          by: 'prop',
          make: (chart) => platform(inNetwork(chart, { policies: 'cilium' })),
          shows: (manifests) => {
            const policies = findAll(manifests, 'CiliumNetworkPolicy');
            expect(JSON.stringify(policies)).toContain('kube-apiserver');
            expect(JSON.stringify(policies)).toContain('remote-node');
          },
        },
      ],
    },
    {
      need: 'IPv6',
      proofs: [
        {
          by: 'prop',
          make: (chart) => platform(inNetwork(chart, { ipFamilies: ['IPv6'] })),
          shows: (manifests) => {
            const cidrs = JSON.stringify(findAll(manifests, 'NetworkPolicy')).match(/"cidr":"[^"]+"/g)!;
            expect(cidrs).toContain('"cidr":"::/0"');
            expect(cidrs.filter((cidr) => !/"[0-9a-f:]+\/\d+"$/.test(cidr))).toEqual([]);
            expect(containerOf(manifests, 'alertmanager').args).toContain(
              '--cluster.advertise-address=[$(POD_IP)]:9094',
            );
            expect(configFiles(manifests, 'blackbox-exporter')['config.yml']).toContain('preferred_ip_protocol: ip6');
          },
        },
      ],
    },
    {
      need: 'service mesh',
      proofs: [
        {
          by: 'recipe',
          page: 'service-mesh.md',
          shows: (manifests) => {
            const own = manifests.filter(({ metadata }) => metadata.namespace === 'mesh');
            expect(podsOf(own).prometheus.metadata.labels).toMatchObject({ 'sidecar.istio.io/inject': 'true' });
            expect(find(own, 'NetworkPolicy').spec.egress).toContainEqual({
              to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'istio-system' } } }],
              ports: [{ port: 15012, protocol: 'TCP' }],
            });
            const { scrape_configs } = serverConfig(own, 'prometheus-config', 'prometheus.yml');
            expect(scrape_configs).toMatchObject([
              { scheme: 'https', tls_config: { cert_file: '/etc/prom-certs/cert-chain.pem' } },
            ]);
            expect(containerOf(own, 'prometheus').volumeMounts).toContainEqual({
              name: 'istio-certs',
              mountPath: '/etc/prom-certs',
            });
          },
        },
      ],
    },
    {
      need: 'cert-manager',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({}, ({ prometheus, routing }, chart) =>
            new RemediationWebhook(chart, 'webhook', {
              policies: [],
              prometheus: prometheus.endpoint,
              ownAlerts: {
                RemediationActionFailed: { severity: 'high' },
                RemediationCircuitOpen: { severity: 'high' },
              },
              certificate: { issuer: 'company-ca' },
              image: { repository: 'registry.example.com/orders/webhook', tag: 'v1.0.0' },
            }).receiveFrom(routing),
          ),
          shows: (manifests) => {
            const { spec } = find(manifests, 'Certificate');
            expect(spec.issuerRef).toEqual({ name: 'company-ca', kind: 'ClusterIssuer' });
            const mounted = podsOf(manifests)['remediation-webhook'].spec.volumes;
            expect(JSON.stringify(mounted)).toContain(`"secretName":"${spec.secretName}"`);
          },
        },
        {
          by: 'recipe',
          page: 'ingress-and-gateway.md',
          shows: (manifests) =>
            expect(find(manifests, 'Ingress', 'grafana').metadata.annotations).toEqual({
              'cert-manager.io/cluster-issuer': 'letsencrypt',
            }),
        },
        { by: 'limit', row: "TLS and passwords of the servers' own web interfaces" },
      ],
    },
    {
      need: 'secrets: existing Secret',
      proofs: [
        {
          by: 'prop',
          make: (chart) => {
            new Grafana(chart, 'grafana', {
              externalUrl: 'https://grafana.example.com',
              credentials: new Credentials('grafana-admin'),
              adminUserKey: 'admin-user',
              adminPasswordKey: 'admin-password',
            });
            new AlertRouting(chart, 'alerts', {
              externalUrl: 'https://alertmanager.example.com',
              credentials: new Credentials('slack'),
              channels: { slack: { kind: 'webhook', urlKey: 'url' } },
              levels: everybody({ slack: ['#orders'] }),
            });
            // The Secret of a managed database: its keys are not ours to choose.
            new PostgresExporter(chart, 'postgres', {
              postgres: Endpoint.host('db.example.com', 5432, 'postgresql'),
              database: 'orders',
              credentials: RDS,
              userKey: 'username',
              passwordKey: 'password',
            });
          },
          shows: (manifests) => {
            expect(configFiles(manifests, 'grafana-config')['grafana.ini']).toContain(
              'admin_user = $__file{/etc/grafana/credentials/admin-user}',
            );
            expect(serverConfig(manifests, 'alertmanager-config', 'alertmanager.yml').global.slack_api_url_file).toBe(
              '/etc/alertmanager/credentials/url',
            );
            expect(containerOf(manifests, 'postgres-exporter').env).toContainEqual({
              name: 'PGPASSWORD',
              valueFrom: { secretKeyRef: { name: 'rds-orders', key: 'password' } },
            });
            const secrets = JSON.stringify(Object.values(podsOf(manifests)).map(({ spec }) => spec.volumes));
            for (const name of ['grafana-admin', 'slack']) {
              expect(secrets).toContain(`"secretName":"${name}"`);
            }
          },
        },
      ],
    },
    {
      need: 'External Secrets',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({}, ({ credentials }, chart) => {
            new ExternalCredentials(chart, 'credentials', { credentials, store: 'aws', entry: 'orders/monitoring' });
          }),
          shows: (manifests) => {
            const { spec } = find(manifests, 'ExternalSecret', 'orders-credentials');
            expect(spec.data).toContainEqual({
              secretKey: 'GRAFANA_ADMIN_PASSWORD',
              remoteRef: { key: 'orders/monitoring', property: 'GRAFANA_ADMIN_PASSWORD' },
            });
          },
        },
        {
          // Properties of other names.
          by: 'prop',
          make: withPlatform({}, ({ credentials }, chart) => {
            const remoteRef = { key: 'grafana', property: 'admin' };
            new ExternalCredentials(chart, 'credentials', { credentials, store: 'aws', entry: 'orders' }).patch(
              'ExternalSecret',
              { spec: { data: credentials.keys.map((secretKey) => ({ secretKey, remoteRef })) } },
            );
          }),
          shows: (manifests) =>
            expect(find(manifests, 'ExternalSecret').spec.data).toContainEqual({
              secretKey: 'GRAFANA_ADMIN_PASSWORD',
              remoteRef: { key: 'grafana', property: 'admin' },
            }),
        },
      ],
    },
    {
      need: 'sealed secrets',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({ dashboards: { credentials: new Credentials('sealed') } }, (_, chart) => {
            new ApiObject(chart, 'sealed', {
              apiVersion: 'bitnami.com/v1alpha1',
              kind: 'SealedSecret',
              metadata: { name: 'sealed' },
              spec: { encryptedData: { GRAFANA_ADMIN_PASSWORD: 'AgBy…' } },
            });
          }),
          shows: (manifests) => {
            expect(findAll(manifests, 'Secret')).toEqual([]);
            const { volumes } = podsOf(manifests).grafana.spec;
            const { metadata } = find(manifests, 'SealedSecret');
            expect(volumes).toContainEqual(
              expect.objectContaining({ secret: expect.objectContaining({ secretName: metadata.name }) }),
            );
          },
        },
      ],
    },
    {
      need: 'Vault agent files',
      proofs: [
        {
          by: 'prop',
          make: (chart) => {
            const pod = { annotations: { 'vault.hashicorp.com/agent-inject': 'true' } };
            new Prometheus(chart, 'prometheus', {
              externalUrl: 'https://prometheus.example.com',
              externalLabels: { cluster: 'orders' },
              remoteWrites: [
                {
                  url: 'https://mimir.example.com/api/v1/push',
                  config: { authorization: { credentials_file: '/vault/secrets/mimir' } },
                },
              ],
              pod,
            });
            new AlertRouting(chart, 'alerts', {
              externalUrl: 'https://alertmanager.example.com',
              credentials: new Credentials('unused'),
              channels: {},
              levels: everybody({ configs: { msteamsv2_configs: [{ webhook_url_file: '/vault/secrets/teams' }] } }),
              pod,
            });
          },
          shows: (manifests) => {
            const { remote_write } = serverConfig(manifests, 'prometheus-config', 'prometheus.yml');
            expect(remote_write[0].authorization.credentials_file).toBe('/vault/secrets/mimir');
            const { receivers } = serverConfig(manifests, 'alertmanager-config', 'alertmanager.yml');
            expect(JSON.stringify(receivers)).toContain('/vault/secrets/teams');
            for (const { metadata } of Object.values(podsOf(manifests))) {
              expect(metadata.annotations).toMatchObject({ 'vault.hashicorp.com/agent-inject': 'true' });
            }
          },
        },
        { by: 'limit', row: "Files of Vault's agent in place of a Secret" },
      ],
    },
  ],
};
