import { remediationPolicies, resolveSettings, sightEdit } from '../../charts';
import { DEFAULT_LIMITS, killSwitchName } from '../../constructs';
import type { AlertingRule } from '../../rules';
import { withFacts } from './facts';
import { withResponse } from './response';

const settings = resolveSettings(sightEdit, 'production');
const policies = new Map(remediationPolicies(settings).map((policy) => [policy.name, policy]));
const place = {
  namespace: settings.namespace,
  killSwitch: killSwitchName(),
  limits: { ...DEFAULT_LIMITS, ...settings.remediation.limits },
};

/** The runbook with its generated parts written from SightEdit's current rule and policy. */
export function sightEditRunbook(runbook: string, rule: AlertingRule, topic: string): string {
  const policy = policies.get(rule.labels.remediation ?? '');
  return withResponse(withFacts(runbook, rule, topic), policy, place);
}
