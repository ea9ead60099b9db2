import type { Resource } from '../../remediation/kubernetes';

/** Answers reviews in the place of the API server. */
export interface Reviewers {
  /** The status of a TokenReview. */
  tokenReview: (spec: { readonly token: string; readonly audiences: readonly string[] }) => object;
  /** Whether a SelfSubjectAccessReview allows what it asks for. */
  accessReview: (attributes: { readonly [name: string]: string | undefined }) => boolean;
}

/** A review with its answer; the API server keeps none. @returns `undefined` for an object of another kind */
export function reviewed({ plural }: Resource, body: unknown, reviewers: Reviewers): object | undefined {
  const { spec } = (body ?? {}) as { readonly spec?: unknown };
  switch (plural) {
    case 'tokenreviews':
      return { ...(body as object), status: reviewers.tokenReview(spec as never) };
    case 'selfsubjectaccessreviews': {
      const { resourceAttributes } = spec as { readonly resourceAttributes: never };
      return { ...(body as object), status: { allowed: reviewers.accessReview(resourceAttributes) } };
    }
    default:
      return undefined;
  }
}
