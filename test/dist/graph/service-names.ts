import { type Manifest, ofKind } from '../../../testing/manifests';

/** The parts of a name of the cluster's DNS. */
export interface ServiceName {
  /** A replica of a StatefulSet. @default - any pod behind the Service */
  readonly pod?: string;
  readonly service: string;
  readonly namespace: string;
}

/** Reads `[<pod>.]<service>.<namespace>.svc[.cluster.local]`. */
export function parseServiceName(host: string): ServiceName | undefined {
  const { groups } =
    /^(?:(?<pod>[^.]+)\.)?(?<service>[^.]+)\.(?<namespace>[^.]+)\.svc(?:\.cluster\.local)?$/.exec(host) ?? {};
  return groups && { pod: groups.pod, service: groups.service!, namespace: groups.namespace! };
}

/** Our Service of a name. */
export function findService(
  manifests: readonly Manifest[],
  { service, namespace }: Pick<ServiceName, 'service' | 'namespace'>,
): Manifest | undefined {
  return ofKind(manifests, 'Service').find(
    ({ metadata }) => metadata.name === service && metadata.namespace === namespace,
  );
}
