import { join } from 'node:path';
import { toYaml } from '../../formats/yaml';
import { argsOf } from '../../testing/deployed';
import { writeInto } from '../../testing/files';
import { answers, freePorts, getJson, startServer, waitFor } from '../../testing/server';
import { page, type Recorder, type Recording, type RecordingContext } from './recording';

/** Flags with addresses and paths of the cluster, which differ on this machine. */
const LOCAL_FLAGS =
  /^--(config\.file|storage\.path|web\.listen-address|cluster\.(listen-address|advertise-address|peer))=/;

/** Two members that gossip, with one alert whose receiver has no channel. */
export const recordAlertmanager: Recorder = async (context) => {
  const { addresses } = await startAlertmanagers(context);
  await send(addresses[0]!);
  // Members ping each other every second.
  await waitFor('a ping', async () => (await page(`http://${addresses[0]}/metrics`)).includes('pings_seconds_count{'));
  return [await recording(addresses)];
};

/** Starts two members with the arguments of the manifests, but on loopback. */
export async function startAlertmanagers({
  manifests,
  root,
}: RecordingContext): Promise<{ addresses: readonly string[] }> {
  const config = writeInto(
    root,
    'alertmanager.yml',
    toYaml({ route: { receiver: 'nobody', group_wait: '1s' }, receivers: [{ name: 'nobody' }] }),
  );
  const ports = (await freePorts(4)) as [number, number, number, number];
  const gossip = ports.slice(2).map((port) => `127.0.0.1:${port}`);
  const addresses = ports.slice(0, 2).map((port) => `127.0.0.1:${port}`);
  const deployed = argsOf(manifests, 'alertmanager', root).filter((arg) => !LOCAL_FLAGS.test(arg));
  await Promise.all(
    addresses.map((address, n) =>
      startServer(`alertmanager-${n}`, {
        command: 'alertmanager',
        args: [
          ...deployed,
          `--config.file=${config}`,
          `--storage.path=${join(root, `alertmanager-${n}`)}`,
          `--web.listen-address=${address}`,
          `--cluster.listen-address=${gossip[n]}`,
          `--cluster.advertise-address=${gossip[n]}`,
          ...gossip.map((peer) => `--cluster.peer=${peer}`),
        ],
        ready: () => answers(`http://${address}/-/ready`),
      }),
    ),
  );
  await waitFor('the members to meet', async () => {
    const { cluster } = await getJson<{ cluster: { peers: unknown[] } }>(`http://${addresses[0]}/api/v2/status`);
    return cluster.peers.length === 2;
  });
  return { addresses };
}

async function send(address: string): Promise<void> {
  await fetch(`http://${address}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ labels: { alertname: 'Sample', severity: 'low' } }]),
  });
}

async function recording(addresses: readonly string[]): Promise<Recording> {
  const pages = await Promise.all(addresses.map((address) => page(`http://${address}/metrics`)));
  return { job: 'alertmanager', tool: 'alertmanager', pages };
}
