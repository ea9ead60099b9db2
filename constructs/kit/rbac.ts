import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { clusterScoped } from './cluster-scoped';
import type { Labels } from './labels';
import { lazily } from './lazily';
import { patchable } from './patch';

/** Who gets rights, and what their Roles are called. */
export interface RightsProps {
  /** Name of the component. */
  readonly name: string;
  readonly labels: Labels;
  /** The ServiceAccount that they are granted to. */
  readonly subject: { readonly namespace: string; readonly name: string };
  /** Whether the Roles and their bindings are written. @default true */
  readonly grant?: boolean;
}

/** Rights of a ServiceAccount in one namespace, or in the whole cluster. */
export interface GrantedRights {
  /** Namespace in which the rules hold. @default - the whole cluster */
  readonly namespace?: string;
  /** The rules, each once. */
  readonly rules: readonly k8s.PolicyRule[];
}

/**
 * The rights of a ServiceAccount: one Role in each namespace and one ClusterRole. Rules that are granted in several
 * steps accumulate; a rule that is granted twice is written once.
 */
export class Rights {
  // By namespace, then by content. The whole cluster is `undefined`.
  private readonly granted = new Map<string | undefined, Map<string, k8s.PolicyRule>>();

  constructor(
    private readonly scope: Construct,
    private readonly props: RightsProps,
  ) {}

  /** The rights so far, in the order in which they were granted. */
  get list(): readonly GrantedRights[] {
    return [...this.granted].map(([namespace, rules]) => ({ namespace, rules: [...rules.values()] }));
  }

  /** Grants rules in a namespace. */
  inNamespace(namespace: string, rules: readonly k8s.PolicyRule[]): void {
    const { name, labels, subject } = this.props;
    const all = this.add(namespace, rules);
    if (!all) {
      return;
    }
    // In another namespace, the name says whose role it is.
    const role = namespace === subject.namespace ? name : `${subject.namespace}-${name}`;
    const metadata = { name: role, namespace, labels };
    patchable(new k8s.KubeRole(this.scope, `role-${namespace}`, { metadata, rules: lazily(() => [...all.values()]) }));
    patchable(
      new k8s.KubeRoleBinding(this.scope, `role-binding-${namespace}`, {
        metadata,
        roleRef: { apiGroup: RBAC, kind: 'Role', name: role },
        subjects: [{ kind: 'ServiceAccount', ...subject }],
      }),
    );
  }

  /** Grants rules in the whole cluster. */
  inCluster(rules: readonly k8s.PolicyRule[]): void {
    const { name, labels, subject } = this.props;
    const all = this.add(undefined, rules);
    if (!all) {
      return;
    }
    const role = `${subject.namespace}-${name}`;
    const metadata = { name: role, labels };
    clusterScoped(
      new k8s.KubeClusterRole(this.scope, 'cluster-role', { metadata, rules: lazily(() => [...all.values()]) }),
    );
    clusterScoped(
      new k8s.KubeClusterRoleBinding(this.scope, 'cluster-role-binding', {
        metadata,
        roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'ServiceAccount', ...subject }],
      }),
    );
  }

  /** @returns the growing rules if their Role must be written now; `undefined` if it exists, or is somebody else's */
  private add(
    namespace: string | undefined,
    rules: readonly k8s.PolicyRule[],
  ): ReadonlyMap<string, k8s.PolicyRule> | undefined {
    const known = this.granted.get(namespace);
    const all = known ?? new Map<string, k8s.PolicyRule>();
    this.granted.set(namespace, all);
    for (const rule of rules) {
      all.set(JSON.stringify(rule), rule);
    }
    return known || this.props.grant === false ? undefined : all;
  }
}

const RBAC = 'rbac.authorization.k8s.io';
