import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { API_PORT, API_SERVICE, CONTROL_PLANE, NODES } from './layout';
import { execute } from './namespaces';

/** Clients of the API server: their user name and groups, by name of the kubeconfig. */
const CLIENTS: { readonly [name: string]: { readonly user: string; readonly groups?: readonly string[] } } = {
  admin: { user: 'admin', groups: ['system:masters'] },
  'kube-scheduler': { user: 'system:kube-scheduler' },
  'kube-controller-manager': { user: 'system:kube-controller-manager' },
  'kube-proxy': { user: 'system:kube-proxy' },
  'kube-network-policies': { user: 'kube-network-policies' },
  ...Object.fromEntries(
    NODES.map(({ name }) => [name, { user: `system:node:${name}`, groups: ['system:nodes'] }] as const),
  ),
};

/** Names and addresses of servers. */
const API_NAMES = [
  'DNS:kubernetes',
  'DNS:kubernetes.default',
  'DNS:kubernetes.default.svc',
  'DNS:kubernetes.default.svc.cluster.local',
  'DNS:localhost',
  `IP:${CONTROL_PLANE}`,
  `IP:${API_SERVICE}`,
  'IP:127.0.0.1',
];

/**
 * Makes the certificates and tokens of a cluster below `directory`:
 *
 *     certificates/ca.crt, apiserver.crt, kubelet-client.crt, postgres.crt, and their keys
 *     certificates/service-accounts.key
 *     credentials/tokens.csv, NAME (the token), NAME.kubeconfig
 */
export async function makeCredentials(directory: string): Promise<void> {
  const certificates = join(directory, 'certificates');
  mkdirSync(certificates, { recursive: true });
  mkdirSync(join(directory, 'credentials'), { recursive: true });
  await certificate(certificates, 'ca', '/CN=test-cluster', ['basicConstraints=critical,CA:TRUE']);
  await Promise.all([
    certificate(certificates, 'apiserver', '/CN=kube-apiserver', [`subjectAltName=${API_NAMES.join()}`], 'ca'),
    // Kubelets let the API server in by this certificate.
    certificate(certificates, 'kubelet-client', '/O=system:masters/CN=kube-apiserver-kubelet-client', [], 'ca'),
    certificate(certificates, 'postgres', '/CN=postgres', ['subjectAltName=DNS:postgres.sightedit.svc'], 'ca'),
    execute(['openssl', 'genrsa', '-out', join(certificates, 'service-accounts.key'), '2048']),
  ]);
  const lines = Object.entries(CLIENTS).map(([name, { user, groups = [] }]) => {
    const token = randomBytes(16).toString('hex');
    writeFileSync(join(directory, 'credentials', name), token);
    writeKubeconfig(directory, name, `https://${CONTROL_PLANE}:${API_PORT}`);
    return `${token},${user},${user}${groups.length > 0 ? `,"${groups.join()}"` : ''}`;
  });
  writeFileSync(join(directory, 'credentials', 'tokens.csv'), `${lines.join('\n')}\n`);
}

/** Writes a kubeconfig of a client. @param file name without `.kubeconfig` @default - the client's name */
export function writeKubeconfig(directory: string, client: string, server: string, file = client): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'test', cluster: { server, 'certificate-authority': join(directory, 'certificates', 'ca.crt') } },
    ],
    users: [{ name: client, user: { tokenFile: join(directory, 'credentials', client) } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: client } }],
    'current-context': 'test',
  };
  const path = join(directory, 'credentials', `${file}.kubeconfig`);
  writeFileSync(path, JSON.stringify(config, null, 2));
  return path;
}

async function certificate(
  directory: string,
  name: string,
  subject: string,
  extensions: readonly string[],
  authority?: string,
): Promise<void> {
  await execute([
    ...['openssl', 'req', '-x509', '-nodes', '-days', '30', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ...['-subj', subject, '-keyout', join(directory, `${name}.key`), '-out', join(directory, `${name}.crt`)],
    ...extensions.flatMap((extension) => ['-addext', extension]),
    ...(authority
      ? [
          ...['-CA', join(directory, `${authority}.crt`), '-CAkey', join(directory, `${authority}.key`)],
          ...['-addext', 'basicConstraints=critical,CA:FALSE'],
        ]
      : []),
  ]);
}
