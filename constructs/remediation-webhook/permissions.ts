import type { k8s } from 'cdk8s-plus-28';
import {
  actionOf,
  EVENT_RIGHT,
  ownRights,
  type Permission,
  type RemediationPolicy,
  type Requirements,
  TOKEN_REVIEW_RIGHT,
} from '../../remediation';
import { SettingError } from '../kit';

/** What a set of policies requirements, taken together. */
export function requirementsOf(policies: readonly RemediationPolicy[]): Requirements {
  const requirements = policies.map((policy) => actionOf(policy).requirements(policy.parameters));
  return {
    permissions: requirements.flatMap(({ permissions }) => permissions),
    allowedUpdates: requirements.flatMap(({ allowedUpdates }) => allowedUpdates),
    connections: [...new Set(requirements.flatMap(({ connections }) => connections))],
    awsRole: oneRole(requirements.flatMap(({ awsRole }) => awsRole ?? [])),
  };
}

/** @throws SettingError for two different roles: a ServiceAccount can assume only one */
function oneRole([role, ...others]: readonly string[]): string | undefined {
  const other = others.find((name) => name !== role);
  if (other) {
    throw new SettingError('the AWS role of a policy', other, `use the role of the other policies, ${role}`);
  }
  return role;
}

/** Rights that the webhook itself requirements in its namespace: records, locks, Events, and to read the switch. */
export function ownRules(killSwitch: string): readonly k8s.PolicyRule[] {
  return ownRights(killSwitch).map(toRule);
}

/** RBAC rule to review tokens. */
export const TOKEN_REVIEWS: k8s.PolicyRule = toRule(TOKEN_REVIEW_RIGHT);

/** RBAC rule to write Events about a target. */
export const EVENTS: k8s.PolicyRule = toRule(EVENT_RIGHT);

/** The RBAC rules by namespace, without duplicates. `undefined` stands for cluster-scoped rules. */
export function rulesByNamespace({
  permissions,
}: Requirements): ReadonlyMap<string | undefined, readonly k8s.PolicyRule[]> {
  const namespaces = [...new Set(permissions.map(({ namespace }) => namespace))];
  return new Map(
    namespaces.map((namespace) => {
      const rules = permissions.filter((group) => group.namespace === namespace).flatMap((group) => group.rules);
      const unique = new Map(rules.map((permission) => [JSON.stringify(permission), toRule(permission)]));
      return [namespace, [...unique.values()]];
    }),
  );
}

function toRule({ apiGroups, resources, verbs, resourceNames }: Permission): k8s.PolicyRule {
  return {
    apiGroups: [...apiGroups],
    resources: [...resources],
    verbs: [...verbs],
    ...(resourceNames ? { resourceNames: [...resourceNames] } : {}),
  };
}
