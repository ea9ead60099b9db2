import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { Component, ComponentPort } from '../kit';
import { patchable } from '../kit/patch';
import { SPAN_METRICS_PORT } from './gateway-config';
import { type Autoscaling, OTEL_COLLECTOR_DEFAULTS, type OtelCollectorProps } from './gateway-props';
import { RECEIVER_PORTS } from './gateway-receivers';

/** Ports of the collectors that clients send to, beside those of every collector. */
export function gatewayPorts(props: Pick<OtelCollectorProps, 'oldClients' | 'outside'>): {
  readonly [name: string]: ComponentPort;
} {
  const { oldClients = OTEL_COLLECTOR_DEFAULTS.oldClients, outside } = props;
  return {
    'otlp-grpc': { port: RECEIVER_PORTS.otlpGrpc, scheme: 'grpc' },
    'otlp-http': { port: RECEIVER_PORTS.otlpHttp },
    ...(oldClients
      ? {
          'jaeger-grpc': { port: RECEIVER_PORTS.jaegerGrpc, scheme: 'grpc' },
          'jaeger-thrift': { port: RECEIVER_PORTS.jaegerThrift },
          zipkin: { port: RECEIVER_PORTS.zipkin },
        }
      : {}),
    ...(outside
      ? {
          'outside-grpc': { port: RECEIVER_PORTS.outsideGrpc, scheme: 'grpc' },
          'outside-http': { port: RECEIVER_PORTS.outsideHttp, scheme: 'https' },
        }
      : {}),
    'span-metrics': { port: SPAN_METRICS_PORT },
  };
}

/** Scales a StatefulSet by the CPU that it uses. */
export function addAutoscaler(scope: Construct, { name, labels }: Component, autoscaling: Autoscaling): void {
  const { minReplicas, maxReplicas, cpuPercent = 70 } = autoscaling;
  patchable(
    new k8s.KubeHorizontalPodAutoscalerV2(scope, 'autoscaler', {
      metadata: { name, labels },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'StatefulSet', name },
        minReplicas,
        maxReplicas,
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpuPercent } },
          },
        ],
        // What a removed replica has not delivered waits on its claim until the replica comes back.
        behavior: { scaleDown: { stabilizationWindowSeconds: 1800 } },
      },
    }),
  );
}

/** Lets a collector read the pods of some namespaces, or of all of them. */
export function grantPods(component: Component, namespaces: readonly string[] | undefined): void {
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] }];
  if (namespaces === undefined) {
    component.addClusterRole(rules);
  }
  for (const namespace of namespaces ?? []) {
    component.addRole(namespace, rules);
  }
}
