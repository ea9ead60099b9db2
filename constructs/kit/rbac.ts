import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { clusterScoped } from './cluster-scoped';
import type { Labels } from './labels';

/** Rules and the ServiceAccount that they are granted to. */
export interface Grant {
  readonly name: string;
  readonly rules: readonly k8s.PolicyRule[];
  readonly labels: Labels;
  readonly subject: { readonly namespace: string; readonly name: string };
}

/** A Role and its binding, in any namespace. */
export function bindRole(scope: Construct, grant: Grant & { readonly namespace: string }): void {
  const metadata = { name: grant.name, namespace: grant.namespace, labels: grant.labels };
  new k8s.KubeRole(scope, `role-${grant.namespace}`, { metadata, rules: [...grant.rules] });
  new k8s.KubeRoleBinding(scope, `role-binding-${grant.namespace}`, {
    metadata,
    roleRef: { apiGroup: RBAC, kind: 'Role', name: grant.name },
    subjects: [{ kind: 'ServiceAccount', ...grant.subject }],
  });
}

/** A ClusterRole and its binding. */
export function bindClusterRole(scope: Construct, grant: Grant): void {
  const metadata = { name: grant.name, labels: grant.labels };
  clusterScoped(new k8s.KubeClusterRole(scope, 'cluster-role', { metadata, rules: [...grant.rules] }));
  clusterScoped(
    new k8s.KubeClusterRoleBinding(scope, 'cluster-role-binding', {
      metadata,
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: grant.name },
      subjects: [{ kind: 'ServiceAccount', ...grant.subject }],
    }),
  );
}

const RBAC = 'rbac.authorization.k8s.io';
