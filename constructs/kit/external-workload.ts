import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { Endpoint } from './endpoint';
import type { Labels } from './labels';
import { lazily } from './lazily';
import { type Pods, podsPeer, policyPorts } from './network';
import { patchable } from './patch';

export interface ExternalWorkloadProps {
  /** Namespace of the pods. */
  readonly namespace: string;
  /** Labels that select the pods. */
  readonly podLabels: Labels;
  /** The Service in front of them. */
  readonly service: string;
  /** Port of the Service. @default - the pods' port */
  readonly servicePort?: number;
  /** Port of the pods. */
  readonly port: number;
  /** @default http */
  readonly scheme?: string;
  /**
   * Write a NetworkPolicy in the workload's namespace that admits the components that connect. If `false`, the owner
   * of the namespace writes it.
   * @default true
   */
  readonly admit?: boolean;
}

/**
 * Pods that somebody else deploys. The first component that connects adds a NetworkPolicy in their namespace, which
 * admits the connected components.
 */
export class ExternalWorkload extends Construct {
  private readonly props: ExternalWorkloadProps;
  private readonly clients = new Map<string, Pods>();

  constructor(scope: Construct, id: string, props: ExternalWorkloadProps) {
    super(scope, id);
    this.props = props;
  }

  get endpoint(): Endpoint {
    const { namespace, podLabels, service, port, servicePort, scheme } = this.props;
    return new Endpoint({
      scheme: scheme ?? 'http',
      host: `${service}.${namespace}.svc`,
      port: servicePort ?? port,
      egress: (client) => ({
        to: [podsPeer({ namespace, labels: podLabels }, client)],
        ports: policyPorts([{ port }]),
      }),
      admit: (client) => this.admit(client),
    });
  }

  private admit(client: Pods): void {
    if (this.props.admit === false) {
      return;
    }
    if (this.clients.size === 0) {
      this.addPolicy();
    }
    this.clients.set(JSON.stringify(client), client);
  }

  private addPolicy(): void {
    const { namespace, podLabels, port } = this.props;
    patchable(
      new k8s.KubeNetworkPolicy(this, 'admission', {
        metadata: { name: `monitoring-to-${this.node.id}`, namespace, labels: Chart.of(this).labels },
        spec: {
          podSelector: { matchLabels: { ...podLabels } },
          policyTypes: ['Ingress'],
          ingress: lazily(() => [
            {
              from: [...this.clients.values()].map((client) => podsPeer(client, { namespace })),
              ports: policyPorts([{ port }]),
            },
          ]),
        },
      }),
    );
  }
}
