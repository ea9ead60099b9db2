/** Labels of a pod and of every object around it. */
export type Labels = { readonly [key: string]: string };

/** The one label that selectors use. It depends neither on a version nor on a construct's path. */
export const NAME_LABEL = 'app.kubernetes.io/name';

/** Labels that select the pods of a component. As few as possible, because selectors are immutable. */
export function selectorLabels(name: string): Labels {
  return { [NAME_LABEL]: name };
}

/** Labels of every object of a component, including those of `selectorLabels()`. */
export function componentLabels(name: string, version: string): Labels {
  return {
    ...selectorLabels(name),
    'app.kubernetes.io/version': version,
    'app.kubernetes.io/managed-by': 'cdk8s',
  };
}
