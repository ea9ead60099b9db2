import { remediationPolicies, resolveSettings, sightEdit } from '../../charts';
import { metricUses as metricUsesOf } from '../../charts/metric-uses';
import type { ScrapeConfig } from '../../formats/prometheus';
import { KnownMetrics, metricLists } from '../../metrics';
import { type MetricUse, RuleCatalogue } from '../../rules';
import { sightEditPlatform } from '../../testing/platform';

/** Jobs with a list that `PrometheusStack` has on request. SightEdit has none of them. */
export const JOBS_ON_REQUEST: readonly string[] = ['coredns', 'kube-proxy'];

/** Every scrape job. A self-managed cluster has those of the control plane too. */
export function scrapeConfigs(): readonly ScrapeConfig[] {
  return sightEditPlatform({ platform: 'kubeadm' }).charts.metrics.prometheus.scrapeConfigs;
}

/** Everything that SightEdit's expressions may read. */
export function knownMetrics(): KnownMetrics {
  return new KnownMetrics({ jobs: scrapeConfigs(), lists: metricLists(), rules: RuleCatalogue.sightEdit().files });
}

/** Every expression of SightEdit that reads metrics. */
export function metricUses(): readonly MetricUse[] {
  return metricUsesOf(RuleCatalogue.sightEdit(), remediationPolicies(resolveSettings(sightEdit, 'production')));
}
