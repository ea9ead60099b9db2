import { execFile } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { BIN } from '../tools/catalogue';
import { type AuditedRequest, type AuditedResources, auditPolicy } from './audit';
import { temporaryDirectory } from './cleanup';
import { freePorts, type Server, startServer, waitFor } from './server';

export type { AuditedRequest } from './audit';

const run = promisify(execFile);

/** Exit code and output of a kubectl command. */
export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Kubernetes API server with etcd and controllers, but without nodes: pods stay pending. */
export interface Kubernetes {
  readonly url: string;
  /** URL of etcd, which serves its metrics there. */
  readonly etcdUrl: string;
  /** URL of the metrics of kube-controller-manager. */
  readonly controllerManagerUrl: string;
  readonly kubeconfig: string;
  /** Administrator's access for clients other than kubectl. */
  readonly connection: { readonly url: string; readonly caFile: string; readonly tokenFile: string };
  /** The audit log: every request that changes something, oldest first. */
  audited(): readonly AuditedRequest[];
  /** Runs kubectl. A failure is a result, not an exception. */
  kubectl(...args: readonly string[]): Promise<KubectlResult>;
  /** Runs kubectl with an object on standard input. */
  kubectlWith(object: unknown, ...args: readonly string[]): Promise<KubectlResult>;
  /**
   * Sends a request to the API server as administrator.
   *
   * @param path starts with `/api`
   * @throws Error when the response is not 2xx
   */
  send<T = unknown>(method: string, path: string, body?: unknown, contentType?: string): Promise<T>;
  /** Watches a collection from a resourceVersion on, until the signal aborts it. */
  watch<T>(path: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>>;
  stop(): Promise<void>;
}

/** A change of an object. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
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
  const kubectl = (...args: readonly string[]) => runKubectl(kubeconfig, args);
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
      ready: async () => (await kubectl('get', '--raw', '/readyz')).code === 0,
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
      ready: async () => (await kubectl('get', 'serviceaccount', 'default', '--namespace=default')).code === 0,
    }),
  );
  const open = (method: string, path: string, props: OpenProps = {}) =>
    openRequest(method, `${url}${path}`, { ...props, token, ca: readFileSync(join(certificates, 'apiserver.crt')) });
  return {
    url,
    etcdUrl,
    controllerManagerUrl: `https://127.0.0.1:${controllerPort}`,
    kubeconfig,
    connection: { url, caFile: join(certificates, 'apiserver.crt'), tokenFile },
    audited: () =>
      readFileSync(auditLog, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as AuditedRequest),
    kubectl,
    send: async <T>(method: string, path: string, body?: unknown, contentType?: string) =>
      JSON.parse(await textOf(await open(method, path, { body, contentType }))) as T,
    watch: async function* <T>(path: string, resourceVersion: string, signal: AbortSignal) {
      const query = new URLSearchParams({ watch: 'true', resourceVersion });
      const lines = createInterface({ input: await open('GET', `${path}?${query}`, { signal }) });
      for await (const line of lines) {
        yield JSON.parse(line) as WatchEvent<T>;
      }
    },
    kubectlWith: (object, ...args) => {
      const file = join(directory, `${randomBytes(6).toString('hex')}.json`);
      writeFileSync(file, JSON.stringify(object));
      return kubectl(...args, '--filename', file);
    },
    stop: async () => {
      for (const server of servers.reverse()) {
        await server.stop();
      }
    },
  };
}

interface OpenProps {
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

async function openRequest(
  method: string,
  url: string,
  props: OpenProps & { readonly token: string; readonly ca: Buffer },
): Promise<IncomingMessage> {
  const { body, contentType = 'application/json', signal, token, ca } = props;
  const payload = Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/json',
    'content-type': contentType,
    // Node sets no content length for the body of a DELETE.
    'content-length': payload.length,
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(url, { method, headers, ca, signal }, resolve);
    outgoing.once('error', reject);
    outgoing.end(payload);
  });
  if ((response.statusCode ?? 0) >= 300) {
    throw new Error(`${method} ${url} answered ${response.statusCode}: ${await textOf(response)}`);
  }
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

async function runKubectl(kubeconfig: string, args: readonly string[]): Promise<KubectlResult> {
  const options = { maxBuffer: 64 * 1024 * 1024, env: { ...process.env, KUBECONFIG: kubeconfig } };
  try {
    const { stdout, stderr } = await run(join(BIN, 'kubectl'), [...args], options);
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
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
  kubernetes: Kubernetes,
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
