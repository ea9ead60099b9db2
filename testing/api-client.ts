import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { BIN } from '../tools/catalogue';
import { temporaryDirectory } from './cleanup';

const run = promisify(execFile);

/** Access to an API server. */
export interface Connection {
  readonly url: string;
  readonly caFile: string;
  readonly tokenFile: string;
}

/** Exit code and output of a kubectl command. */
export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A change of an object. */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: T;
}

/** An administrator of a Kubernetes cluster. */
export interface ApiClient {
  readonly url: string;
  readonly kubeconfig: string;
  /** Runs kubectl. A failure is a result, not an exception. */
  kubectl(...args: readonly string[]): Promise<KubectlResult>;
  /** Runs kubectl with an object on standard input. */
  kubectlWith(object: unknown, ...args: readonly string[]): Promise<KubectlResult>;
  /**
   * Sends a request to the API server.
   *
   * @param path starts with `/api`
   * @throws Error when the response is not 2xx
   */
  send<T = unknown>(method: string, path: string, body?: unknown, contentType?: string): Promise<T>;
  /** Watches a collection from a resourceVersion on, until the signal aborts it. */
  watch<T>(path: string, resourceVersion: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>>;
}

/** A client of the API server at `connection`, which need not run yet. */
export function apiClient(connection: Connection, kubeconfig: string): ApiClient {
  const { url } = connection;
  const open = (method: string, path: string, props: OpenProps = {}) =>
    openRequest(method, `${url}${path}`, connection, props);
  const kubectl = (...args: readonly string[]) => runKubectl(kubeconfig, args);
  let directory: string | undefined;
  return {
    url,
    kubeconfig,
    kubectl,
    kubectlWith: (object, ...args) => {
      directory ??= temporaryDirectory();
      const file = join(directory, `${randomBytes(6).toString('hex')}.json`);
      writeFileSync(file, JSON.stringify(object));
      return kubectl(...args, '--filename', file);
    },
    send: async <T>(method: string, path: string, body?: unknown, contentType?: string) =>
      JSON.parse(await textOf(await open(method, path, { body, contentType }))) as T,
    watch: async function* <T>(path: string, resourceVersion: string, signal: AbortSignal) {
      const query = new URLSearchParams({ watch: 'true', resourceVersion });
      const lines = createInterface({ input: await open('GET', `${path}?${query}`, { signal }) });
      for await (const line of lines) {
        yield JSON.parse(line) as WatchEvent<T>;
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
  { caFile, tokenFile }: Connection,
  { body, contentType = 'application/json', signal }: OpenProps,
): Promise<IncomingMessage> {
  const payload = Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const headers = {
    authorization: `Bearer ${readFileSync(tokenFile, 'utf8')}`,
    accept: 'application/json',
    'content-type': contentType,
    // Node sets no content length for the body of a DELETE.
    'content-length': payload.length,
  };
  const ca = readFileSync(caFile);
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
