import { KubernetesClient, type KubernetesConnection } from './kubernetes';

/**
 * Connections to the API server for each kind of work, at most. A flood of one kind then never starves another: slow
 * TokenReviews leave the locks of a running repair alone.
 */
const SOCKETS = {
  /** TokenReviews of tokens that are new. */
  reviews: 4,
  /** TokenReviews of tokens that were accepted before. */
  renewals: 2,
  /** Records that the intake stores. */
  intake: 16,
  /** Records that the controller works on, and its watch. */
  records: 9,
  /** Locks, budgets and the kill switch. */
  leases: 8,
  /** What actions read and change. */
  actions: 8,
  /** Events, and reviews of the server's own rights. */
  events: 2,
} as const;

export type ApiClients = { readonly [purpose in keyof typeof SOCKETS]: KubernetesClient };

/** A client of the API server for each kind of work. */
export function apiClients(connection: KubernetesConnection): ApiClients {
  const clients = Object.entries(SOCKETS).map(([purpose, sockets]) => [
    purpose,
    new KubernetesClient(connection, { sockets }),
  ]);
  return Object.fromEntries(clients);
}
