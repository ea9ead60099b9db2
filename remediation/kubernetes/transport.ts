import { readFileSync, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { urlToHttpOptions } from 'node:url';
import { Slots } from '../slots';
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

/** The connections of a client. */
export interface PoolOptions {
  /** Requests at the same time, each on a connection of its own, 1 or more. Others wait. @default 8 */
  readonly sockets?: number;
  /** Time for a whole request, the wait for a connection included, in milliseconds, 1 or more. @default 15000 */
  readonly deadlineMs?: number;
}

export interface TransportOptions {
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
  /** Whether the response stays open, as that of a watch. The deadline then ends with its header. @default false */
  readonly stream?: boolean;
}

const DEFAULT_POOL = { sockets: 8, deadlineMs: 15_000 } as const;

/** HTTPS requests to the API server, with its certificate authority and the bearer token. */
export class Transport {
  private readonly agent: Agent;
  private readonly base: RequestOptions;
  private readonly slots: Slots;
  private readonly deadlineMs: number;
  private token?: { readonly value: string; readonly modified: number };

  constructor(
    private readonly connection: KubernetesConnection,
    { sockets = DEFAULT_POOL.sockets, deadlineMs = DEFAULT_POOL.deadlineMs }: PoolOptions = {},
  ) {
    // An IPv6 address has brackets in a URL, and none in the options of a request.
    this.base = urlToHttpOptions(new URL(connection.url));
    this.slots = new Slots(sockets);
    this.deadlineMs = deadlineMs;
    this.agent = new Agent({ keepAlive: true, maxFreeSockets: sockets, ca: readFileSync(connection.caFile) });
  }

  /**
   * Sends a request and returns the response, whose body is still to be read.
   *
   * @throws KubernetesError for a status of 300 or more, or when the API server cannot be reached in time
   */
  async open(method: string, path: string, options: TransportOptions): Promise<IncomingMessage> {
    const { body, contentType = 'application/json', signal, stream = false } = options;
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers: Record<string, string | number> = {
      accept: 'application/json',
      authorization: `Bearer ${this.bearerToken()}`,
    };
    if (payload) {
      headers['content-type'] = contentType;
      headers['content-length'] = payload.length;
    }
    const { hostname: host, port } = this.base;
    const request = { agent: this.agent, host, port, method, path, headers };
    const response = await this.exchange(request, payload, { signal, stream });
    if ((response.statusCode ?? 0) >= 300) {
      throw await errorOf(response, `${method} ${path}`);
    }
    return response;
  }

  /** Closes idle connections. */
  close(): void {
    this.agent.destroy();
  }

  /** Waits for a connection, sends a request on it, and waits for the header of the response. */
  private async exchange(
    options: RequestOptions,
    payload: Buffer | undefined,
    { signal, stream }: Pick<TransportOptions, 'signal' | 'stream'>,
  ): Promise<IncomingMessage> {
    const limit = deadline(this.deadlineMs, signal);
    let giveBack = () => {};
    const settle = () => {
      limit.clear();
      giveBack();
    };
    try {
      giveBack = await this.slots.take(limit.signal);
      return await new Promise<IncomingMessage>((resolve, reject) => {
        const outgoing = request({ ...options, signal: limit.signal }, (response) => {
          if (stream) {
            limit.stopClock();
          }
          resolve(response);
        });
        // The connection is free again once the body was read, or the request has failed.
        outgoing.once('close', settle);
        outgoing.on('error', (error) => reject(limit.signal.aborted ? limit.signal.reason : error));
        outgoing.end(payload);
      });
    } catch (error) {
      settle();
      throw new KubernetesError(0, 'Unreachable', `${options.method} ${options.path}: ${(error as Error).message}`);
    }
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

/** A signal that aborts after a time, and when another signal aborts. Unlike `AbortSignal.any()`, it can be cleared. */
function deadline(milliseconds: number, signal?: AbortSignal) {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(new Error(`no response within ${milliseconds / 1000} s`)), milliseconds);
  const leave = () => end.abort(signal?.reason);
  const stopClock = () => clearTimeout(timer);
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted) {
    leave();
  }
  return {
    signal: end.signal,
    /** Leaves only the other signal. */
    stopClock,
    clear: () => {
      stopClock();
      signal?.removeEventListener('abort', leave);
    },
  };
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
