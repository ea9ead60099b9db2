import { readFileSync, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { KubernetesError } from './api';

/** How to reach the API server. */
export interface KubernetesConnection {
  /** `https://host:port`. */
  readonly url: string;
  /** File of the certificate authority, PEM. */
  readonly caFile: string;
  /** File of the bearer token. The kubelet renews projected tokens, so the file is read again when it changes. */
  readonly tokenFile: string;
}

export interface TransportOptions {
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** Longest wait for the next byte, in milliseconds; 0 for a response that stays open. @default 15000 */
  readonly timeoutMs?: number;
}

const REQUEST_TIMEOUT_MS = 15_000;

/** HTTPS requests to the API server, with its certificate authority and the bearer token. */
export class Transport {
  private readonly agent: Agent;
  private readonly base: RequestOptions;
  private token?: { readonly value: string; readonly modified: number };

  constructor(private readonly connection: KubernetesConnection) {
    // An IPv6 address has brackets in a URL, and none in the options of a request.
    this.base = urlToHttpOptions(new URL(connection.url));
    this.agent = new Agent({ keepAlive: true, maxSockets: 32, ca: readFileSync(connection.caFile) });
  }

  /**
   * Sends a request and returns the response, whose body is still to be read.
   *
   * @throws KubernetesError for a status of 300 or more, or when the API server cannot be reached
   */
  async open(method: string, path: string, options: TransportOptions): Promise<IncomingMessage> {
    const { body, contentType = 'application/json', signal, timeoutMs = REQUEST_TIMEOUT_MS } = options;
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers: Record<string, string | number> = {
      accept: 'application/json',
      authorization: `Bearer ${this.bearerToken()}`,
    };
    if (payload) {
      headers['content-type'] = contentType;
      headers['content-length'] = payload.length;
    }
    const response = await exchange(
      { agent: this.agent, host: this.base.hostname, port: this.base.port, method, path, headers, signal },
      payload,
      timeoutMs,
    );
    if ((response.statusCode ?? 0) >= 300) {
      throw await errorOf(response, `${method} ${path}`);
    }
    return response;
  }

  /** Closes idle connections. */
  close(): void {
    this.agent.destroy();
  }

  private bearerToken(): string {
    const modified = statSync(this.connection.tokenFile).mtimeMs;
    if (this.token?.modified !== modified) {
      this.token = { value: readFileSync(this.connection.tokenFile, 'utf8').trim(), modified };
    }
    return this.token.value;
  }
}

/**
 * The body of a response.
 *
 * @throws KubernetesError when the connection breaks off
 */
export async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw new KubernetesError(0, 'Unreachable', `the response broke off: ${(error as Error).message}`);
  }
  return Buffer.concat(chunks).toString();
}

function exchange(options: RequestOptions, payload: Buffer | undefined, timeoutMs: number): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, resolve);
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`no response within ${timeoutMs / 1000} s`)));
    outgoing.once('error', (error) => {
      reject(new KubernetesError(0, 'Unreachable', `${options.method} ${options.path}: ${error.message}`));
    });
    outgoing.end(payload);
  });
}

/** The API server explains an error in a `Status` object; a proxy in front of it may send plain text. */
async function errorOf(response: IncomingMessage, what: string): Promise<KubernetesError> {
  const text = await textOf(response);
  let status: { readonly reason?: string; readonly message?: string } = {};
  try {
    status = JSON.parse(text);
  } catch {
    status = { message: text.slice(0, 200) };
  }
  const code = response.statusCode ?? 0;
  return new KubernetesError(code, status.reason ?? '', `${what}: ${code} ${status.message ?? ''}`.trim());
}
