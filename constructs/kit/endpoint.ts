import type { k8s } from 'cdk8s-plus-28';
import type { IConstruct } from 'constructs';
import { checkCidrs, checkHost, checkNamespace, checkPort, checkReachable, isAddress } from './checks';
import type { CiliumEntity, ResolvedNetwork } from './cluster-network';
import { SettingError } from './errors';
import { cidrPeers, internetPeers, namespacePeer, type Pods, policyPorts } from './network';
import { clusterOf } from './object-names';
import { httpUrl, serverOf } from './url';

/** Where a connected client finds the other side. */
export interface Connection {
  /** Scheme of the URL: `http`, `https`, `postgresql`, `redis`. */
  readonly scheme: string;
  /** DNS name or address. */
  readonly host: string;
  /** Port that clients connect to. */
  readonly port: number;
  /** `host:port`. */
  readonly address: string;
  /** `scheme://host:port`, followed by a path that begins with `/`. */
  url(path?: string): string;
  /** The Service in front of the endpoint, for discovery. @default - none: the endpoint is outside the cluster */
  readonly service?: {
    /** Namespace of the Service. */
    readonly namespace: string;
    /** Name of the Service. */
    readonly name: string;
    /** Name of the port in the Service. */
    readonly portName: string;
  };
  /** `host:port` of each replica of a StatefulSet. Empty where replicas have no names of their own. */
  readonly replicas: readonly string[];
}

/** Both sides of the traffic to a destination. */
export interface DestinationProps {
  /** The rule that lets a client in a cluster of this network send traffic there. */
  readonly egress: (client: Pods, network: ResolvedNetwork) => k8s.NetworkPolicyEgressRule;
  /** What Cilium calls the destination, where it matches no address. @default - Cilium sees addresses or pods */
  readonly entities?: readonly CiliumEntity[];
  /** Admits a client on the serving side. @default - the serving side is not ours to open */
  readonly admit?: (client: Pods) => void;
  /** The construct that the traffic ends at. Its clients are of its cluster. @default - none: it is outside the clusters */
  readonly owner?: IConstruct;
}

/** What `Endpoint` needs to know about the serving side. */
export interface EndpointProps extends DestinationProps {
  /** Scheme of the URL: `http`, `https`, `postgresql`, `redis`. */
  readonly scheme: string;
  /** DNS name or address. */
  readonly host: string;
  /** Port that clients connect to. */
  readonly port: number;
  /** The Service in front of the endpoint, for discovery. */
  readonly service?: Connection['service'];
  /** `host:port` of each replica of a StatefulSet. */
  readonly replicas?: readonly string[];
}

/** What Cilium calls the nodes: the client's own, and all others. */
export const NODE_ENTITIES: readonly CiliumEntity[] = ['host', 'remote-node'];

/** Addresses and ports that a component may be allowed to send traffic to, with `allowEgressTo()`. */
export class Destination {
  constructor(private readonly sides: DestinationProps) {}

  /**
   * Checks that a client is of the same cluster. `Component` calls this before it connects.
   *
   * @throws SettingError for a client of another cluster: it can neither resolve a Service's name nor be in a policy
   */
  checkCluster(client: IConstruct): void {
    const { owner } = this.sides;
    if (owner && clusterOf(owner) !== clusterOf(client)) {
      const places = `it is in ${placeOf(owner)}, and ${client.node.path} is in ${placeOf(client)}`;
      const fix = `${places}; use Endpoint.host() with an address that the other cluster is reached at`;
      throw new SettingError('endpoint', owner.node.path, fix);
    }
  }

  /** Admits a client on the serving side and returns the rule for the client's side. `Component` calls this. */
  open(client: Pods, network: ResolvedNetwork): k8s.NetworkPolicyEgressRule {
    this.sides.admit?.(client);
    return this.sides.egress(client, network);
  }

  /** What Cilium calls the destination. Empty where it sees addresses or pods. */
  get entities(): readonly CiliumEntity[] {
    return this.sides.entities ?? [];
  }
}

/**
 * A destination with an address. You get the address only by connecting, with `connectTo()`, which also writes both
 * NetworkPolicies: the URL of an endpoint cannot be in a configuration without the policy that permits it.
 */
export class Endpoint extends Destination {
  /**
   * A host outside the cluster.
   *
   * @param host name or address, without scheme and port
   * @param port @default 443
   * @param scheme protocol of the port, e.g. `postgresql` @default - `https` for port 443; other ports have no default
   * @param cidrs ranges that hold the host's addresses @default - the Internet: every address that is not private
   * @throws SettingError when a value is invalid, and for a host that its name tells to be private without `cidrs`
   */
  static host(host: string, port = 443, scheme?: string, cidrs?: readonly string[]): Endpoint {
    checkHost('host', host);
    checkReachable('host', host, host, cidrs);
    const protocol = scheme ?? (port === 443 ? 'https' : undefined);
    if (!protocol) {
      throw new SettingError('scheme', scheme, `name the protocol of port ${port}, e.g. http, postgresql or redis`);
    }
    return new Endpoint({ scheme: protocol, host, port, egress: outside(port, cidrs) });
  }

  /**
   * The server of an `http` or `https` URL, on the URL's port.
   *
   * @param cidrs ranges that hold the server's addresses @default - the Internet: every address that is not private
   * @throws SettingError when the URL does not parse, and for a private host without `cidrs`
   */
  static url(url: string, cidrs?: readonly string[]): Endpoint {
    const parsed = httpUrl('url', url, 'https://hooks.example.com/alerts');
    const { host, port } = serverOf(parsed);
    checkReachable('url', url, host, cidrs);
    return Endpoint.host(host, port, parsed.protocol.replace(':', ''), cidrs);
  }

  /**
   * Every host outside the cluster: for URLs that only the Secret holds.
   *
   * @param cidrs ranges that hold the hosts' addresses @default - the Internet: every address that is not private
   */
  static anyHost(port = 443, cidrs?: readonly string[]): Destination {
    return new Destination({ egress: outside(port, cidrs) });
  }

  /**
   * A port on every node, reached by the node's address, e.g. the kubelet's.
   *
   * @param cidrs ranges that hold the nodes' addresses @default - those of the cluster's network
   */
  static nodes(port: number, cidrs?: readonly string[]): Destination {
    checkPort('port', port);
    checkCidrs('cidrs', cidrs);
    return new Destination({
      egress: (_client, { nodeCidrs }) => ({ to: cidrPeers(cidrs ?? nodeCidrs), ports: policyPorts([{ port }]) }),
      entities: NODE_ENTITIES,
    });
  }

  /**
   * Every pod of a namespace, on some ports: for targets that Kubernetes discovers. It writes the client's side only;
   * the owner of the namespace admits the client if the pods are isolated.
   *
   * @param ports ports of the pods, TCP
   */
  static podsIn(namespace: string, ports: readonly number[]): Destination {
    checkNamespace('namespace', namespace);
    if (ports.length === 0) {
      throw new SettingError('ports', ports, 'name a port: an empty list would allow every port');
    }
    for (const port of ports) {
      checkPort('ports', port);
    }
    return new Destination({
      egress: () => ({ to: [namespacePeer(namespace)], ports: policyPorts(ports.map((port) => ({ port }))) }),
    });
  }

  /**
   * The Kubernetes API server. NetworkPolicies see the address behind its Service, which no pod selector matches, and
   * the port that the distribution uses: 443, 6443 or 8443.
   *
   * @param cidrs ranges that hold the API server's addresses @default - those of the cluster's network
   */
  static kubernetesApi(cidrs?: readonly string[]): Endpoint {
    checkCidrs('cidrs', cidrs);
    return new Endpoint({
      scheme: 'https',
      host: 'kubernetes.default.svc',
      port: 443,
      service: { namespace: 'default', name: 'kubernetes', portName: 'https' },
      egress: (_client, { apiCidrs }) => ({
        to: cidrPeers(cidrs ?? apiCidrs),
        ports: policyPorts([{ port: 443 }, { port: 6443 }, { port: 8443 }]),
      }),
      entities: ['kube-apiserver'],
    });
  }

  constructor(private readonly props: EndpointProps) {
    super(props);
  }

  /** Opens both sides for a client and returns the address. `Component` calls this. */
  connect(
    client: Pods,
    network: ResolvedNetwork,
  ): { readonly connection: Connection; readonly egress: k8s.NetworkPolicyEgressRule } {
    const { scheme, host, port, service, replicas = [] } = this.props;
    const address = isAddress(host) && host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    const url = (path = '') => `${scheme}://${address}${path}`;
    return { connection: { scheme, host, port, address, url, service, replicas }, egress: this.open(client, network) };
  }
}

function placeOf(construct: IConstruct): string {
  const cluster = clusterOf(construct);
  return cluster === undefined ? 'a chart that names no cluster' : `cluster ${cluster}`;
}

/** Lets any client send traffic to address ranges, or to the Internet. */
function outside(port: number, cidrs?: readonly string[]): DestinationProps['egress'] {
  checkPort('port', port);
  checkCidrs('cidrs', cidrs);
  return (_client, network) => ({
    to: cidrs ? cidrPeers(cidrs) : internetPeers(network),
    ports: policyPorts([{ port }]),
  });
}
