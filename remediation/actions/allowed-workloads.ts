/** The Deployments that a policy may change. */
export interface Workloads {
  /** Their namespace. */
  readonly namespace: string;
  /** Names of the Deployments. Each must carry the label that opts it in: see docs/remediation.md. */
  readonly deployments: readonly string[];
}
