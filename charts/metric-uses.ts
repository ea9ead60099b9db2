import { dashboards, usesOf } from '../dashboards';
import { actionOf, type RemediationPolicy } from '../remediation';
import type { MetricUse, RuleCatalogue } from '../rules';

/** Every expression that the platform evaluates. The metrics in them are kept, and must exist. */
export function metricUses(catalogue: RuleCatalogue, policies: readonly RemediationPolicy[]): readonly MetricUse[] {
  return [...catalogue.uses, ...dashboards().flatMap(usesOf), ...policies.flatMap(usesOfPolicy)];
}

/** The expressions of a policy: its verification, its blocking conditions, and the queries of its action. */
function usesOfPolicy(policy: RemediationPolicy): MetricUse[] {
  const { name, parameters, verification, skipWhile } = policy;
  const expressions = [
    ...(verification ? [verification.query] : []),
    ...skipWhile.map(({ query }) => query),
    ...(actionOf(policy).queries?.(parameters) ?? []),
  ];
  return expressions.map((expr) => ({ where: `policy ${name}`, expr, shows: [] }));
}
