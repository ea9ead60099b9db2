import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toYaml } from '../../../constructs';
import { temporaryDirectory } from '../../../testing/cleanup';
import { answers, freePorts, getJson, type Server, startServer } from '../../../testing/server';

/** An Alertmanager on loopback. */
export interface RunningAlertmanager {
  readonly url: string;
  readonly server: Server;
  /** Labels of its alerts, sorted by name. */
  alerts(): Promise<readonly Readonly<Record<string, string>>[]>;
}

/** Starts an Alertmanager. Without a configuration it accepts alerts and notifies nobody. */
export async function startAlertmanager(config: object = NOBODY): Promise<RunningAlertmanager> {
  const directory = temporaryDirectory();
  const [port] = (await freePorts(1)) as [number];
  const url = `http://127.0.0.1:${port}`;
  const file = join(directory, 'alertmanager.yml');
  mkdirSync(join(directory, 'data'));
  writeFileSync(file, toYaml(config));
  const server = await startServer('alertmanager', {
    command: 'alertmanager',
    args: [
      `--config.file=${file}`,
      `--storage.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    ready: () => answers(`${url}/-/ready`),
  });
  return {
    url,
    server,
    alerts: async () => {
      const alerts = await getJson<{ labels: Record<string, string> }[]>(`${url}/api/v2/alerts`);
      return alerts.map(({ labels }) => labels).sort((one, other) => (one.alertname! < other.alertname! ? -1 : 1));
    },
  };
}

const NOBODY = { route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] };
