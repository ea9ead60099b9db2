import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { inClusterConnection } from '../../../remediation/configuration';
import { Transport } from '../../../remediation/kubernetes/transport';
import { temporaryDirectory } from '../../../testing/cleanup';

/** Whether the client connects to a listener on an address, which cannot speak TLS. */
async function connects(address: string): Promise<boolean> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  const { port } = server.address() as { readonly port: number };
  const directory = temporaryDirectory();
  const [caFile, tokenFile] = [join(directory, 'ca.crt'), join(directory, 'token')];
  writeFileSync(caFile, rootCertificates[0]!);
  writeFileSync(tokenFile, 'token');
  const { url } = inClusterConnection({ KUBERNETES_SERVICE_HOST: address, KUBERNETES_SERVICE_PORT: String(port) });
  const transport = new Transport({ url, caFile, tokenFile });
  await expect(transport.open('GET', '/version', {})).rejects.toThrow();
  transport.close();
  await new Promise((resolve) => server.close(resolve));
  return connections > 0;
}

describe('the API server of a pod', () => {
  test.each(['127.0.0.1', '::1'])('is reached at %s', async (address) => {
    expect(await connects(address)).toBe(true);
  });
});
