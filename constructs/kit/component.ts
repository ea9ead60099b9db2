import { Chart } from 'cdk8s';
import type { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { checkCidrs } from './checks';
import { type CiliumEntity, networkOf, type ResolvedNetwork } from './cluster-network';
import { checkComponent, namespaceOf } from './component-checks';
import { type Connection, type Destination, Endpoint, NODE_ENTITIES } from './endpoint';
import { type Image, imageOf, imageVersion } from './images';
import { componentLabels, type Labels, selectorLabels } from './labels';
import type { Mount } from './mount';
import { cidrPeers, type PodPort, type Pods, podsPeer, policyPorts } from './network';
import { guardObjectNames } from './object-names';
import { transform } from './patch';
import { PatchableConstruct } from './patchable-construct';
import { PodNetworkPolicy } from './pod-network-policy';
import { checkPod, imageWith, workloadWith } from './pod-options';
import { withPodOptions } from './pod-overlay';
import { mountsOf, type PodProps, podTemplate, serviceAccountOf } from './pod-template';
import { type GrantedRights, Rights } from './rbac';
import { addServiceAccount } from './service-account';
import { addServices, type ComponentPort, replicaHosts } from './services';
import { mountProblems } from './volumes';
import { hostOf } from './workload';
import { addDisruptionBudget, addWorkload } from './workload-objects';

/** Props of `Component`. */
export interface ComponentProps extends PodProps {
  /** Name of every object, value of `app.kubernetes.io/name`, and DNS name: at most 50 characters. */
  readonly name: string;
  /** Ports by name. The first is the one that `endpoint()` returns. */
  readonly ports: { readonly [name: string]: ComponentPort };
  /** Annotations of the ServiceAccount, e.g. a cloud role. @default - none */
  readonly serviceAccountAnnotations?: { readonly [key: string]: string };
  /** Ranges that hold the API server's addresses; a role opens them. @default - those of the cluster's network */
  readonly apiCidrs?: readonly string[];
  /** Why the option `replicas` of `pod` is refused, as a fix. @default - it is not */
  readonly fixedReplicas?: string;
}

/** A client that this program does not deploy. */
export type OutsideClient =
  | Pods
  | {
      /** Ranges that hold its addresses. */
      readonly cidrs: readonly string[];
    }
  | {
      /** What Cilium calls it. Refused with other policies. */
      readonly entities: readonly CiliumEntity[];
    };

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
export class Component extends PatchableConstruct {
  /** Name of the objects and of the Service. */
  readonly name: string;
  /** Namespace of the objects. */
  readonly namespace: string;
  /** Labels of the pods and of the objects around them. */
  readonly labels: Labels;
  /** The pods as a peer of a NetworkPolicy. */
  readonly pods: Pods;
  /** Image of the container, with the parts that the context and `pod` replace. A mirror does not change it. */
  readonly image: Image;
  /** Name of the ServiceAccount, for roles that are granted elsewhere. */
  readonly serviceAccountName: string;

  private readonly props: ComponentProps;
  private readonly policy: PodNetworkPolicy;
  private readonly granted: Rights;
  private readonly pod: {
    readonly args: string[];
    readonly env: k8s.EnvVar[];
    readonly mounts: Mount[];
    readonly sysctls: k8s.Sysctl[];
    usesKubernetesApi: boolean;
  };

  /** @throws SettingError when a prop or an option of `pod` is invalid, and when the chart has no namespace */
  constructor(scope: Construct, id: string, given: ComponentProps) {
    super(scope, id);
    guardObjectNames(this);
    checkComponent(given);
    const props = withOptions({ ...given, image: imageOf(this, given.image) });
    const { name, workload, ports, args = [], env = [], mounts = [] } = props;
    const chart = Chart.of(this);
    const labels = { ...chart.labels, ...componentLabels(name, imageVersion(props.image)) };
    this.props = props;
    this.name = name;
    this.image = props.image;
    this.serviceAccountName = serviceAccountOf(props);
    this.namespace = namespaceOf(chart);
    this.labels = labels;
    this.pods = { namespace: this.namespace, labels: selectorLabels(name) };
    this.pod = { args: [...args], env: [...env], mounts: [...mounts], sysctls: [], usesKubernetesApi: false };

    const selector = this.pods.labels;
    addServiceAccount(this, {
      name: this.serviceAccountName,
      labels,
      options: props.pod?.serviceAccount,
      annotations: props.serviceAccountAnnotations,
    });
    const template = podTemplate(this, props, labels, this.pod);
    const object = addWorkload(this, { name, labels, selector, workload, template });
    if (props.pod) {
      const { pod } = props;
      transform(object, (manifest) => withPodOptions(manifest, name, pod));
    }
    this.node.defaultChild = object;
    if (scope instanceof PatchableConstruct) {
      scope.node.defaultChild ??= this;
    }
    addServices(this, { name, labels, selector, workload, ports });
    addDisruptionBudget(this, { name, labels, selector, workload });
    this.policy = new PodNetworkPolicy(this, 'network-policy', { name, labels, pods: this.pods });
    this.granted = new Rights(this, {
      name,
      labels,
      subject: { namespace: this.namespace, name: this.serviceAccountName },
      grant: props.pod?.serviceAccount?.grantRights,
    });
    this.node.addValidation({ validate: () => mountProblems(props, mountsOf(props, this.pod)) });
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
      egress: (client, network) => ({ to: this.peersFor(client, network), ports: policyPorts([port]) }),
      entities: hostOf(this.props.workload)?.network ? NODE_ENTITIES : [],
      admit: (client) => this.admit(client, [port]),
      owner: this,
    });
  }

  /**
   * Writes both sides of the NetworkPolicy and returns the address of the endpoint.
   *
   * @throws SettingError for an endpoint of another cluster
   */
  connectTo(endpoint: Endpoint): Connection {
    endpoint.checkCluster(this);
    const { connection, egress } = endpoint.connect(this.pods, this.network);
    this.policy.addEgress(egress, endpoint.entities);
    return connection;
  }

  /**
   * Writes both sides of the NetworkPolicy, for addresses that the configuration does not take from an endpoint.
   *
   * @throws SettingError for a destination of another cluster
   */
  allowEgressTo(destination: Destination): void {
    destination.checkCluster(this);
    this.policy.addEgress(destination.open(this.pods, this.network), destination.entities);
  }

  /** Connects the replicas of a StatefulSet on a set of ports, and returns their DNS names. */
  connectReplicas(portNames: readonly string[]): readonly string[] {
    const ports = portNames.map((name) => this.portOf(name));
    this.admit(this.pods, ports);
    this.policy.addEgress({ to: [podsPeer(this.pods, this.pods)], ports: policyPorts(ports) });
    return this.replicaHosts();
  }

  /**
   * Admits clients that this program does not deploy, e.g. an ingress controller, and the pods of another team.
   * Their own NetworkPolicies, if they have any, are theirs to open.
   *
   * @param client pods by namespace and labels (`{}`: every pod of the namespace), or address ranges, for clients on
   *   their node's network and balancers outside the cluster. Cilium's own ingress, and nodes as Cilium sees them, are
   *   entities: `{ entities: ['ingress'] }`.
   * @param portName @default - the first port
   * @example
   * grafana.component.admitFrom({ namespace: 'ingress-nginx', labels: { 'app.kubernetes.io/name': 'ingress-nginx' } });
   */
  admitFrom(client: OutsideClient, portName = Object.keys(this.props.ports)[0]!): void {
    const ports = [this.portOf(portName)];
    if ('entities' in client) {
      this.policy.addEntityIngress(client.entities, policyPorts(ports));
    } else if ('cidrs' in client) {
      checkCidrs('cidrs', client.cidrs);
      this.policy.addIngress({ from: cidrPeers(client.cidrs), ports: policyPorts(ports) });
    } else {
      this.admit(client, ports);
    }
  }

  /** Adds arguments of the container, e.g. the address of a connection. */
  addArgs(...args: readonly string[]): void {
    this.pod.args.push(...args);
  }

  /** Adds environment variables of the container. */
  addEnv(...variables: readonly k8s.EnvVar[]): void {
    this.pod.env.push(...variables);
  }

  /** Adds a volume and mounts it into the container. */
  addMount(mount: Mount): void {
    this.pod.mounts.push(mount);
  }

  /**
   * Sets a kernel parameter of the pod's namespaces. Pod Security admits the safe ones only:
   * https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/#safe-and-unsafe-sysctls
   */
  addSysctl(name: string, value: string): void {
    if (!this.pod.sysctls.some((known) => known.name === name)) {
      this.pod.sysctls.push({ name, value });
    }
  }

  /**
   * The rights that the ServiceAccount needs, so far. With `pod.serviceAccount.grantRights: false`, the owner of the
   * account grants them.
   */
  get rights(): readonly GrantedRights[] {
    return this.granted.list;
  }

  /** Grants rules in one namespace, in addition to earlier ones, and opens the way to the API server. */
  addRole(namespace: string, rules: readonly k8s.PolicyRule[]): void {
    this.useKubernetesApi();
    this.granted.inNamespace(namespace, rules);
  }

  /** Grants rules in the whole cluster, in addition to earlier ones, and opens the way to the API server. */
  addClusterRole(rules: readonly k8s.PolicyRule[]): void {
    this.useKubernetesApi();
    this.granted.inCluster(rules);
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
  private peersFor(client: Pods, { nodeCidrs }: ResolvedNetwork): k8s.NetworkPolicyPeer[] {
    const host = hostOf(this.props.workload);
    return host?.network ? cidrPeers(host.nodeCidrs ?? nodeCidrs) : [podsPeer(this.pods, client)];
  }

  private get network(): ResolvedNetwork {
    return networkOf(this);
  }

  private admit(client: Pods, ports: readonly PodPort[]): void {
    this.policy.addIngress({ from: [podsPeer(client, this.pods)], ports: policyPorts(ports) });
  }
}

/** The props with the options of `pod` that concern more than the pods. */
function withOptions(props: ComponentProps): ComponentProps {
  const { name, pod, workload, podSetting = 'pod', fixedReplicas } = props;
  checkPod({ name, pod, workload, setting: podSetting, fixedReplicas });
  return { ...props, image: imageWith(props.image, pod?.image), workload: workloadWith(workload, pod?.replicas) };
}
