import type { k8s } from 'cdk8s-plus-28';
import { cidrPeers, internetPeer, type Pods, PRIVATE_CIDRS, policyPorts } from './network';

/** Where a connected client finds the other side. */
export interface Connection {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  /** `scheme://host:port`, followed by a path that begins with `/`. */
  url(path?: string): string;
  /** The Service behind it, for discovery. @default - none: the other side is no Service of the cluster */
  readonly service?: { readonly namespace: string; readonly name: string; readonly portName: string };
  /** `host:port` of each replica of a StatefulSet, which keeps its name. Empty where replicas are interchangeable. */
  readonly replicas: readonly string[];
}

/** What `Endpoint` needs to know of the serving side. */
export interface EndpointProps {
  readonly scheme: string;
  readonly host: string;
  readonly port: number;
  readonly service?: Connection['service'];
  readonly replicas?: readonly string[];
  /** The rule that lets a client reach this endpoint. */
  readonly egress: (client: Pods) => k8s.NetworkPolicyEgressRule;
  /** Opens the serving side for a client. @default - the serving side is not ours to open */
  readonly admit?: (client: Pods) => void;
}

/**
 * One side of a connection. It tells its address only to a client that connects, and connecting writes both sides of
 * the NetworkPolicy: an address in a configuration file without the policy that permits it cannot be written.
 */
export class Endpoint {
  /**
   * A host that is no Service of the cluster.
   *
   * @param cidrs ranges that hold the host's addresses @default - the Internet: every address that is not private
   */
  static host(host: string, port = 443, scheme = 'https', cidrs?: readonly string[]): Endpoint {
    const to = cidrs ? cidrPeers(cidrs) : [internetPeer()];
    return new Endpoint({ scheme, host, port, egress: () => ({ to, ports: policyPorts([{ port }]) }) });
  }

  /** Any host that is no Service of the cluster: for addresses that only the Secret knows. */
  static anyHost(port = 443, cidrs?: readonly string[]): Endpoint {
    return Endpoint.host('*', port, 'https', cidrs);
  }

  /** A port on every node, reached by the node's address, e.g. the kubelet's. */
  static nodes(port: number, scheme = 'https', cidrs: readonly string[] = PRIVATE_CIDRS): Endpoint {
    return new Endpoint({
      scheme,
      host: 'node',
      port,
      egress: () => ({ to: cidrPeers(cidrs), ports: policyPorts([{ port }]) }),
    });
  }

  /**
   * The Kubernetes API server. Its pods, if it has any, are on no pod network: policies see the address behind the
   * Service, on the port that the distribution chose: 443, 6443 or 8443.
   *
   * @param cidrs ranges that hold the API server's addresses @default - every private range
   */
  static kubernetesApi(cidrs: readonly string[] = PRIVATE_CIDRS): Endpoint {
    return new Endpoint({
      scheme: 'https',
      host: 'kubernetes.default.svc',
      port: 443,
      service: { namespace: 'default', name: 'kubernetes', portName: 'https' },
      egress: () => ({ to: cidrPeers(cidrs), ports: policyPorts([{ port: 443 }, { port: 6443 }, { port: 8443 }]) }),
    });
  }

  constructor(private readonly props: EndpointProps) {}

  /** Opens both sides for a client. Components call this from `connectTo()`. */
  open(client: Pods): { readonly connection: Connection; readonly egress: k8s.NetworkPolicyEgressRule } {
    this.props.admit?.(client);
    const { scheme, host, port, service, replicas = [] } = this.props;
    const address = `${host}:${port}`;
    return {
      connection: {
        scheme,
        host,
        port,
        address,
        url: (path = '') => `${scheme}://${address}${path}`,
        service,
        replicas,
      },
      egress: this.props.egress(client),
    };
  }
}
