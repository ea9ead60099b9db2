import { connect, createServer, type Server, type Socket } from 'node:net';

/** Forwards a port to another one, from the time on at which a test asks for it. */
export interface LateProxy {
  /** Starts to accept connections. */
  open(target: number): Promise<void>;
  /** Ends all connections, and accepts none. */
  close(): Promise<void>;
}

/** @param port on which the proxy listens once it is open */
export function lateProxy(port: number): LateProxy {
  let server: Server | undefined;
  const sockets = new Set<Socket>();
  return {
    async open(target) {
      server = createServer((client) => {
        const remote = connect(target, '127.0.0.1');
        for (const socket of [client, remote]) {
          sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
        }
        client.pipe(remote).pipe(client);
      });
      await new Promise<void>((resolve) => server!.listen(port, '127.0.0.1', resolve));
    },
    async close() {
      const closed = new Promise((resolve) => server?.close(resolve));
      for (const socket of sockets) {
        socket.destroy();
      }
      await closed;
    },
  };
}
