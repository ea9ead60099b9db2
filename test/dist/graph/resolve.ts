import { describeManifest, type Manifest } from '../../../testing/manifests';
import type { Address } from './addresses';
import { type Part, type Pods, podsBehind, podsOf, targetPort } from './pods';
import { NODE_RANGE, PUBLIC_RANGE } from './ranges';
import { egressPorts, outsidePlaces, ownPlaces, type Place, portKey, rangePorts } from './reach';
import { findService, parseServiceName, type ServiceName } from './service-names';

/** The API server's Service, and the ports behind it, which NetworkPolicies see. */
const API_SERVER = { host: 'kubernetes.default.svc', port: 443, portsBehind: [443, 6443, 8443] };

/**
 * Why a pod cannot reach an address: it does not exist, or no policy permits it.
 *
 * @returns `undefined` when it can
 */
export function obstacle(
  manifests: readonly Manifest[],
  client: Pods,
  address: Address,
  protocol = 'TCP',
): string | undefined {
  const host = address.host.replace(/\.cluster\.local$/, '');
  const { port } = address;
  if (port === undefined) {
    return `${host} has no port`;
  }
  if (host === 'localhost' || host === '127.0.0.1') {
    return client.ports.some((own) => own.port === port) ? undefined : `the pod does not listen on ${port}`;
  }
  if (host.endsWith('.svc')) {
    return serviceObstacle(manifests, client, host, port, protocol);
  }
  if (!host.includes('.')) {
    return `${host} is not a full name: write <service>.<namespace>.svc`;
  }
  const range = /^[\d.]+$/.test(host) ? `${host}/32` : PUBLIC_RANGE;
  return rangeObstacle(manifests, client, host, range, [portKey({ port, protocol })]);
}

/** Why a pod cannot reach nodes, or the API server, on some ports. */
export function nodeObstacle(
  manifests: readonly Manifest[],
  client: Pods,
  ports: readonly number[],
): string | undefined {
  return rangeObstacle(
    manifests,
    client,
    NODE_RANGE,
    NODE_RANGE,
    ports.map((port) => portKey({ port })),
  );
}

/** Why a pod cannot call pods on a port. */
export function podsObstacle(
  manifests: readonly Manifest[],
  client: Pods,
  target: Place,
  port: { readonly port: number; readonly protocol: string },
): string | undefined {
  return egressPorts(manifests, placeOf(manifests, client.name), target).includes(portKey(port))
    ? undefined
    : `no policy lets it call ${target.name} on ${portKey(port)}`;
}

/** Our pods, by the name of their workload. */
export function placeOf(manifests: readonly Manifest[], name: string): Place {
  return ownPlaces(manifests).find((place) => place.name === name)!;
}

function serviceObstacle(
  manifests: readonly Manifest[],
  client: Pods,
  host: string,
  port: number,
  protocol: string,
): string | undefined {
  if (host === API_SERVER.host) {
    return port === API_SERVER.port
      ? nodeObstacle(manifests, client, API_SERVER.portsBehind)
      : `Service default/kubernetes has no port ${port}`;
  }
  const name = parseServiceName(host);
  if (!name) {
    return `${host} is not of the form [<pod>.]<service>.<namespace>.svc`;
  }
  const outside = outsidePlaces.find(
    ({ namespace, service }) => namespace === name.namespace && service?.name === name.service,
  );
  if (outside) {
    return outside.service?.port === port
      ? podsObstacle(manifests, client, outside, outside.ports[0]!)
      : `Service ${name.namespace}/${name.service} has no port ${port}`;
  }
  return ownServiceObstacle(manifests, client, name, port, protocol);
}

function ownServiceObstacle(
  manifests: readonly Manifest[],
  client: Pods,
  name: ServiceName,
  port: number,
  protocol: string,
): string | undefined {
  const service = findService(manifests, name);
  if (!service) {
    return `there is no Service ${name.namespace}/${name.service}`;
  }
  const servicePort = service.spec.ports.find((candidate: Part) => portKey(candidate) === portKey({ port, protocol }));
  if (!servicePort) {
    return `${describeManifest(service)} has no port ${portKey({ port, protocol })}`;
  }
  const [pods] = podsBehind(service, podsOf(manifests));
  const target = pods && targetPort(servicePort, pods);
  if (!pods || !target) {
    return `nothing listens behind ${describeManifest(service)} on ${portKey({ port, protocol })}`;
  }
  return (
    (name.pod && replicaObstacle(name.pod, service, pods)) ??
    podsObstacle(manifests, client, placeOf(manifests, pods.name), target)
  );
}

/** Only the pods of a StatefulSet have DNS names, `<name>-<n>`, under its headless Service. */
function replicaObstacle(pod: string, service: Manifest, { name, workload }: Pods): string | undefined {
  const { serviceName, replicas = 1 } = workload.spec;
  if (serviceName !== service.metadata.name) {
    return `${describeManifest(service)} gives no names to the pods of ${name}`;
  }
  const replica = Array.from({ length: replicas }, (_, n) => `${workload.metadata.name}-${n}`);
  return replica.includes(pod) ? undefined : `${name} has no replica ${pod}: it has ${replica.join(', ')}`;
}

function rangeObstacle(
  manifests: readonly Manifest[],
  client: Pods,
  what: string,
  range: string,
  ports: readonly string[],
): string | undefined {
  const open = rangePorts(manifests, placeOf(manifests, client.name), range);
  const closed = ports.filter((port) => !open.includes(port));
  return closed.length === 0 ? undefined : `no policy lets it call ${what} on ${closed.join(', ')}`;
}
