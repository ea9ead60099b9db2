/** Labels of a pod and of every object around it. */
export type Labels = { readonly [key: string]: string };

/** The one label that selectors use. It never changes with a version or with a construct's path. */
export const NAME_LABEL = 'app.kubernetes.io/name';

/** Labels that select the pods of a component. Selectors are immutable, so these are as few as can be. */
export function selectorLabels(name: string): Labels {
  return { [NAME_LABEL]: name };
}

/** Labels that every object of a component carries, selectors included. */
export function componentLabels(name: string, version: string): Labels {
  return {
    ...selectorLabels(name),
    'app.kubernetes.io/version': version,
    'app.kubernetes.io/managed-by': 'cdk8s',
  };
}
