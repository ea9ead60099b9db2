import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Connection {
  readonly socket: Socket;
  /** Number of its running requests. */
  readonly requests: number;
}

/**
 * The open connections of a server, at most a number of them. When one more arrives, the one that has been idle longest
 * is closed, half-open ones included. `maxConnections` of Node would reject the new one instead: a client that holds
 * many connections would lock out the kubelet's probes.
 */
export class OpenConnections {
  /** By the client's address, those first that have been idle for the longest time. */
  private readonly open = new Map<string, Connection>();

  /** @param limit largest number of connections; running requests are never cut off for it */
  constructor(
    server: Server,
    private readonly limit: number,
  ) {
    server.on('connection', (socket: Socket) => this.add(socket));
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      const address = addressOf(socket);
      this.change(address, 1);
      response.once('close', () => this.change(address, -1));
    });
  }

  get size(): number {
    return this.open.size;
  }

  /** Closes the connections without a running request, those that have sent half of one included. */
  closeIdle(): void {
    for (const { socket, requests } of this.open.values()) {
      if (requests === 0) {
        socket.destroy();
      }
    }
  }

  closeAll(): void {
    for (const { socket } of this.open.values()) {
      socket.destroy();
    }
  }

  private add(socket: Socket): void {
    const address = addressOf(socket);
    const connection = { socket, requests: 0 };
    socket.once('close', () => {
      if (this.open.get(address)?.socket === socket) {
        this.open.delete(address);
      }
    });
    this.open.set(address, connection);
    if (this.open.size > this.limit) {
      this.closeOldest(socket);
    }
  }

  private closeOldest(newest: Socket): void {
    for (const [address, { socket, requests }] of this.open) {
      if (requests === 0 && socket !== newest) {
        this.open.delete(address);
        socket.destroy();
        return;
      }
    }
  }

  /** Counts a request, and moves its connection to the end of the line. */
  private change(address: string, by: number): void {
    const connection = this.open.get(address);
    if (connection) {
      this.open.delete(address);
      this.open.set(address, { ...connection, requests: connection.requests + by });
    }
  }
}

/** The address and port of the client. The socket of a TLS connection is not the one that was accepted. */
function addressOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
