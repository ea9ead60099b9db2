import { dashboards, usesOf } from '../dashboards';
import type { RemediationPolicy } from '../remediation';
import type { MetricUse, RuleCatalogue } from '../rules';
import { remediationPolicies } from './remediation-policies';
import type { MonitoringSettings } from './settings';

/** Every expression that the platform asks Prometheus: what they read is kept, and must exist. */
export function metricUses(settings: MonitoringSettings, catalogue: RuleCatalogue): readonly MetricUse[] {
  return [...catalogue.uses, ...dashboards().flatMap(usesOf), ...remediationPolicies(settings).flatMap(usesOfPolicy)];
}

/** What a policy asks: proofs, blocking condition, and evidence. */
function usesOfPolicy({ name, action, parameters, verification, skipWhile }: RemediationPolicy): MetricUse[] {
  const { queries = {} } = action === 'open-incident' ? (parameters as { queries?: Record<string, string> }) : {};
  const expressions = [
    ...(verification ? [verification.query] : []),
    ...skipWhile.map(({ query }) => query),
    ...Object.values(queries),
  ];
  return expressions.map((expr) => ({ where: `policy ${name}`, expr, shows: [] }));
}
