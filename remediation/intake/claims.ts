import * as v from 'valibot';

/** The claims of a token that decide whether the API server is asked about it. */
export interface Claims {
  readonly subject: string;
  /** Milliseconds of Unix time. */
  readonly expires: number;
}

/** Difference between the clocks of this host and the API server that is tolerated. */
const SKEW_MS = 300_000;

const part = /^[A-Za-z0-9_-]+$/;

/** The claims that every projected ServiceAccount token has. RFC 7519, section 4.1 */
const claims = v.object({
  aud: v.union([v.string(), v.array(v.string())]),
  sub: v.pipe(v.string(), v.nonEmpty(), v.maxLength(512)),
  exp: v.pipe(v.number(), v.finite()),
});

/**
 * Reads what a bearer token claims, without believing it: only the API server can check the signature. A text that
 * does not even claim to be a token for this server needs no TokenReview.
 *
 * @returns `undefined` for what is no JSON Web Token, is for another audience, or has expired
 */
export function claimsOf(token: string, audience: string, now: number): Claims | undefined {
  const parts = token.split('.');
  if (parts.length !== 3 || !parts.every((text) => part.test(text))) {
    return undefined;
  }
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(parts[1]!, 'base64url').toString());
  } catch {
    return undefined;
  }
  const { success, output } = v.safeParse(claims, document, { abortEarly: true });
  if (!success || ![output.aud].flat().includes(audience)) {
    return undefined;
  }
  const expires = output.exp * 1000;
  return expires > now - SKEW_MS ? { subject: output.sub, expires } : undefined;
}
