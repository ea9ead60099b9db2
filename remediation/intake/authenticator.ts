import { createHash } from 'node:crypto';
import { type KubernetesApi, RESOURCES } from '../kubernetes';
import { claimsOf } from './claims';
import { Flights } from './flights';

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
/** Tokens of each kind in the cache. */
const CACHE_SIZE = 100;
/** TokenReviews at the same time: of tokens that are new, and of tokens that were accepted before. */
const MAX_REVIEWS = { first: 16, again: 16 } as const;

/** Where tokens are reviewed. With connections of their own, a flood of new tokens does not delay a known one. */
export interface Reviewers {
  /** For tokens that are new. */
  readonly first: KubernetesApi;
  /** For tokens that were accepted before. */
  readonly again: KubernetesApi;
}

/**
 * Authenticates senders by TokenReview. The token is a projected ServiceAccount token for the audience of this server;
 * a token for any other audience is rejected.
 */
export class Authenticator {
  /** Accepted and rejected tokens are apart, so a flood of bad tokens never evicts a good one. */
  private readonly accepted = new Map<string, { readonly verdict: Verdict; readonly until: number }>();
  private readonly rejected = new Map<string, { readonly verdict: Verdict; readonly until: number }>();
  private readonly reviews = {
    first: new Flights<Verdict>(MAX_REVIEWS.first),
    again: new Flights<Verdict>(MAX_REVIEWS.again),
  } as const;

  constructor(
    private readonly reviewers: Reviewers,
    private readonly audience: string,
    private readonly subjects: readonly string[],
  ) {}

  /**
   * Decides whether a sender may notify. Requests with the same token share one TokenReview, which is cancelled when
   * the last of them is aborted.
   *
   * @throws TooManyFlights while too many tokens are being reviewed
   * @throws KubernetesError when the API server cannot be reached
   */
  async verify(authorization: string | undefined, signal?: AbortSignal): Promise<Verdict> {
    const token = /^Bearer ([\x21-\x7e]{1,16384})$/i.exec(authorization ?? '')?.[1];
    if (!token) {
      return { kind: 'unknown', message: 'the header Authorization holds no bearer token' };
    }
    const claims = claimsOf(token, this.audience, Date.now());
    if (!claims) {
      return this.invalid();
    }
    if (!this.subjects.includes(claims.subject)) {
      return forbidden(claims.subject);
    }
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.accepted.get(key) ?? this.rejected.get(key);
    if (known && known.until > Date.now()) {
      return known.verdict;
    }
    const pool = this.accepted.has(key) ? 'again' : 'first';
    return this.reviews[pool].join(key, signal, async (end) => {
      const verdict = await this.review(token, this.reviewers[pool], end);
      this.remember(key, verdict, Math.min(Date.now() + CACHE_MS, claims.expires));
      return verdict;
    });
  }

  private async review(token: string, client: KubernetesApi, signal: AbortSignal): Promise<Verdict> {
    const { status } = await client.create<TokenReview>(
      RESOURCES.tokenReviews,
      undefined,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token, audiences: [this.audience] },
      },
      { signal },
    );
    const subject = status.user?.username;
    if (!status.authenticated || !subject || !status.audiences?.includes(this.audience)) {
      return this.invalid();
    }
    return this.subjects.includes(subject) ? { kind: 'accepted', subject } : forbidden(subject);
  }

  private invalid(): Verdict {
    return { kind: 'unknown', message: `the token is not valid for audience ${this.audience}` };
  }

  private remember(key: string, verdict: Verdict, until: number): void {
    const [cache, other] =
      verdict.kind === 'accepted' ? [this.accepted, this.rejected] : [this.rejected, this.accepted];
    other.delete(key);
    cache.delete(key);
    const [oldest] = cache.keys();
    if (oldest !== undefined && cache.size >= CACHE_SIZE) {
      cache.delete(oldest);
    }
    cache.set(key, { verdict, until });
  }
}

function forbidden(subject: string): Verdict {
  return { kind: 'forbidden', message: `${subject} may not notify` };
}
