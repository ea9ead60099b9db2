import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { type Connection, Endpoint } from './endpoint';
import { type Image, imageVersion } from './images';
import { componentLabels, type Labels, selectorLabels } from './labels';
import { lazily } from './lazily';
import type { Mount } from './mount';
import { cidrPeers, dnsEgress, type PodPort, type Pods, PRIVATE_CIDRS, podsPeer, policyPorts } from './network';
import { guardObjectNames } from './object-names';
import { claimSpec, DATA_VOLUME, podTemplate } from './pod-template';
import type { Probes } from './probes';
import { bindClusterRole, bindRole } from './rbac';
import type { Resources } from './resources';
import { StatefulSet } from './stateful-set';
import { hostOf, replicasOf, type Workload } from './workload';

/** A port that a component listens on. */
export interface ComponentPort extends PodPort {
  /** Only replicas talk to each other on it: it is left out of the load-balanced Service. @default false */
  readonly replicasOnly?: boolean;
  /** @default http */
  readonly scheme?: string;
}

export interface ComponentProps {
  /** Name of every object, value of `app.kubernetes.io/name`, and DNS name. */
  readonly name: string;
  readonly image: Image;
  readonly workload: Workload;
  /** Ports by name. The first is the one that `endpoint()` gives. */
  readonly ports: { readonly [name: string]: ComponentPort };
  readonly resources: Resources;
  /** Arguments of the container; a function is asked once everything has been added. @default - the image's */
  readonly args?: readonly string[] | (() => readonly string[]);
  /** @default - none */
  readonly env?: readonly k8s.EnvVar[];
  /** @default - none */
  readonly probes?: Probes;
  /** @default - none */
  readonly mounts?: readonly Mount[];
  /** User and group id that the image runs as. @default 65534 (nobody) */
  readonly user?: number;
  /** Time for an orderly end, in seconds. @default 30 */
  readonly terminationGraceSeconds?: number;
  /** Annotations of the ServiceAccount, e.g. a cloud role. @default - none */
  readonly serviceAccountAnnotations?: { readonly [key: string]: string };
}

/**
 * What every server of the platform is made of: ServiceAccount, workload, Service, PodDisruptionBudget, NetworkPolicy,
 * and the RBAC it asks for. It knows no product.
 *
 * Nobody reaches a component, and it reaches nobody, until `connectTo()` says so.
 */
export class Component extends Construct {
  readonly name: string;
  readonly namespace: string;
  /** Labels of the pods and of the objects around them. */
  readonly labels: Labels;
  /** The pods as a peer of a NetworkPolicy. */
  readonly pods: Pods;
  /** Name of the ServiceAccount, for roles that are made elsewhere. */
  readonly serviceAccountName: string;

  private readonly props: ComponentProps;
  private readonly mounts: Mount[];
  private readonly ingress = new Map<string, k8s.NetworkPolicyIngressRule>();
  private readonly egress = new Map<string, k8s.NetworkPolicyEgressRule>();
  private usesKubernetesApi = false;

  constructor(scope: Construct, id: string, props: ComponentProps) {
    super(scope, id);
    guardObjectNames(this);
    const chart = Chart.of(this);
    this.props = props;
    this.name = props.name;
    this.serviceAccountName = props.name;
    this.namespace = chart.namespace ?? 'default';
    this.labels = { ...chart.labels, ...componentLabels(props.name, imageVersion(props.image)) };
    this.pods = { namespace: this.namespace, labels: selectorLabels(props.name) };
    this.mounts = [...(props.mounts ?? [])];

    this.addServiceAccount();
    this.addWorkload();
    this.addServices();
    this.addDisruptionBudget();
    this.addNetworkPolicy();
  }

  /**
   * A port that others connect to.
   *
   * @param portName @default - the first port
   */
  endpoint(portName = Object.keys(this.props.ports)[0]!): Endpoint {
    const port = this.portOf(portName);
    const host = `${this.name}.${this.namespace}.svc`;
    return new Endpoint({
      scheme: port.scheme ?? 'http',
      host,
      port: port.port,
      service: { namespace: this.namespace, name: this.name, portName },
      replicas: this.replicaHosts().map((replica) => `${replica}:${port.port}`),
      egress: (client) => ({ to: this.peersFor(client), ports: policyPorts([port]) }),
      admit: (client) => this.admit(client, [port]),
    });
  }

  /** Connects to an endpoint: writes both sides of the NetworkPolicy and says where the endpoint is. */
  connectTo(endpoint: Endpoint): Connection {
    const { connection, egress } = endpoint.open(this.pods);
    this.egress.set(JSON.stringify(egress), egress);
    return connection;
  }

  /** Lets replicas talk to each other on a set of ports, and names them. Requirements a StatefulSet. */
  connectReplicas(portNames: readonly string[]): readonly string[] {
    const ports = portNames.map((name) => this.portOf(name));
    const peer = podsPeer(this.pods, this.pods);
    this.admit(this.pods, ports);
    this.egress.set(`replicas:${portNames}`, { to: [peer], ports: policyPorts(ports) });
    return this.replicaHosts();
  }

  addMount(mount: Mount): void {
    this.mounts.push(mount);
  }

  /** Grants rules in one namespace. */
  addRole(namespace: string, rules: readonly k8s.PolicyRule[]): void {
    this.usesKubernetesApi = true;
    // In a namespace of others the name says whose role it is.
    const name = namespace === this.namespace ? this.name : `${this.namespace}-${this.name}`;
    bindRole(this, { name, namespace, rules, labels: this.labels, subject: this.subject });
  }

  /** Grants rules for cluster-scoped objects. */
  addClusterRole(rules: readonly k8s.PolicyRule[]): void {
    this.usesKubernetesApi = true;
    bindClusterRole(this, {
      name: `${this.namespace}-${this.name}`,
      rules,
      labels: this.labels,
      subject: this.subject,
    });
  }

  private get subject() {
    return { namespace: this.namespace, name: this.serviceAccountName };
  }

  private get isReplicated(): boolean {
    return (replicasOf(this.props.workload) ?? 1) > 1;
  }

  private get headlessName(): string {
    return `${this.name}-headless`;
  }

  private portOf(name: string): ComponentPort {
    const port = this.props.ports[name];
    if (!port) {
      throw new Error(`${this.name} has no port ${name}: it has ${Object.keys(this.props.ports).join(', ')}`);
    }
    return port;
  }

  private replicaHosts(): readonly string[] {
    const { workload } = this.props;
    return workload.kind === 'StatefulSet'
      ? Array.from(
          { length: workload.replicas },
          (_, n) => `${this.name}-${n}.${this.headlessName}.${this.namespace}.svc`,
        )
      : [];
  }

  /** Pods on the node's network answer with the node's address, which no pod selector matches. */
  private peersFor(client: Pods): k8s.NetworkPolicyPeer[] {
    const host = hostOf(this.props.workload);
    return host?.network ? cidrPeers(host.nodeCidrs ?? PRIVATE_CIDRS) : [podsPeer(this.pods, client)];
  }

  private admit(client: Pods, ports: readonly PodPort[]): void {
    const rule = { from: [podsPeer(client, this.pods)], ports: policyPorts(ports) };
    this.ingress.set(JSON.stringify(rule), rule);
  }

  private addServiceAccount(): void {
    new k8s.KubeServiceAccount(this, 'service-account', {
      metadata: {
        name: this.serviceAccountName,
        labels: this.labels,
        annotations: this.props.serviceAccountAnnotations,
      },
      automountServiceAccountToken: false,
    });
  }

  private addWorkload(): void {
    const { workload } = this.props;
    const metadata = { name: this.name, labels: this.labels };
    const template = podTemplate(this, {
      ...this.props,
      labels: this.labels,
      mounts: () => this.mounts,
      usesKubernetesApi: () => this.usesKubernetesApi,
    });
    const common = { selector: { matchLabels: { ...this.pods.labels } }, template };
    switch (workload.kind) {
      case 'Deployment':
        new k8s.KubeDeployment(this, 'deployment', {
          metadata,
          spec: {
            ...common,
            replicas: workload.replicas,
            strategy: workload.storage ? { type: 'Recreate' } : undefined,
          },
        });
        if (workload.storage) {
          new k8s.KubePersistentVolumeClaim(this, 'data', { metadata, spec: claimSpec(workload.storage) });
        }
        break;
      case 'StatefulSet':
        new StatefulSet(this, 'stateful-set', {
          metadata,
          spec: {
            ...common,
            replicas: workload.replicas,
            serviceName: this.headlessName,
            podManagementPolicy: 'Parallel',
            volumeClaimTemplates: [{ metadata: { name: DATA_VOLUME }, spec: claimSpec(workload.storage) }],
          },
        });
        break;
      case 'DaemonSet':
        new k8s.KubeDaemonSet(this, 'daemon-set', { metadata, spec: common });
        break;
    }
  }

  private addServices(): void {
    const ports = Object.entries(this.props.ports).map(([name, { port, protocol, replicasOnly }]) => ({
      replicasOnly,
      port: { name, port, protocol: protocol ?? 'TCP', targetPort: k8s.IntOrString.fromString(name) },
    }));
    const selector = { ...this.pods.labels };
    const stateful = this.props.workload.kind === 'StatefulSet';
    new k8s.KubeService(this, 'service', {
      metadata: { name: this.name, labels: this.labels },
      spec: {
        selector,
        ports: ports.filter(({ replicasOnly }) => !replicasOnly).map(({ port }) => port),
        // Agents are reached one by one, never "any of them".
        clusterIp: this.props.workload.kind === 'DaemonSet' ? 'None' : undefined,
        // Replicas with a state of their own answer a little differently: a client stays with one.
        sessionAffinity: stateful && this.isReplicated ? 'ClientIP' : undefined,
      },
    });
    if (stateful) {
      new k8s.KubeService(this, 'headless-service', {
        metadata: { name: this.headlessName, labels: this.labels },
        spec: { selector, ports: ports.map(({ port }) => port), clusterIp: 'None', publishNotReadyAddresses: true },
      });
    }
  }

  private addDisruptionBudget(): void {
    // One replica and a budget would make a node impossible to drain.
    if (this.isReplicated) {
      new k8s.KubePodDisruptionBudget(this, 'disruption-budget', {
        metadata: { name: this.name, labels: this.labels },
        spec: { maxUnavailable: k8s.IntOrString.fromNumber(1), selector: { matchLabels: { ...this.pods.labels } } },
      });
    }
  }

  private addNetworkPolicy(): void {
    new k8s.KubeNetworkPolicy(this, 'network-policy', {
      metadata: { name: this.name, labels: this.labels },
      spec: {
        podSelector: { matchLabels: { ...this.pods.labels } },
        policyTypes: ['Ingress', 'Egress'],
        ingress: lazily(() => [...this.ingress.values()]),
        egress: lazily(() => [dnsEgress(), ...this.egress.values()]),
      },
    });
  }
}
