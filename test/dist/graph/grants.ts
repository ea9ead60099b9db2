import { type Manifest, ofKind } from '../../../testing/manifests';
import type { Part, Pods } from './pods';

/** A request of a pod to the Kubernetes API. */
export interface Wish {
  readonly verbs: readonly string[];
  readonly group?: string;
  /** Resource, or a path such as `/metrics`. */
  readonly resource: string;
  /** @default - the whole cluster */
  readonly namespace?: string;
}

/** Whether the ServiceAccount of a pod is granted every verb. */
export function isGranted(manifests: readonly Manifest[], pods: Pods, wish: Wish): boolean {
  const rules = rulesFor(manifests, pods, wish.namespace);
  return wish.verbs.every((verb) => rules.some((rule) => grants(rule, verb, wish)));
}

function rulesFor(manifests: readonly Manifest[], pods: Pods, namespace: string | undefined): Part[] {
  const bindings = [
    ...ofKind(manifests, 'ClusterRoleBinding'),
    ...ofKind(manifests, 'RoleBinding').filter(({ metadata }) => metadata.namespace === namespace),
  ];
  return bindings
    .filter(({ subjects }) => subjects.some((subject: Part) => isAccountOf(pods, subject)))
    .flatMap((binding) => roleOf(manifests, binding)?.rules ?? []);
}

/** The role that a binding refers to. */
export function roleOf(manifests: readonly Manifest[], { metadata, roleRef }: Manifest): Manifest | undefined {
  return ofKind(manifests, roleRef.kind).find(
    (role) =>
      role.metadata.name === roleRef.name &&
      (roleRef.kind === 'ClusterRole' || role.metadata.namespace === metadata.namespace),
  );
}

function isAccountOf({ spec, namespace }: Pods, subject: Part): boolean {
  return (
    subject.kind === 'ServiceAccount' && subject.name === spec.serviceAccountName && subject.namespace === namespace
  );
}

function grants(rule: Part, verb: string, { group = '', resource }: Wish): boolean {
  const covered = resource.startsWith('/')
    ? rule.nonResourceURLs?.includes(resource)
    : rule.apiGroups?.includes(group) && rule.resources?.includes(resource);
  return covered && rule.verbs.includes(verb);
}
