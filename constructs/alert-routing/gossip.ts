/** Port on which the replicas tell each other about silences and sent notifications. */
export const GOSSIP_PORT = 9094;

/** Environment variable with the address of the pod. */
export const POD_IP = 'POD_IP';

/**
 * Arguments of the cluster.
 *
 * @param peers names of the replicas; empty for a single one, which must not wait for peers
 */
export function gossipArgs(peers: readonly string[]): readonly string[] {
  if (peers.length === 0) {
    return ['--cluster.listen-address='];
  }
  return [
    // Go listens on IPv6 too, where the node has it: https://pkg.go.dev/net#Listen
    `--cluster.listen-address=0.0.0.0:${GOSSIP_PORT}`,
    // Brackets: an IPv6 address has colons. They do no harm to IPv4.
    `--cluster.advertise-address=[$(${POD_IP})]:${GOSSIP_PORT}`,
    ...peers.map((peer) => `--cluster.peer=${peer}:${GOSSIP_PORT}`),
  ];
}
