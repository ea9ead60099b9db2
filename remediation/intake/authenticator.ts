import { createHash } from 'node:crypto';
import { type KubernetesApi, RESOURCES } from '../kubernetes';

/** Whether a sender may notify. */
export type Verdict =
  | { readonly kind: 'accepted'; readonly subject: string }
  /** 401: the token is missing or invalid. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** 403: the token is valid, but its subject may not notify. */
  | { readonly kind: 'forbidden'; readonly message: string };

interface TokenReview {
  readonly status: {
    readonly authenticated?: boolean;
    readonly user?: { readonly username?: string };
    readonly audiences?: readonly string[];
    readonly error?: string;
  };
}

/** How long the answer of the API server is cached. A revoked token is accepted this long at most. */
const CACHE_MS = 60_000;
const CACHE_SIZE = 100;

/**
 * Authenticates senders by TokenReview. The token is a projected ServiceAccount token for the audience of this server;
 * a token for any other audience is rejected.
 */
export class Authenticator {
  private readonly known = new Map<string, { readonly verdict: Verdict; readonly until: number }>();

  constructor(
    private readonly client: KubernetesApi,
    private readonly audience: string,
    private readonly subjects: readonly string[],
  ) {}

  /** @throws when the API server cannot be reached */
  async verify(authorization: string | undefined): Promise<Verdict> {
    const token = /^Bearer ([\x21-\x7e]{1,16384})$/i.exec(authorization ?? '')?.[1];
    if (!token) {
      return { kind: 'unknown', message: 'the header Authorization holds no bearer token' };
    }
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.known.get(key);
    if (known && known.until > Date.now()) {
      return known.verdict;
    }
    const verdict = await this.review(token);
    if (this.known.size >= CACHE_SIZE) {
      this.known.clear();
    }
    this.known.set(key, { verdict, until: Math.min(Date.now() + CACHE_MS, expiryOf(token)) });
    return verdict;
  }

  private async review(token: string): Promise<Verdict> {
    const { status } = await this.client.create<TokenReview>(RESOURCES.tokenReviews, undefined, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: [this.audience] },
    });
    const subject = status.user?.username;
    if (!status.authenticated || !subject || !status.audiences?.includes(this.audience)) {
      return { kind: 'unknown', message: `the token is not valid for audience ${this.audience}` };
    }
    return this.subjects.includes(subject)
      ? { kind: 'accepted', subject }
      : { kind: 'forbidden', message: `${subject} may not notify` };
  }
}

/** When a token expires, by its claim `exp`. Only the API server knows whether it is valid. */
function expiryOf(token: string): number {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { exp?: number };
    return exp ? exp * 1000 : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
