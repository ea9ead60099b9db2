/** Labels of a pod and of every object around it. */
export type Labels = { readonly [key: string]: string };

/** The label that holds the name of a component. */
export const NAME_LABEL = 'app.kubernetes.io/name';

/**
 * Labels that select the pods of a component. They depend neither on a version nor on a construct's path, because
 * selectors are immutable.
 *
 * The name alone would not do: other charts give the same names to their pods, e.g. kube-prometheus-stack, whose pods
 * are managed by `Helm` or `prometheus-operator`.
 */
export function selectorLabels(name: string): Labels {
  return { [NAME_LABEL]: name, 'app.kubernetes.io/managed-by': 'cdk8s' };
}

/** Labels of every object of a component, including those of `selectorLabels()`. */
export function componentLabels(name: string, version: string): Labels {
  return { ...selectorLabels(name), 'app.kubernetes.io/version': version };
}
