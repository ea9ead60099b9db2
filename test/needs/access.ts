import { Credentials, Endpoint, secretFiles } from '../../index';
import { configFiles, type Manifest } from '../../testing/manifests';
import { containerOf, find, findAll } from '../../testing/render';
import { serverConfig } from '../support/server-config';
import type { Section } from './need';
import { podsOf, withPlatform } from './platform';

const KEYS = new Credentials('grafana-keys');

/** `grafana.ini` of an object's chart. */
const ini = (manifests: readonly Manifest[], name = 'grafana') =>
  configFiles(manifests, `${name}-config`)['grafana.ini'];

/** Who may send traffic to a component. */
const ingressOf = (manifests: readonly Manifest[], name: string) => find(manifests, 'NetworkPolicy', name).spec.ingress;

/** The objects of a namespace. */
const inNamespace = (manifests: readonly Manifest[], namespace: string) =>
  manifests.filter(({ metadata }) => metadata.namespace === namespace);

/** Needs about the way to the user interfaces, and about Grafana. */
export const access: Section = {
  id: 'C4',
  title: 'access',
  needs: [
    {
      need: 'Ingress / HTTPRoute with TLS',
      proofs: [
        {
          by: 'recipe',
          page: 'ingress-and-gateway.md',
          shows: (manifests) => {
            const { spec } = find(manifests, 'Ingress', 'grafana');
            expect(spec.tls).toEqual([{ hosts: ['grafana.example.com'], secretName: 'grafana-tls' }]);
            expect(JSON.stringify(ingressOf(manifests, 'grafana'))).toContain('ingress-nginx');
          },
        },
        {
          by: 'recipe',
          page: 'ingress-and-gateway.md',
          under: 'Gateway API',
          shows: (manifests) => {
            const { backendRefs } = find(manifests, 'HTTPRoute', 'grafana').spec.rules[0];
            const { spec } = find(manifests, 'Service', 'grafana');
            expect(backendRefs).toEqual([{ name: 'grafana', port: spec.ports[0].port }]);
            expect(JSON.stringify(ingressOf(manifests, 'grafana'))).toContain('envoy-gateway-system');
          },
        },
        {
          by: 'recipe',
          page: 'ingress-and-gateway.md',
          under: 'Load balancer outside the cluster',
          shows: (manifests) =>
            expect(ingressOf(manifests, 'grafana')).toContainEqual({
              from: [{ ipBlock: { cidr: '10.20.0.0/24' } }, { ipBlock: { cidr: '10.20.1.0/24' } }],
              ports: [{ port: 3000, protocol: 'TCP' }],
            }),
        },
      ],
    },
    {
      need: 'LoadBalancer/NodePort',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({}, ({ grafana }) => {
            grafana.patch('Service', {
              spec: { type: 'LoadBalancer', ports: [{ name: 'http', port: 80, targetPort: 3000, nodePort: 30_080 }] },
            });
            grafana.component.admitFrom({ cidrs: ['203.0.113.0/24'] });
          }),
          shows: (manifests) => {
            expect(find(manifests, 'Service', 'grafana').spec).toMatchObject({
              type: 'LoadBalancer',
              ports: [{ name: 'http', port: 80, targetPort: 3000, nodePort: 30_080 }],
            });
            expect(JSON.stringify(ingressOf(manifests, 'grafana'))).toContain('203.0.113.0/24');
          },
        },
      ],
    },
    {
      need: 'Grafana OAuth/OIDC, LDAP, SMTP, plugins, any ini',
      proofs: [
        {
          by: 'recipe',
          page: 'oidc.md',
          shows: (manifests) => {
            expect(ini(manifests, 'grafana-oidc')).toMatch(
              /\[auth\.generic_oauth\]\n(?:.*\n)*?client_secret = \$__file\{\/etc\/grafana\/secrets\/monitoring-credentials\/GRAFANA_OIDC_CLIENT_SECRET\}/,
            );
            expect(ini(manifests, 'grafana-oidc')).toContain('cookie_samesite = lax');
          },
        },
        {
          by: 'prop',
          make: withPlatform(
            {
              dashboards: {
                ini: {
                  'auth.ldap': { enabled: true, config_file: '/etc/ldap/ldap.toml' },
                  smtp: { enabled: true, host: 'mail.example.com:587', password: { credentials: KEYS, key: 'SMTP' } },
                  'feature_toggles.own': { any_setting_at_all: 42 },
                },
                pod: { mounts: [secretFiles('ldap', 'grafana-ldap', '/etc/ldap')] },
              },
            },
            ({ grafana }) => {
              grafana.component.allowEgressTo(Endpoint.host('ldap.example.com', 636, 'ldaps'));
              grafana.component.allowEgressTo(Endpoint.host('mail.example.com', 587, 'smtp'));
            },
          ),
          shows: (manifests) => {
            const text = ini(manifests);
            expect(text).toContain('[auth.ldap]\nenabled = true\nconfig_file = /etc/ldap/ldap.toml\n');
            expect(text).toContain('password = $__file{/etc/grafana/secrets/grafana-keys/SMTP}');
            expect(text).toContain('[feature_toggles.own]\nany_setting_at_all = 42\n');
            const { volumes, containers } = podsOf(manifests).grafana.spec;
            expect(containers[0].volumeMounts).toContainEqual({ name: 'ldap', mountPath: '/etc/ldap', readOnly: true });
            const secrets = volumes.flatMap(
              ({ secret }: { secret?: { secretName: string } }) => secret?.secretName ?? [],
            );
            expect(secrets).toEqual(expect.arrayContaining(['grafana-ldap', 'grafana-keys']));
            const { egress } = find(manifests, 'NetworkPolicy', 'grafana').spec;
            const ports = egress.flatMap((rule: Manifest) => rule.ports.map(({ port }: { port: number }) => port));
            expect(ports).toEqual(expect.arrayContaining([636, 587]));
          },
        },
        {
          by: 'recipe',
          page: 'grafana-plugins.md',
          shows: (manifests) => {
            const { image, env, volumeMounts } = containerOf(inNamespace(manifests, 'plugins'), 'grafana');
            expect(image).toBe('registry.example.com/platform/grafana:13.2.3-plugins');
            const { value } = env.find(({ name }: { name: string }) => name === 'GF_PATHS_PLUGINS');
            // A volume would hide the plugins of the image.
            expect(volumeMounts.some(({ mountPath }: { mountPath: string }) => value.startsWith(mountPath))).toBe(
              false,
            );
          },
        },
      ],
    },
    {
      need: 'Grafana below a path (/grafana)',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({ dashboards: { externalUrl: 'https://tools.example.com/grafana' } }),
          shows: (manifests) => {
            expect(ini(manifests)).toContain('root_url = https://tools.example.com/grafana\n');
            expect(ini(manifests)).toContain('serve_from_sub_path = true\n');
          },
        },
      ],
    },
    {
      need: 'Grafana HA / external database',
      proofs: [
        {
          by: 'prop',
          make: withPlatform(
            {
              dashboards: {
                pod: { replicas: 2 },
                ini: {
                  database: {
                    type: 'postgres',
                    host: 'db.example.com:5432',
                    name: 'grafana',
                    user: 'grafana',
                    password: { credentials: KEYS, key: 'DATABASE' },
                  },
                },
              },
            },
            ({ grafana }) => grafana.component.allowEgressTo(Endpoint.host('db.example.com', 5432, 'postgresql')),
          ),
          shows: (manifests) => {
            expect(find(manifests, 'Deployment', 'grafana').spec.replicas).toBe(2);
            expect(ini(manifests)).toContain('password = $__file{/etc/grafana/secrets/grafana-keys/DATABASE}');
            // Two pods cannot share the volume of a database file.
            expect(findAll(manifests, 'PersistentVolumeClaim')).toEqual([]);
          },
        },
      ],
    },
    {
      need: 'more data sources',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({}, ({ grafana }) => {
            grafana.addDataSource(Endpoint.host('logs.example.com'), {
              name: 'Logs',
              type: 'loki',
              uid: 'logs',
              jsonData: { httpHeaderName1: 'X-Scope-OrgID' },
              secureJsonData: { httpHeaderValue1: { credentials: KEYS, key: 'TENANT' } },
            });
            grafana.addPrometheus(
              { endpoint: Endpoint.host('thanos.example.com'), intervalSeconds: 30 },
              { name: 'Thanos', uid: 'thanos' },
            );
          }),
          shows: (manifests) =>
            expect(serverConfig(manifests, 'grafana-datasources', 'datasources.yaml').datasources).toMatchObject([
              { name: 'Prometheus', isDefault: true },
              {
                type: 'loki',
                url: 'https://logs.example.com:443',
                secureJsonData: { httpHeaderValue1: '$__file{/etc/grafana/secrets/grafana-keys/TENANT}' },
              },
              { name: 'Thanos', uid: 'thanos', isDefault: false, jsonData: { timeInterval: '30s' } },
            ]),
        },
      ],
    },
    {
      need: 'own dashboards',
      proofs: [
        {
          by: 'recipe',
          page: 'dashboard.md',
          shows: (manifests) =>
            expect(
              JSON.parse(configFiles(manifests, 'grafana-dashboard-orders')['orders.json']!).panels.length,
            ).toBeGreaterThan(1),
        },
        {
          by: 'recipe',
          page: 'dashboard.md',
          under: 'As JSON',
          shows: (manifests) =>
            expect(JSON.parse(configFiles(manifests, 'grafana-dashboard-queues')['queues.json']!)).toMatchObject({
              title: 'Queues',
            }),
        },
      ],
    },
    {
      need: 'ConfigMap dashboards of other charts',
      proofs: [
        {
          by: 'recipe',
          page: 'dashboard.md',
          under: 'From ConfigMaps of other charts',
          shows: (manifests) =>
            expect(JSON.parse(configFiles(manifests, 'grafana-dashboard-queue')['queue.json']!)).toEqual({
              uid: 'queue',
              title: 'Queue',
              panels: [],
            }),
        },
      ],
    },
    {
      need: 'auth in front of Prometheus/Alertmanager UI',
      proofs: [
        {
          by: 'recipe',
          page: 'sign-in-proxy.md',
          shows: (manifests) => {
            expect(containerOf(manifests, 'prometheus-login').args).toContain(
              '--upstream=http://prometheus.monitoring.svc:9090',
            );
            expect(JSON.stringify(ingressOf(manifests, 'prometheus'))).toContain('prometheus-login');
            expect(JSON.stringify(ingressOf(manifests, 'prometheus'))).not.toContain('ingress-nginx');
            expect(JSON.stringify(ingressOf(manifests, 'prometheus-login'))).toContain('ingress-nginx');
          },
        },
      ],
    },
  ],
};
