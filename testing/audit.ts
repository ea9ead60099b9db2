/** A request in the API server's audit log. */
export interface AuditedRequest {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef: {
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus: { readonly code: number };
  /** RFC 3339 with microseconds. */
  readonly requestReceivedTimestamp: string;
  /** What was sent and what came of it, for the resources that `audited` names. */
  readonly requestObject?: unknown;
  readonly responseObject?: unknown;
}

/** Resources of an API group, as an audit policy names them. */
export interface AuditedResources {
  readonly group: string;
  readonly resources: readonly string[];
}

/** The API server logs every change, of some resources with what was sent. */
export const auditPolicy = (withBodies: readonly AuditedResources[]) => {
  const verbs = ['create', 'update', 'patch', 'delete', 'deletecollection'];
  const bodies = withBodies.length > 0 ? [{ level: 'RequestResponse', verbs, resources: withBodies }] : [];
  return {
    ...{ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'] },
    rules: [...bodies, { level: 'Metadata', verbs }],
  };
};
