import type { Construct } from 'constructs';
import { Component, type Endpoint, httpProbe, images, type PodOptions } from '../kit';
import { checkedNamespaces } from '../kit/checks';
import { PatchableConstruct } from '../kit/patchable-construct';
import { CLUSTER_RESOURCES, clusterRules, NAMESPACED_RESOURCES, namespacedRules } from './kube-state-metrics-config';

/** Props of `KubeStateMetrics`. */
export interface KubeStateMetricsProps {
  /** Name of the objects and of the Service. @default kube-state-metrics */
  readonly name?: string;
  /**
   * Namespaces whose objects are reported, at least one. The exporter gets a Role in each, and may not read others.
   * `all` reports every namespace, with rights of the whole cluster.
   */
  readonly namespaces: readonly string[] | 'all';
  /** Ranges that hold the API server's addresses. @default - those of the cluster's network */
  readonly apiCidrs?: readonly string[];
  /** Options of the pods. @default - none */
  readonly pod?: PodOptions;
}

/**
 * Metrics of the state of Kubernetes objects.
 *
 * @example
 * new KubeStateMetrics(chart, 'kube-state-metrics', { namespaces: ['orders'] });
 */
export class KubeStateMetrics extends PatchableConstruct {
  /** The exporter, for arguments, mounts and connections. */
  readonly component: Component;

  /** @throws SettingError for an invalid name or range, and for no namespace */
  constructor(scope: Construct, id: string, props: KubeStateMetricsProps) {
    super(scope, id);
    const namespaces = props.namespaces === 'all' ? [] : checkedNamespaces('namespaces', props.namespaces);
    this.component = new Component(this, 'exporter', {
      name: props.name ?? 'kube-state-metrics',
      image: images.kubeStateMetrics,
      workload: { kind: 'Deployment', replicas: 1 },
      ports: { http: { port: 8080 }, telemetry: { port: 8081 } },
      args: [
        '--port=8080',
        '--telemetry-port=8081',
        // Without the argument, it reports every namespace.
        ...(namespaces.length > 0 ? [`--namespaces=${namespaces.join(',')}`] : []),
        `--resources=${[...CLUSTER_RESOURCES, ...NAMESPACED_RESOURCES].sort().join(',')}`,
      ],
      probes: { readiness: httpProbe('/readyz', 'telemetry'), liveness: httpProbe('/livez', 'http') },
      resources: { cpu: '50m', memory: '256Mi' },
      apiCidrs: props.apiCidrs,
      pod: props.pod,
      fixedReplicas: 'each replica would report every object again: leave it out, and raise resources instead',
    });
    this.component.addClusterRole([...clusterRules(), ...(namespaces.length > 0 ? [] : namespacedRules())]);
    for (const namespace of namespaces) {
      this.component.addRole(namespace, namespacedRules());
    }
  }

  /** Metrics of the objects. */
  get endpoint(): Endpoint {
    return this.component.endpoint();
  }

  /** Metrics of the exporter itself. */
  get telemetry(): Endpoint {
    return this.component.endpoint('telemetry');
  }
}
