import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { checkComponent, namespaceOf } from './component-checks';
import { type Connection, type Destination, Endpoint } from './endpoint';
import { imageVersion } from './images';
import { componentLabels, type Labels, selectorLabels } from './labels';
import type { Mount } from './mount';
import { cidrPeers, type PodPort, type Pods, PRIVATE_CIDRS, podsPeer, policyPorts } from './network';
import { guardObjectNames } from './object-names';
import { PodNetworkPolicy } from './pod-network-policy';
import { type PodProps, podTemplate } from './pod-template';
import { bindClusterRole, bindRole } from './rbac';
import { addServices, type ComponentPort, replicaHosts } from './services';
import { hostOf } from './workload';
import { addDisruptionBudget, addWorkload } from './workload-objects';

export interface ComponentProps extends PodProps {
  /** Name of every object, value of `app.kubernetes.io/name`, and DNS name: at most 50 characters. */
  readonly name: string;
  /** Ports by name. The first is the one that `endpoint()` returns. */
  readonly ports: { readonly [name: string]: ComponentPort };
  /** Annotations of the ServiceAccount, e.g. a cloud role. @default - none */
  readonly serviceAccountAnnotations?: { readonly [key: string]: string };
  /** Ranges that hold the API server's addresses; a role opens them. @default - every private range */
  readonly apiCidrs?: readonly string[];
}

/**
 * A server: ServiceAccount, workload, Services, PodDisruptionBudget, NetworkPolicy and RBAC. It knows no product.
 *
 * The NetworkPolicy denies everything but DNS. `connectTo()`, `allowEgressTo()` and the roles open what they need.
 *
 * @example
 * const exporter = new Component(this, 'exporter', { name, image, workload, ports, resources });
 * const redis = exporter.connectTo(props.redis);
 * exporter.addArgs(`--redis.addr=${redis.url()}`);
 */
export class Component extends Construct {
  readonly name: string;
  readonly namespace: string;
  /** Labels of the pods and of the objects around them. */
  readonly labels: Labels;
  /** The pods as a peer of a NetworkPolicy. */
  readonly pods: Pods;
  /** Name of the ServiceAccount, for roles that are granted elsewhere. */
  readonly serviceAccountName: string;

  private readonly props: ComponentProps;
  private readonly policy: PodNetworkPolicy;
  private readonly pod: { args: string[]; env: k8s.EnvVar[]; mounts: Mount[]; usesKubernetesApi: boolean };

  /** @throws SettingError when a prop is invalid, and when the chart has no namespace */
  constructor(scope: Construct, id: string, props: ComponentProps) {
    super(scope, id);
    guardObjectNames(this);
    checkComponent(props);
    const { name, workload, ports, args = [], env = [], mounts = [] } = props;
    const chart = Chart.of(this);
    const labels = { ...chart.labels, ...componentLabels(name, imageVersion(props.image)) };
    this.props = props;
    this.name = name;
    this.serviceAccountName = name;
    this.namespace = namespaceOf(chart);
    this.labels = labels;
    this.pods = { namespace: this.namespace, labels: selectorLabels(name) };
    this.pod = { args: [...args], env: [...env], mounts: [...mounts], usesKubernetesApi: false };

    const selector = this.pods.labels;
    new k8s.KubeServiceAccount(this, 'service-account', {
      metadata: { name, labels, annotations: props.serviceAccountAnnotations },
      automountServiceAccountToken: false,
    });
    addWorkload(this, { name, labels, selector, workload, template: podTemplate(this, props, labels, this.pod) });
    addServices(this, { name, labels, selector, workload, ports });
    addDisruptionBudget(this, { name, labels, selector, workload });
    this.policy = new PodNetworkPolicy(this, 'network-policy', { name, labels, pods: this.pods });
  }

  /**
   * A port that clients connect to.
   *
   * @param portName @default - the first port
   */
  endpoint(portName = Object.keys(this.props.ports)[0]!): Endpoint {
    const port = this.portOf(portName);
    return new Endpoint({
      scheme: port.scheme ?? 'http',
      host: `${this.name}.${this.namespace}.svc`,
      port: port.port,
      service: { namespace: this.namespace, name: this.name, portName },
      replicas: this.replicaHosts().map((host) => `${host}:${port.port}`),
      egress: (client) => ({ to: this.peersFor(client), ports: policyPorts([port]) }),
      admit: (client) => this.admit(client, [port]),
    });
  }

  /** Writes both sides of the NetworkPolicy and returns the address of the endpoint. */
  connectTo(endpoint: Endpoint): Connection {
    const { connection, egress } = endpoint.connect(this.pods);
    this.policy.addEgress(egress);
    return connection;
  }

  /** Writes both sides of the NetworkPolicy, for addresses that the configuration does not take from an endpoint. */
  allowEgressTo(destination: Destination): void {
    this.policy.addEgress(destination.open(this.pods));
  }

  /** Connects the replicas of a StatefulSet on a set of ports, and returns their DNS names. */
  connectReplicas(portNames: readonly string[]): readonly string[] {
    const ports = portNames.map((name) => this.portOf(name));
    this.admit(this.pods, ports);
    this.policy.addEgress({ to: [podsPeer(this.pods, this.pods)], ports: policyPorts(ports) });
    return this.replicaHosts();
  }

  /** Adds arguments of the container, e.g. the address of a connection. */
  addArgs(...args: readonly string[]): void {
    this.pod.args.push(...args);
  }

  /** Adds environment variables of the container. */
  addEnv(...variables: readonly k8s.EnvVar[]): void {
    this.pod.env.push(...variables);
  }

  addMount(mount: Mount): void {
    this.pod.mounts.push(mount);
  }

  /** Grants rules in one namespace, and opens the way to the API server. */
  addRole(namespace: string, rules: readonly k8s.PolicyRule[]): void {
    this.useKubernetesApi();
    // In another namespace, the name says whose role it is.
    const name = namespace === this.namespace ? this.name : `${this.namespace}-${this.name}`;
    bindRole(this, { name, namespace, rules, labels: this.labels, subject: this.subject });
  }

  /** Grants rules in the whole cluster, and opens the way to the API server. */
  addClusterRole(rules: readonly k8s.PolicyRule[]): void {
    this.useKubernetesApi();
    const name = `${this.namespace}-${this.name}`;
    bindClusterRole(this, { name, rules, labels: this.labels, subject: this.subject });
  }

  private get subject() {
    return { namespace: this.namespace, name: this.serviceAccountName };
  }

  /** A role needs the pod's token, and a NetworkPolicy that lets the pod use it. */
  private useKubernetesApi(): void {
    this.pod.usesKubernetesApi = true;
    this.allowEgressTo(Endpoint.kubernetesApi(this.props.apiCidrs));
  }

  private portOf(name: string): ComponentPort {
    const port = this.props.ports[name];
    if (!port) {
      throw new Error(`${this.name} has no port ${name}: it has ${Object.keys(this.props.ports).join(', ')}`);
    }
    return port;
  }

  private replicaHosts(): readonly string[] {
    return replicaHosts(this.name, this.namespace, this.props.workload);
  }

  /** Pods on the host's network have the node's address, which no pod selector matches. */
  private peersFor(client: Pods): k8s.NetworkPolicyPeer[] {
    const host = hostOf(this.props.workload);
    return host?.network ? cidrPeers(host.nodeCidrs ?? PRIVATE_CIDRS) : [podsPeer(this.pods, client)];
  }

  private admit(client: Pods, ports: readonly PodPort[]): void {
    this.policy.addIngress({ from: [podsPeer(client, this.pods)], ports: policyPorts(ports) });
  }
}
