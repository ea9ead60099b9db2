import { Destination, Endpoint, type Pods } from '../kit';
import { podsPeer, policyPorts } from '../kit/network';
import { type Selector, selects } from './selector';
import type { Labels, Manifest } from './source';

/** The objects of the App. */
export type Objects = readonly Manifest[];

/** Namespaces by name, or every namespace. */
export type Namespaces = readonly string[] | 'all';

/** Pods that a job scrapes, as far as the App tells. */
export interface Target {
  /** Their namespace. @default - any */
  readonly namespace?: string;
  /** Labels of the pods. @default - every pod */
  readonly labels?: Labels;
  /** Number of the port. @default - every port, because only the cluster knows the number */
  readonly port?: number;
  /** Whether the pods have the address of their node, which no pod selector matches. */
  readonly hostNetwork: boolean;
}

/** A port of pods: its number, its name, or unknown. */
export type PortName = string | number | undefined;

interface PodTemplate {
  readonly metadata?: { readonly labels?: Labels };
  readonly spec?: {
    readonly hostNetwork?: boolean;
    readonly containers?: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
    }[];
  };
}

interface ServiceSpec {
  readonly selector?: Labels;
  readonly ports?: readonly {
    readonly name?: string;
    readonly port: number;
    readonly targetPort?: string | number;
  }[];
}

/**
 * The pods behind the Services that a selector selects.
 *
 * @param namespaces where they are; empty for every namespace
 * @param port name of the Service's port, or else the pods' own
 */
export function serviceTargets(
  objects: Objects,
  selector: Selector,
  namespaces: Namespaces,
  port: { readonly service?: string; readonly pod?: PortName },
): readonly Target[] {
  const services = objects.filter(
    ({ kind, metadata }) =>
      kind === 'Service' && isIn(namespaces, metadata.namespace) && selects(selector, metadata.labels),
  );
  const found = services.flatMap((service) => {
    const { selector: labels, ports = [] } = (service.spec ?? {}) as ServiceSpec;
    const named = ports.find(({ name }) => name === port.service);
    const wanted = port.service === undefined ? port.pod : named && (named.targetPort ?? named.port);
    return labels ? podTargets(objects, { labels, expressions: [] }, [namespaceOf(service)], wanted) : [];
  });
  // The App rarely has all pods of a cluster.
  return found.length > 0 && namespaces !== 'all' ? found : unknownTargets(namespaces, port.pod);
}

/** The pods that a selector selects. */
export function podTargets(
  objects: Objects,
  selector: Selector,
  namespaces: Namespaces,
  port: PortName,
): readonly Target[] {
  const templates = objects
    .filter(({ metadata }) => isIn(namespaces, metadata.namespace))
    .map((object) => ({ namespace: namespaceOf(object), template: templateOf(object) }))
    .filter(({ template }) => template && selects(selector, template.metadata?.labels));
  const isExact = selector.expressions.length === 0;
  const known = templates.map(({ namespace, template }) => ({
    namespace,
    labels: isExact ? selector.labels : template!.metadata?.labels,
    port: numberOf(port, template!),
    hostNetwork: template!.spec?.hostNetwork ?? false,
  }));
  if (known.length > 0 && namespaces !== 'all') {
    return known;
  }
  return unknownTargets(namespaces, port).map((target) => ({
    ...target,
    labels: isExact ? selector.labels : undefined,
  }));
}

/** The App does not have the pods: every pod of the namespaces may be one. */
function unknownTargets(namespaces: Namespaces, port: PortName): readonly Target[] {
  const number = typeof port === 'number' ? port : undefined;
  return (namespaces === 'all' ? [undefined] : namespaces).map((namespace) => ({
    namespace,
    port: number,
    hostNetwork: false,
  }));
}

function templateOf({ kind, metadata, spec }: Manifest): PodTemplate | undefined {
  return kind === 'Pod' ? { metadata, spec: spec as PodTemplate['spec'] } : (spec?.template as PodTemplate | undefined);
}

function numberOf(port: PortName, { spec }: PodTemplate): number | undefined {
  if (typeof port !== 'string') {
    return port;
  }
  const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  return ports.find(({ name }) => name === port)?.containerPort;
}

function isIn(namespaces: Namespaces, namespace = 'default'): boolean {
  return namespaces === 'all' || namespaces.includes(namespace);
}

function namespaceOf({ metadata }: Manifest): string {
  return metadata.namespace ?? 'default';
}

const EVERY_NAMESPACE = { namespaceSelector: {} };

/** The egress rule that lets Prometheus reach a target. */
export function destinationOf({ namespace, labels = {}, port, hostNetwork }: Target): Destination {
  if (hostNetwork && port !== undefined) {
    return Endpoint.nodes(port);
  }
  const matchLabels = Object.keys(labels).length > 0 ? { matchLabels: { ...labels } } : {};
  return new Destination({
    egress: (client) => {
      const { namespaceSelector } = namespace === undefined ? EVERY_NAMESPACE : podsPeer({ namespace, labels }, client);
      return {
        to: [{ ...(namespaceSelector ? { namespaceSelector } : {}), podSelector: matchLabels }],
        ports: port === undefined ? undefined : policyPorts([{ port }]),
      };
    },
  });
}

/** What the owner of the pods must admit, if NetworkPolicies select them. */
export function admissionOf({ namespace, labels = {}, port, hostNetwork }: Target, client: Pods): string | undefined {
  if (hostNetwork) {
    return undefined;
  }
  const pods = Object.keys(labels).length > 0 ? `pods ${describe(labels)}` : 'its scraped pods';
  const at = port === undefined ? 'at their metrics port' : `at port ${port}`;
  const where = namespace === undefined ? 'every namespace' : `namespace ${namespace}`;
  return `${where}: admit to ${pods} ${at} the pods ${describe(client.labels)} of namespace ${client.namespace}`;
}

function describe(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
