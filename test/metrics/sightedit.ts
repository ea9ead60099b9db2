import { App } from 'cdk8s';
import { load } from 'js-yaml';
import { addSightEditMonitoring, remediationPolicies, resolveSettings, sightEdit } from '../../charts';
import { metricUses as metricUsesOf } from '../../charts/metric-uses';
import type { PrometheusConfig } from '../../constructs';
import { KnownMetrics, metricLists } from '../../metrics';
import { type MetricUse, RuleCatalogue } from '../../rules';
import { configFiles, type Manifest } from '../../testing/manifests';

/** Every scrape job: a self-managed cluster has those that others hide. */
export function scrapeConfigs(): PrometheusConfig['scrape_configs'] {
  const app = new App();
  addSightEditMonitoring(app, 'sightedit', resolveSettings({ ...sightEdit, platform: 'kubeadm' }, 'production'));
  const manifests: Manifest[] = app.charts.flatMap((chart) => chart.toJson());
  const text = configFiles(manifests, 'prometheus-config')['prometheus.yml']!;
  return (load(text) as PrometheusConfig).scrape_configs;
}

/** Everything that SightEdit's expressions may read. */
export function knownMetrics(): KnownMetrics {
  return new KnownMetrics({
    jobs: scrapeConfigs(),
    lists: metricLists(),
    rules: RuleCatalogue.sightEdit().files,
  });
}

/** Every expression of SightEdit that reads metrics. */
export function metricUses(): readonly MetricUse[] {
  return metricUsesOf(RuleCatalogue.sightEdit(), remediationPolicies(resolveSettings(sightEdit, 'production')));
}
