import { App } from 'cdk8s';
import { addSightEditMonitoring, type MonitoringInput, resolveSettings, sightEdit } from '../../charts';
import type { Manifest } from '../../testing/manifests';
import { describeManifest, ofKind, podTemplates } from '../../testing/manifests';
import { TEAM_APPLICATION, TEAM_NAMESPACE, teamChart, twoClusters, twoInstances } from '../../testing/neighbours';
import { manifestsOf } from '../../testing/render';

type Selector = { readonly [label: string]: string };

/** Every selector of pods, with what it belongs to. */
function selectorsOf(manifests: readonly Manifest[]): { readonly owner: string; readonly selector: Selector }[] {
  const found: { owner: string; selector: Selector }[] = [];
  const walk = (owner: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null) {
      return;
    }
    for (const [key, child] of Object.entries(value)) {
      if (key === 'matchLabels' || (key === 'selector' && typeof Object.values(child)[0] === 'string')) {
        found.push({ owner, selector: child });
      }
      walk(owner, child);
    }
  };
  for (const manifest of manifests) {
    walk(describeManifest(manifest), manifest.spec);
  }
  // Those of namespaces are no selectors of pods.
  return found.filter(({ selector }) => !('kubernetes.io/metadata.name' in selector));
}

const selects = (selector: Selector, labels: Selector) =>
  Object.entries(selector).every(([label, value]) => labels[label] === value);

const team = () => manifestsOf(teamChart(new App(), 'orders', { cluster: 'europe' }));

describe('the chart of a foreign team', () => {
  const manifests = team();

  test('names SightEdit nowhere', () => {
    const lines = JSON.stringify(manifests, undefined, 1).split('\n');
    expect(lines.filter((line) => /sightedit/i.test(line))).toEqual([]);
  });

  test('has no policy that selects pods of the application', () => {
    const policies = ofKind(manifests, 'NetworkPolicy');
    expect(policies.length).toBeGreaterThan(8);
    expect([...new Set(policies.map(({ metadata }) => metadata.namespace))]).toEqual([TEAM_NAMESPACE]);
    expect(policies.filter(({ spec }) => Object.keys(spec.podSelector.matchLabels ?? {}).length === 0)).toEqual([]);
  });

  test('has nothing in the namespace of the application but rights to read it', () => {
    const foreign = manifests.filter(({ metadata }) => metadata.namespace === TEAM_APPLICATION);
    expect([...new Set(foreign.map(({ kind }) => kind))].sort()).toEqual(['Role', 'RoleBinding']);
    const verbs = ofKind(foreign, 'Role').flatMap(({ rules }) =>
      rules.flatMap((rule: { verbs: string[] }) => rule.verbs),
    );
    expect([...new Set(verbs)].sort()).toEqual(['get', 'list', 'watch']);
  });
});

describe('two clusters in one app', () => {
  const manifests = manifestsOf(twoClusters());

  test('get the same objects, each with the label of its cluster', () => {
    const names = manifests.map(describeManifest).sort();
    expect(names).toEqual([...team(), ...team()].map(describeManifest).sort());
    const configs = ofKind(manifests, 'ConfigMap').flatMap(({ data }) => data['prometheus.yml'] ?? []);
    expect(configs.map((config: string) => /cluster: (\w+)/.exec(config)?.[1])).toEqual(['europe', 'america']);
  });
});

describe('two installations of the platform in one app', () => {
  /** Settings of SightEdit's platform for two clusters. */
  function platforms(...clusters: readonly string[]): App {
    const app = new App();
    for (const [index, cluster] of clusters.entries()) {
      const input: MonitoringInput = { ...sightEdit, cluster };
      addSightEditMonitoring(app, `platform-${index}`, resolveSettings(input, 'dev'));
    }
    return app;
  }

  test('are for two clusters', () => {
    const definitions = ofKind(manifestsOf(platforms('europe', 'america')), 'CustomResourceDefinition');
    expect(definitions).toHaveLength(2);
  });

  test('are refused for one cluster, the custom resource included', () => {
    expect(() => manifestsOf(platforms('europe', 'europe'))).toThrow(
      'duplicate object CustomResourceDefinition.apiextensions.k8s.io remediations.monitoring.sightedit.com in cluster ' +
        'europe, written by platform-0-remediation/webhook/definition and platform-1-remediation/webhook/definition: ' +
        'write it in one of them only',
    );
  });
});

describe('two instances in one namespace of one cluster', () => {
  const manifests = manifestsOf(twoInstances());

  test('have no object in common', () => {
    const names = manifests.map(describeManifest);
    expect(names).toHaveLength(2 * team().length);
    expect(new Set(names).size).toBe(names.length);
  });

  test('select the pods of one workload with each selector', () => {
    const templates = podTemplates(manifests);
    const selectors = selectorsOf(manifests).filter(({ selector }) => 'app.kubernetes.io/managed-by' in selector);
    expect(selectors.length).toBeGreaterThan(100);
    const ambiguous = selectors.filter(
      ({ selector }) => templates.filter(({ template }) => selects(selector, template.metadata.labels)).length !== 1,
    );
    expect(ambiguous).toEqual([]);
  });
});

describe('beside kube-prometheus-stack in one namespace', () => {
  /** Labels of its pods: https://github.com/prometheus-community/helm-charts/tree/main/charts/kube-prometheus-stack */
  const PODS: readonly Selector[] = [
    { 'app.kubernetes.io/name': 'prometheus', 'app.kubernetes.io/managed-by': 'prometheus-operator' },
    { 'app.kubernetes.io/name': 'alertmanager', 'app.kubernetes.io/managed-by': 'prometheus-operator' },
    { 'app.kubernetes.io/name': 'grafana', 'app.kubernetes.io/managed-by': 'Helm' },
    { 'app.kubernetes.io/name': 'grafana', 'app.kubernetes.io/instance': 'kps' },
    { 'app.kubernetes.io/name': 'kube-state-metrics', 'app.kubernetes.io/managed-by': 'Helm' },
    { 'app.kubernetes.io/name': 'prometheus-node-exporter', 'app.kubernetes.io/managed-by': 'Helm' },
  ];
  /** Selectors of its Services. */
  const SELECTORS: readonly Selector[] = [
    { 'app.kubernetes.io/name': 'prometheus', 'operator.prometheus.io/name': 'kps-prometheus' },
    { 'app.kubernetes.io/name': 'alertmanager', alertmanager: 'kps-alertmanager' },
    { 'app.kubernetes.io/name': 'grafana', 'app.kubernetes.io/instance': 'kps' },
    { 'app.kubernetes.io/name': 'kube-state-metrics', 'app.kubernetes.io/instance': 'kps' },
    { 'app.kubernetes.io/name': 'prometheus-node-exporter', 'app.kubernetes.io/instance': 'kps' },
  ];
  const manifests = team();

  test('no selector of ours matches its pods', () => {
    const selectors = selectorsOf(manifests);
    expect(selectors.some(({ selector }) => selector['app.kubernetes.io/name'] === 'grafana')).toBe(true);
    expect(selectors.filter(({ selector }) => PODS.some((labels) => selects(selector, labels)))).toEqual([]);
  });

  test('no selector of its Services matches our pods', () => {
    const labels = podTemplates(manifests).map(({ template }) => template.metadata.labels as Selector);
    expect(labels.length).toBeGreaterThan(8);
    expect(SELECTORS.filter((selector) => labels.some((each) => selects(selector, each)))).toEqual([]);
  });
});
