import { createConnection, createServer, type Socket } from 'node:net';
import { freePorts } from '../../../testing/server';

/** A TCP proxy that can be shut, so that its clients see a server that is down. */
export interface Gate {
  readonly port: number;
  /** Cuts every connection and rejects new ones. */
  shut(): Promise<void>;
  open(): Promise<void>;
}

const gates = new Set<Gate>();
afterAll(() => Promise.all([...gates].map((gate) => gate.shut())));

/** Starts a TCP proxy of a port on loopback. It ends with the test. */
export async function openGate(target: number): Promise<Gate> {
  const [port] = (await freePorts(1)) as [number];
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = createConnection({ host: '127.0.0.1', port: target });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  });
  const gate = {
    port,
    shut: async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
    open: () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve)),
  };
  await gate.open();
  gates.add(gate);
  return gate;
}
