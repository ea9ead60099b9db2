import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiClient, apiClient, type Connection } from './api-client';
import { type AuditedRequest, type AuditedResources, auditPolicy } from './audit';
import { temporaryDirectory } from './cleanup';
import { freePorts, type Server, startServer, waitFor } from './server';

export type { KubectlResult, WatchEvent } from './api-client';
export type { AuditedRequest } from './audit';

/** A Kubernetes API server with etcd and controllers, but without nodes: pods stay pending. */
export interface Kubernetes extends ApiClient {
  /** URL of etcd, which serves its metrics there. */
  readonly etcdUrl: string;
  /** URL of the metrics of kube-controller-manager. */
  readonly controllerManagerUrl: string;
  /** Administrator's access for clients other than kubectl. */
  readonly connection: Connection;
  /** The audit log: every request that changes something, oldest first. */
  audited(): readonly AuditedRequest[];
  stop(): Promise<void>;
}

/** Controllers that are needed to delete objects and to create pods. */
const CONTROLLERS = [
  'namespace-controller',
  'serviceaccount-controller',
  'garbage-collector-controller',
  'persistentvolumeclaim-protection-controller',
];

/** Controllers that create the pods of Deployments and scale them. */
export const WORKLOAD_CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'horizontal-pod-autoscaler-controller',
  'disruption-controller',
];

/**
 * Starts etcd, kube-apiserver and kube-controller-manager on loopback.
 *
 * @param controllers to run in addition to those that every test needs
 * @param withBodies resources whose requests and responses the audit log keeps
 */
export async function startKubernetes(
  controllers: readonly string[] = [],
  withBodies: readonly AuditedResources[] = [],
): Promise<Kubernetes> {
  const directory = temporaryDirectory();
  const [etcdPort, peerPort, apiPort, controllerPort] = (await freePorts(4)) as [number, number, number, number];
  const servers: Server[] = [];
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  servers.push(
    await startServer('etcd', {
      command: 'etcd',
      args: [
        `--data-dir=${join(directory, 'etcd')}`,
        `--listen-client-urls=${etcdUrl}`,
        `--advertise-client-urls=${etcdUrl}`,
        `--listen-peer-urls=${peerUrl}`,
        `--initial-advertise-peer-urls=${peerUrl}`,
        `--initial-cluster=default=${peerUrl}`,
        '--unsafe-no-fsync',
      ],
      ready: async () => (await fetch(`${etcdUrl}/health`)).ok,
    }),
  );

  const token = randomBytes(16).toString('hex');
  const signingKey = join(directory, 'service-account.key');
  const tokens = join(directory, 'tokens.csv');
  const certificates = join(directory, 'certificates');
  const url = `https://127.0.0.1:${apiPort}`;
  writeFileSync(signingKey, newPrivateKey());
  writeFileSync(tokens, `${token},admin,admin,system:masters\n`);
  const tokenFile = join(directory, 'token');
  writeFileSync(tokenFile, token);
  const auditFile = join(directory, 'audit-policy.json');
  const auditLog = join(directory, 'audit.log');
  writeFileSync(auditFile, JSON.stringify(auditPolicy(withBodies)));
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigFor(url, join(certificates, 'apiserver.crt'), token));
  const connection = { url, caFile: join(certificates, 'apiserver.crt'), tokenFile };
  const client = apiClient(connection, kubeconfig);
  servers.push(
    await startServer('kube-apiserver', {
      command: 'kube-apiserver',
      args: [
        `--etcd-servers=${etcdUrl}`,
        '--bind-address=127.0.0.1',
        '--advertise-address=127.0.0.1',
        `--secure-port=${apiPort}`,
        `--cert-dir=${certificates}`,
        `--token-auth-file=${tokens}`,
        `--audit-policy-file=${auditFile}`,
        `--audit-log-path=${auditLog}`,
        '--authorization-mode=RBAC',
        '--service-cluster-ip-range=10.96.0.0/16',
        `--service-account-key-file=${signingKey}`,
        `--service-account-signing-key-file=${signingKey}`,
        '--service-account-issuer=https://kubernetes.default.svc',
      ],
      ready: async () => (await client.kubectl('get', '--raw', '/readyz')).code === 0,
      timeoutSeconds: 120,
    }),
  );
  servers.push(
    await startServer('kube-controller-manager', {
      command: 'kube-controller-manager',
      args: [
        `--kubeconfig=${kubeconfig}`,
        // As on a kubeadm cluster, the API server authenticates and authorizes the clients of its metrics.
        `--authentication-kubeconfig=${kubeconfig}`,
        `--authorization-kubeconfig=${kubeconfig}`,
        '--bind-address=127.0.0.1',
        `--secure-port=${controllerPort}`,
        `--cert-dir=${join(directory, 'controller-manager')}`,
        '--leader-elect=false',
        `--controllers=${[...CONTROLLERS, ...controllers].join()}`,
        '--horizontal-pod-autoscaler-sync-period=2s',
        `--service-account-private-key-file=${signingKey}`,
      ],
      ready: async () => (await client.kubectl('get', 'serviceaccount', 'default', '--namespace=default')).code === 0,
    }),
  );
  return {
    ...client,
    etcdUrl,
    controllerManagerUrl: `https://127.0.0.1:${controllerPort}`,
    connection,
    audited: () =>
      readFileSync(auditLog, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as AuditedRequest),
    stop: async () => {
      for (const server of servers.reverse()) {
        await server.stop();
      }
    },
  };
}

function newPrivateKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
}

function kubeconfigFor(server: string, certificate: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': certificate } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  });
}

/** Creates a namespace and waits until pods can be created in it. */
export async function makeNamespace(
  kubernetes: ApiClient,
  name: string,
  labels: readonly string[] = [],
): Promise<void> {
  await kubernetes.kubectl('create', 'namespace', name);
  if (labels.length > 0) {
    await kubernetes.kubectl('label', 'namespace', name, ...labels);
  }
  await waitFor(`the default ServiceAccount of ${name}`, async () => {
    return (await kubernetes.kubectl('get', 'serviceaccount', 'default', `--namespace=${name}`)).code === 0;
  });
}
