import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { networkOf } from './cluster-network';
import type { Labels } from './labels';
import type { PodPort } from './network';
import { patchable } from './patch';
import { isReplicated, type Workload } from './workload';

/** A port that a component listens on. */
export interface ComponentPort extends PodPort {
  /** Only the replicas use it among themselves: it is left out of the load-balanced Service. @default false */
  readonly replicasOnly?: boolean;
  /** Scheme of its URL. @default http */
  readonly scheme?: string;
}

export interface ServicesProps {
  readonly name: string;
  readonly labels: Labels;
  /** Labels that select the pods. */
  readonly selector: Labels;
  readonly workload: Workload;
  readonly ports: { readonly [name: string]: ComponentPort };
}

/** The Service in front of a component's pods and, for a StatefulSet, the headless one that names its replicas. */
export function addServices(scope: Construct, { name, labels, selector, workload, ports }: ServicesProps): void {
  const servicePorts = Object.entries(ports).map(([portName, { port, protocol, replicasOnly }]) => ({
    replicasOnly,
    port: { name: portName, port, protocol: protocol ?? 'TCP', targetPort: k8s.IntOrString.fromString(portName) },
  }));
  const stateful = workload.kind === 'StatefulSet';
  // Not required: the API server gives a Service those families that the cluster has. Their order is the cluster's, and
  // immutable: https://kubernetes.io/docs/concepts/services-networking/dual-stack/
  const ipFamilyPolicy = networkOf(scope).ipFamilies.length > 1 ? 'PreferDualStack' : undefined;
  patchable(
    new k8s.KubeService(scope, 'service', {
      metadata: { name, labels },
      spec: {
        selector: { ...selector },
        ipFamilyPolicy,
        ports: servicePorts.filter(({ replicasOnly }) => !replicasOnly).map(({ port }) => port),
        // Clients address the agent of one node, never any of them.
        clusterIp: workload.kind === 'DaemonSet' ? 'None' : undefined,
        // Each replica has its own data: pin a client to one.
        sessionAffinity: stateful && isReplicated(workload) ? 'ClientIP' : undefined,
      },
    }),
  );
  if (stateful) {
    patchable(
      new k8s.KubeService(scope, 'headless-service', {
        metadata: { name: headlessName(name), labels },
        spec: {
          selector: { ...selector },
          ipFamilyPolicy,
          ports: servicePorts.map(({ port }) => port),
          clusterIp: 'None',
          // Replicas must find each other before they are ready.
          publishNotReadyAddresses: true,
        },
      }),
    );
  }
}

/** Name of a StatefulSet's headless Service. */
export function headlessName(name: string): string {
  return `${name}-headless`;
}

/** DNS names of the replicas of a StatefulSet; the replicas of other workloads have none. */
export function replicaHosts(name: string, namespace: string, workload: Workload): readonly string[] {
  return workload.kind === 'StatefulSet'
    ? Array.from({ length: workload.replicas }, (_, n) => `${name}-${n}.${headlessName(name)}.${namespace}.svc`)
    : [];
}
