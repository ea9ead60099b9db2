import { isDeepStrictEqual } from 'node:util';
import { ApiObject, Chart, Testing } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { inCluster, Prometheus, PrometheusStack, patchObjects, RemediationWebhook } from '../../index';
import { describeManifest, type Manifest } from '../../testing/manifests';
import { find, findAll, manifestsOf, testChart } from '../../testing/render';
import { serverConfig } from '../support/server-config';
import type { Make, Section } from './need';
import { inEveryPod, platform, podsOf, WORKLOADS, withPlatform } from './platform';

/** A chart of another namespace beside the given one. */
const beside = (chart: Chart, id: string, namespace: string) =>
  new Chart(chart, id, { namespace, disableResourceNameHashes: true });

/** The objects that a second synthesis writes. */
function again(make: Make): readonly Manifest[] {
  const chart = testChart();
  make(chart);
  return manifestsOf(chart);
}

const namesOf = (manifests: readonly Manifest[]) => manifests.map(describeManifest);

const managedBy = (labels: Manifest) => labels['app.kubernetes.io/managed-by'];

/** Every selector of the components' own pods. */
function selectorsOf(manifests: readonly Manifest[]): readonly Manifest[] {
  return [
    ...findAll(manifests, 'Service').map(({ spec }) => spec.selector),
    ...findAll(manifests, 'NetworkPolicy').map(({ spec }) => spec.podSelector.matchLabels),
    ...findAll(manifests, 'PodDisruptionBudget').map(({ spec }) => spec.selector.matchLabels),
  ];
}

/** Needs over the life of an installation. */
export const life: Section = {
  id: 'C8',
  title: 'life',
  needs: [
    {
      need: 'other namespace than sightedit-monitoring',
      proofs: [
        {
          by: 'prop',
          make: (chart) => platform(beside(chart, 'observability', 'observability')),
          shows: (manifests) => {
            const placed = manifests.filter(({ kind }) => !kind.startsWith('ClusterRole') && !kind.startsWith('Role'));
            expect(placed.length).toBeGreaterThan(40);
            expect(placed.filter(({ metadata }) => metadata.namespace !== 'observability')).toEqual([]);
            expect(JSON.stringify(manifests)).not.toMatch(/sightedit/i);
          },
        },
      ],
    },
    {
      need: 'second instance, other namespace',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({}, (parts, chart) => {
            const other = beside(chart, 'second', 'second');
            const pairs = [[chart, parts] as const, [other, platform(other)] as const];
            for (const [scope, { prometheus, routing }] of pairs) {
              new RemediationWebhook(scope, 'webhook', {
                policies: [],
                prometheus: prometheus.endpoint,
                // A cluster has the CustomResourceDefinition once.
                installCrd: scope === chart,
                image: { repository: 'registry.example.com/orders/webhook', tag: 'v1.0.0' },
              }).receiveFrom(routing);
            }
          }),
          shows: (manifests) => {
            expect(new Set(namesOf(manifests)).size).toBe(manifests.length);
            const servers = findAll(manifests, 'StatefulSet', 'prometheus').map(({ metadata }) => metadata.namespace);
            expect(servers.sort()).toEqual(['monitoring-test', 'second']);
            expect(findAll(manifests, 'CustomResourceDefinition')).toHaveLength(1);
            expect(findAll(manifests, 'Deployment', 'remediation-webhook')).toHaveLength(2);
            const roles = findAll(manifests, 'ClusterRole').map(({ metadata }) => metadata.name);
            expect(roles).toEqual(expect.arrayContaining(['monitoring-test-prometheus', 'second-prometheus']));
          },
        },
      ],
    },
    {
      need: 'beside kube-prometheus-stack in one namespace',
      proofs: [
        {
          // Its pods are managed by Helm or by prometheus-operator: see test/constructs/neighbours.test.ts.
          by: 'prop',
          make: platform,
          shows: (manifests) => {
            const selectors = selectorsOf(manifests);
            expect(selectors.length).toBeGreaterThan(2 * WORKLOADS.length);
            expect(selectors.filter((labels) => managedBy(labels) !== 'cdk8s')).toEqual([]);
            inEveryPod(manifests, ({ metadata }) => expect(managedBy(metadata.labels)).toBe('cdk8s'));
          },
          instead: (chart) => {
            platform(chart);
            patchObjects(chart, 'Service/grafana', {
              spec: { selector: { 'app.kubernetes.io/managed-by': null } },
            });
          },
        },
      ],
    },
    {
      need: 'second instance, same namespace',
      proofs: [
        {
          by: 'prop',
          make: withPlatform(
            {},
            (_, chart) =>
              new PrometheusStack(chart, 'second', {
                platform: 'eks',
                externalUrl: 'https://second.example.com',
                externalLabels: { cluster: 'orders' },
                watchedNamespaces: ['orders'],
                name: 'second-prometheus',
                kubeStateMetrics: { name: 'second-kube-state-metrics' },
                blackboxExporter: { name: 'second-blackbox' },
              }),
          ),
          shows: (manifests) => {
            expect(Object.keys(podsOf(manifests)).sort()).toEqual(
              [...WORKLOADS, 'second-prometheus', 'second-kube-state-metrics', 'second-blackbox'].sort(),
            );
            expect(new Set(namesOf(manifests)).size).toBe(manifests.length);
          },
        },
      ],
    },
    {
      need: 'several clusters',
      proofs: [
        {
          by: 'recipe',
          page: 'clusters.md',
          shows: (manifests) => {
            const clusters = manifests.flatMap(({ kind, metadata, data }) =>
              kind === 'ConfigMap' && metadata.name === 'prometheus-config'
                ? (/cluster: (\w+)/.exec(data['prometheus.yml'])?.[1] ?? [])
                : [],
            );
            expect(clusters).toEqual(expect.arrayContaining(['france', 'brazil']));
          },
        },
      ],
      guards: [
        {
          by: 'refused',
          make: (chart) => {
            const parts = (cluster: string) => platform(inCluster(beside(chart, cluster, 'monitoring'), cluster));
            parts('brazil').prometheus.addAlertmanager(parts('france').routing.endpoint);
          },
          message:
            'endpoint is "chart/france/alerts/server": it is in cluster france, and chart/brazil/metrics/prometheus/server ' +
            'is in cluster brazil; use Endpoint.host() with an address that the other cluster is reached at',
        },
      ],
    },
    {
      need: 'Argo CD sync waves',
      proofs: [
        {
          by: 'recipe',
          page: 'argo-cd.md',
          shows: (manifests) => {
            const waves = findAll(manifests, 'ConfigMap').map(
              ({ metadata }) => metadata.annotations?.['argocd.argoproj.io/sync-wave'],
            );
            expect(new Set(waves)).toEqual(new Set(['-1']));
          },
        },
      ],
    },
    {
      need: 'Argo pruning, SSA',
      proofs: [
        {
          // The same names each time, and objects small enough for the annotation of a client-side apply.
          by: 'prop',
          make: platform,
          shows: (manifests) => {
            expect(manifests.filter((object) => JSON.stringify(object).length > 200_000)).toEqual([]);
            expect(namesOf(manifests).filter((name) => /-c[0-9a-f]{7,}$/.test(name))).toEqual([]);
            expect(isDeepStrictEqual(namesOf(manifests), namesOf(again(platform)))).toBe(true);
          },
          instead: (chart) => {
            const hashed = new Chart(chart, 'hashed', { namespace: 'orders' });
            new k8s.KubeConfigMap(hashed, 'files', { data: {} });
          },
        },
      ],
    },
    {
      need: 'Flux / kustomize on dist',
      proofs: [
        {
          by: 'recipe',
          page: 'flux.md',
          shows: (manifests) =>
            expect(find(manifests, 'ConfigMap', 'prometheus-config').metadata.annotations).toEqual({
              'kustomize.toolkit.fluxcd.io/substitute': 'disabled',
            }),
        },
        {
          by: 'recipe',
          page: 'kustomize.md',
          shows: (manifests) =>
            expect(podsOf(manifests).prometheus.spec.priorityClassName).toBe('system-cluster-critical'),
        },
      ],
    },
    {
      need: 'upgrades',
      proofs: [
        {
          by: 'recipe',
          page: 'upgrade.md',
          shows: (manifests) => {
            const own = manifests.filter(({ metadata }) => metadata.namespace === 'pinned');
            const [{ spec }] = find(own, 'StatefulSet').spec.volumeClaimTemplates;
            expect(spec.resources.requests.storage).toBe('120Gi');
            // Selectors are immutable too: neither a version nor a hash may be in them.
            expect(selectorsOf(own).flatMap((labels) => Object.keys(labels).sort())).toEqual(
              selectorsOf(own).flatMap(() => ['app.kubernetes.io/managed-by', 'app.kubernetes.io/name']),
            );
          },
        },
      ],
    },
    {
      need: 'grafana-operator, prometheus-operator CRs as output',
      proofs: [{ by: 'limit', row: 'Objects of grafana-operator or prometheus-operator as output' }],
    },
    {
      need: 'unit tests of a consumer with `Testing.chart()`',
      proofs: [
        {
          by: 'prop',
          make: (chart) => {
            const tested = Testing.chart();
            const scope = new Chart(tested, 'orders', { namespace: 'orders' });
            new Prometheus(scope, 'prometheus', {
              externalUrl: 'https://prometheus.example.com',
              externalLabels: { cluster: 'test' },
            });
            // What the test of a consumer sees becomes objects of this chart.
            for (const [index, manifest] of (Testing.synth(scope) as Manifest[]).entries()) {
              new ApiObject(chart, `${index}`, manifest);
            }
          },
          shows: (manifests) => {
            expect(find(manifests, 'StatefulSet').metadata.name).toBe('prometheus');
            expect(serverConfig(manifests, 'prometheus-config', 'prometheus.yml').global.external_labels.cluster).toBe(
              'test',
            );
          },
        },
      ],
    },
  ],
};
