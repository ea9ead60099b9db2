import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toYaml } from '../formats/yaml';
import { temporaryDirectory } from './cleanup';
import { answers, freePorts, type Server, startServer } from './server';

/** A Prometheus on loopback. */
export interface RunningPrometheus {
  readonly url: string;
  readonly server: Server;
}

/** Starts Prometheus. With an empty configuration it scrapes nothing, but answers queries. */
export async function startPrometheus(config: object = {}, ...args: readonly string[]): Promise<RunningPrometheus> {
  const directory = temporaryDirectory();
  const [port] = (await freePorts(1)) as [number];
  const url = `http://127.0.0.1:${port}`;
  const file = join(directory, 'prometheus.yml');
  mkdirSync(join(directory, 'data'));
  writeFileSync(file, toYaml(config));
  const server = await startServer('prometheus', {
    command: 'prometheus',
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...args,
    ],
    ready: () => answers(`${url}/-/ready`),
  });
  return { url, server };
}
