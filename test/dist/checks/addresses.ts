import type { Manifest } from '../../../testing/manifests';
import { addressesIn } from '../graph/addresses';
import { type Pods, podsOf } from '../graph/pods';
import { obstacle } from '../graph/resolve';
import { findService, parseServiceName } from '../graph/service-names';
import { describeSetting, type Setting, settingsOf } from '../graph/settings';

/** Settings with addresses that the server does not connect to. */
const NOT_CONNECTIONS: readonly RegExp[] = [
  // The URL at which people reach the server.
  /^args --web\.external-url$/,
  /^grafana\.ini server\.root_url$/,
  /^loki\.yaml ruler\.external_url$/,
  /^remediation\.json policies\.\d+\.parameters\.logs\.grafanaUrl$/,
  /^remediation\.json links\.(runbooks|dashboard)$/,
  // The form of a time, which has colons.
  /^config\.yaml receivers\.\S+\.layout$/,
  // The server's own address.
  /^args --(web|cluster)\.listen-address$/,
  // `staticTargets` checks these: the rest of the job decides whether Prometheus or a prober calls them.
  /^prometheus\.yml scrape_configs\.\d+\.static_configs\./,
];

/** Settings whose connections use more than TCP. */
const PROTOCOLS: readonly { readonly setting: RegExp; readonly protocols: readonly string[] }[] = [
  // Alertmanagers gossip by UDP, and send large messages by TCP.
  { setting: /^args --cluster\.peer$/, protocols: ['TCP', 'UDP'] },
];

/** Files with a URL, or with the key of a service on the Internet. The port is known, the host is not. */
const SECRET_ADDRESS = /(^|[._])(url_file|routing_key_file|app_token_file|slack\.tokenFile)$/;

/** Every address in a server's settings exists, and a policy lets its pod reach it. */
export function connections(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests).flatMap((pods) =>
    connectionSettings(manifests, pods).flatMap((setting) =>
      addressesIn(setting.value).flatMap((address) =>
        protocolsOf(setting).flatMap((protocol) => {
          const problem = obstacle(manifests, pods, address, protocol);
          return problem ? [`${describeSetting(pods, setting)}: ${problem}`] : [];
        }),
      ),
    ),
  );
}

/** If an address is in the Secret, a policy lets the pod reach every public host by HTTPS. */
export function secretAddresses(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests).flatMap((pods) =>
    settingsOf(manifests, pods)
      .filter(({ key }) => SECRET_ADDRESS.test(key))
      .flatMap((setting) => {
        const problem = obstacle(manifests, pods, { host: 'host-in-the-secret.example', port: 443 });
        return problem ? [`${describeSetting(pods, setting)}: ${problem}`] : [];
      }),
  );
}

/** A list that names one replica of a StatefulSet names all of them. */
export function replicaLists(manifests: readonly Manifest[]): string[] {
  return podsOf(manifests).flatMap((pods) => {
    const settings = connectionSettings(manifests, pods);
    return [...new Set(settings.map(listOf))].flatMap((list) => {
      const hosts = settings
        .filter((setting) => listOf(setting) === list)
        .flatMap(({ value }) => addressesIn(value))
        .map(({ host }) => host);
      return missingReplicas(manifests, hosts).map((replica) => `${pods.name}: ${list} leaves out ${replica}`);
    });
  });
}

function connectionSettings(manifests: readonly Manifest[], pods: Pods): Setting[] {
  return settingsOf(manifests, pods).filter(
    (setting) => !NOT_CONNECTIONS.some((pattern) => pattern.test(nameOf(setting))),
  );
}

function protocolsOf(setting: Setting): readonly string[] {
  return PROTOCOLS.find((entry) => entry.setting.test(nameOf(setting)))?.protocols ?? ['TCP'];
}

function nameOf({ source, key }: Setting): string {
  return `${source} ${key}`;
}

/**
 * The list that a setting is an entry of: its name without the last number. Components with a number each, such as the
 * exporters of a collector, are a list too.
 */
function listOf(setting: Setting): string {
  return nameOf(setting)
    .replace(/\.\d+$/, '')
    .replace(/-\d+(?=\.)/, '');
}

function missingReplicas(manifests: readonly Manifest[], hosts: readonly string[]): string[] {
  const services = new Set(
    hosts.map(parseServiceName).flatMap((name) => (name?.pod ? [`${name.service}.${name.namespace}.svc`] : [])),
  );
  return [...services].flatMap((host) => {
    const service = findService(manifests, parseServiceName(host)!);
    const workload = podsOf(manifests).find(({ workload }) => workload.spec.serviceName === service?.metadata.name);
    const replicas: number = workload?.workload.spec.replicas ?? 0;
    return Array.from({ length: replicas }, (_, n) => `${workload!.workload.metadata.name}-${n}.${host}`).filter(
      (replica) => !hosts.includes(replica),
    );
  });
}
