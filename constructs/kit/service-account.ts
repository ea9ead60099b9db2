import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { Labels } from './labels';
import { patchable } from './patch';
import type { ServiceAccountOptions } from './pod-options';

export interface ServiceAccountProps {
  readonly name: string;
  readonly labels: Labels;
  /** Annotations of the component. */
  readonly annotations?: { readonly [key: string]: string };
  /** Options of the caller. */
  readonly options?: ServiceAccountOptions;
}

/** The ServiceAccount of a component, unless its pods run as one that exists. */
export function addServiceAccount(scope: Construct, { name, labels, annotations, options }: ServiceAccountProps): void {
  if (options?.create === false) {
    return;
  }
  patchable(
    new k8s.KubeServiceAccount(scope, 'service-account', {
      metadata: {
        name,
        labels,
        annotations: options?.annotations ? { ...annotations, ...options.annotations } : annotations,
      },
      automountServiceAccountToken: false,
    }),
  );
}
