import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { Kubernetes } from '../../../testing/kubernetes';

/** A raw request to the Kubernetes API. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Including the query. */
  readonly path: string;
  readonly body?: unknown;
  /** @default - merge patch for PATCH, otherwise JSON */
  readonly type?: string;
}

export interface ApiAnswer {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: an answer has as many shapes as Kubernetes has kinds
  readonly body: any;
}

/** Content types of PATCH other than merge patch. */
export const STRATEGIC = 'application/strategic-merge-patch+json';
export const APPLY = 'application/apply-patch+yaml';

/** Sends requests with a token, and returns every response. */
export function apiAs({ connection }: Kubernetes, tokenFile = connection.tokenFile) {
  const { url, caFile } = connection;
  const [ca, token] = [readFileSync(caFile), readFileSync(tokenFile, 'utf8').trim()];
  return ({ method, path, body, type }: ApiRequest): Promise<ApiAnswer> =>
    new Promise((resolve, reject) => {
      const headers = {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        'content-type': type ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'),
      };
      const outgoing = request(`${url}${path}`, { method, ca, headers }, async (response) => {
        let text = '';
        for await (const chunk of response) {
          text += chunk;
        }
        resolve({ code: response.statusCode ?? 0, body: parsed(text) });
      });
      outgoing.once('error', reject);
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The error of a response, or `undefined` for success. */
export function errorOf({ code, body }: ApiAnswer): string | undefined {
  return code < 300 ? undefined : `${code} ${body?.message ?? body}`;
}
