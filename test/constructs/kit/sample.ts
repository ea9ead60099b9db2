import type { Construct } from 'constructs';
import { Component, type ComponentProps, type Image } from '../../../constructs';

/** An image that does not exist. */
export const IMAGE: Image = { repository: 'registry.example.com/team/demo', tag: 'v1.2.3' };

/** A component with the fewest props, and what a test changes. */
export function component(scope: Construct, props: Partial<ComponentProps> = {}, id = props.name ?? 'demo'): Component {
  return new Component(scope, id, {
    name: 'demo',
    image: IMAGE,
    workload: { kind: 'Deployment', replicas: 1 },
    ports: { http: { port: 8080 } },
    resources: { cpu: '10m', memory: '32Mi' },
    ...props,
  });
}

/** Labels that select the pods of a component. */
export function selected(name = 'demo') {
  return { matchLabels: { 'app.kubernetes.io/name': name, 'app.kubernetes.io/managed-by': 'cdk8s' } };
}

/** A StatefulSet's workload. */
export function stateful(replicas: number): ComponentProps['workload'] {
  return { kind: 'StatefulSet', replicas, storage: { path: '/data', size: '1Gi' } };
}
