import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { checkNamespace, checkObjectName, checkPodLabels, checkPort } from './checks';
import { networkOf } from './cluster-network';
import { Endpoint } from './endpoint';
import type { Labels } from './labels';
import { lazily } from './lazily';
import { type Pods, podsPeer, policyPorts } from './network';
import { guardObjectNames } from './object-names';
import { patchable } from './patch';

/** Props of `ExternalWorkload`. */
export interface ExternalWorkloadProps {
  /** Namespace of the pods. */
  readonly namespace: string;
  /** Labels that select the pods, at least one. */
  readonly podLabels: Labels;
  /** Name of the Service in front of them. */
  readonly service: string;
  /** Port of the Service. @default - the pods' port */
  readonly servicePort?: number;
  /** Port of the pods. */
  readonly port: number;
  /** Protocol of the port, e.g. `postgresql` or `redis`. @default http */
  readonly scheme?: string;
  /**
   * Write a NetworkPolicy in the workload's namespace that selects these pods and admits the components that connect.
   *
   * **It isolates pods that no other policy selects**: only the connected components reach them, and the ingress
   * controller and other clients no longer do. Ask for it where the namespace denies ingress by default, and a policy of
   * its own admits the workload's other clients.
   *
   * @default false: pods without a policy are reached as before; of isolated pods, the owner of the namespace admits the
   *   components
   */
  readonly admit?: boolean;
  /**
   * Name of that NetworkPolicy. Two platforms that connect to one namespace need different names.
   * @default - `monitoring-to-` and the construct's id
   */
  readonly policyName?: string;
}

/**
 * Pods that somebody else deploys. Connecting opens the client's side. Their own side stays as it is, unless `admit` is
 * set.
 *
 * @example
 * const api = new ExternalWorkload(chart, 'api', { namespace: 'orders', podLabels, service: 'orders-api', port: 8080 });
 * prometheus.component.connectTo(api.endpoint);
 */
export class ExternalWorkload extends Construct {
  private readonly props: ExternalWorkloadProps;
  private readonly clients = new Map<string, Pods>();

  /** @throws SettingError for an invalid name, label or port, and for no label at all */
  constructor(scope: Construct, id: string, props: ExternalWorkloadProps) {
    super(scope, id);
    guardObjectNames(this);
    checkNamespace('namespace', props.namespace);
    checkPodLabels('podLabels', props.podLabels);
    checkObjectName('service', props.service);
    checkPort('port', props.port);
    checkPort('servicePort', props.servicePort ?? props.port);
    if (props.admit) {
      checkObjectName('policyName', policyNameOf(this, props));
    }
    this.props = props;
  }

  /** The port of the pods. Connecting to it opens the NetworkPolicies. */
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
      admit: this.props.admit ? (client) => this.admit(client) : undefined,
      owner: this,
    });
  }

  private admit(client: Pods): void {
    if (this.clients.size === 0 && networkOf(this).policies !== 'none') {
      this.addPolicy();
    }
    this.clients.set(JSON.stringify(client), client);
  }

  private addPolicy(): void {
    const { namespace, podLabels, port } = this.props;
    patchable(
      new k8s.KubeNetworkPolicy(this, 'admission', {
        metadata: { name: policyNameOf(this, this.props), namespace, labels: Chart.of(this).labels },
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

function policyNameOf({ node }: Construct, { policyName }: ExternalWorkloadProps): string {
  return policyName ?? `monitoring-to-${node.id}`;
}
