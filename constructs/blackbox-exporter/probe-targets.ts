import { Destination, httpUrl, type Labels, SettingError } from '../kit';
import {
  checkCidrs,
  checkHost,
  checkNamespace,
  checkPodLabels,
  checkPort,
  isAddress,
  isClusterHost,
  privateHost,
} from '../kit/checks';
import { cidrPeers, internetPeers, podsPeer, policyPorts } from '../kit/network';
import { serverOf } from '../kit/url';
import type { Prober } from './probe-module-checks';
import type { ProbeModule } from './probe-modules';

/** A target, and where it is. */
export interface ProbeTarget {
  /** A URL for `http`, `host:port` for `tcp`, `host` or `host:port` of the server for `dns`, and `host` for `icmp`. */
  readonly target: string;
  /**
   * Ranges that hold the target's addresses. Required for a private host, and for ICMP to a host name: its rule in the
   * NetworkPolicy names no port, and so opens every port of these addresses.
   * @default - the Internet; for ICMP, the address itself
   */
  readonly cidrs?: readonly string[];
  /** Pods behind the target, for a Service of the cluster. A NetworkPolicy sees the pods. @default - none */
  readonly pods?: ProbedPods;
}

/** Pods that a probe reaches by their Service. */
export interface ProbedPods {
  /** Their namespace. */
  readonly namespace: string;
  /** Labels that select them, at least one. */
  readonly labels: Labels;
  /** Their port. @default - that of the target */
  readonly port?: number;
}

interface Server {
  readonly host: string;
  /** @default - the protocol has none */
  readonly port?: number;
}

const FIXES: Record<Prober, string> = {
  http: 'write a URL, e.g. http://shop.orders.svc:8080/health',
  tcp: 'write host:port, e.g. db.example.com:5432',
  dns: 'write the server: a host or host:port, e.g. 10.96.0.10',
  icmp: 'write a host, without scheme and port',
};

/**
 * Checks a target against its module and opens the way to it.
 *
 * @param setting the setting that lists the targets
 * @throws SettingError for a target that the module cannot probe, and for one that would not be reached
 */
export function destinationOf(setting: string, { target, cidrs, pods }: ProbeTarget, module: ProbeModule): Destination {
  const prober = module.prober as Prober;
  const server = serverIn(setting, target, module);
  checkCidrs(`${setting}.cidrs`, cidrs);
  if (cidrs && pods) {
    throw new SettingError(`${setting}.pods`, pods.labels, 'remove cidrs: a NetworkPolicy sees the pods of a Service');
  }
  if (pods) {
    checkNamespace(`${setting}.pods.namespace`, pods.namespace);
    checkPodLabels(`${setting}.pods.labels`, pods.labels);
    if (pods.port !== undefined) {
      checkPort(`${setting}.pods.port`, pods.port);
    }
    const ports = portsFor(module, pods.port ?? server.port);
    return new Destination({ egress: (client) => ({ to: [podsPeer(pods, client)], ports }) });
  }
  const ranges = cidrs ?? rangesOf(setting, target, server.host, prober);
  const ports = portsFor(module, server.port);
  return new Destination({
    egress: (_, network) => ({ to: ranges ? cidrPeers(ranges) : internetPeers(network), ports }),
  });
}

/** `undefined` is the Internet. */
function rangesOf(setting: string, target: string, host: string, prober: Prober): readonly string[] | undefined {
  const reason = privateHost(host);
  if (reason !== undefined) {
    const where = isClusterHost(host)
      ? '{ target, pods }, the pods behind it'
      : '{ target, cidrs } with the ranges that hold it';
    throw new SettingError(setting, target, `${host} is ${reason}, and probes reach the Internet only; write ${where}`);
  }
  if (prober !== 'icmp') {
    return undefined;
  }
  if (!isAddress(host)) {
    const fix =
      'write { target, cidrs }: a NetworkPolicy cannot name ICMP, so its rule opens every port of these ranges';
    throw new SettingError(setting, target, fix);
  }
  return [`${host}/${host.includes(':') ? 128 : 32}`];
}

/** Ports of a rule. A NetworkPolicy knows TCP, UDP and SCTP: a rule for ICMP names no port. */
function portsFor({ prober, dns }: ProbeModule, port: number | undefined) {
  if (prober === 'icmp' || port === undefined) {
    return undefined;
  }
  return policyPorts([{ port, protocol: prober === 'dns' && dns?.transport_protocol !== 'tcp' ? 'UDP' : 'TCP' }]);
}

function serverIn(setting: string, target: string, module: ProbeModule): Server {
  const prober = module.prober as Prober;
  if (prober === 'http') {
    const url = httpUrl(setting, target, 'https://shop.example.com/health');
    const { fail_if_ssl, fail_if_not_ssl } = module.http ?? {};
    if (url.protocol === 'http:' ? fail_if_not_ssl : fail_if_ssl) {
      const scheme = url.protocol === 'http:' ? 'https' : 'http';
      throw new SettingError(setting, target, `the module fails for it: write a URL that begins with ${scheme}://`);
    }
    return serverOf(url);
  }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d+))?$/.exec(target) ?? [];
  const host = bracketed ?? plain ?? (prober === 'tcp' ? undefined : target);
  const wantsPort = { tcp: true, dns: undefined, icmp: false }[prober];
  if (!host || (wantsPort !== undefined && wantsPort !== (digits !== undefined))) {
    throw new SettingError(setting, target, FIXES[prober]);
  }
  checkHost(setting, host);
  const port = digits === undefined ? { dns: 53, tcp: undefined, icmp: undefined }[prober] : Number(digits);
  if (port !== undefined) {
    checkPort(setting, port);
  }
  return { host, port };
}
