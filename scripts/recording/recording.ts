import { argsOf } from '../../testing/deployed';
import type { Manifest } from '../../testing/manifests';
import { answers, freePorts, type Server, startServer } from '../../testing/server';

/** Pages that the targets of a job served, all of them together. */
export interface Recording {
  /** Name of the scrape job. */
  readonly job: string;
  /** The program that served them, as `tools/` calls it. */
  readonly tool: string;
  /** Its version. @default - the one that `tools/` pins */
  readonly version?: string;
  readonly pages: readonly string[];
  /** What the program looked at, e.g. `Redis 7.0.15`; another version may have other metrics. @default - nothing */
  readonly with?: string;
  /** Whether the metrics depend on the host's hardware and kernel, so that another host has others. */
  readonly ofTheHost?: boolean;
}

/** What a recorder works with. */
export interface Ground {
  readonly manifests: readonly Manifest[];
  /** A directory of the recording. */
  readonly root: string;
}

/** Runs programs as they are deployed, and reads what they expose. */
export type Recorder = (ground: Ground) => Promise<readonly Recording[]>;

/** Text of a page. */
export async function page(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`${url} answered ${response.status}`);
  }
  return response.text();
}

/** An exporter that runs. */
export interface Running {
  readonly server: Server;
  readonly address: string;
  readonly url: string;
}

/** What differs from how a program is deployed. */
export interface Changes {
  /** Component whose arguments it gets. @default - the name of the program */
  readonly component?: string;
  /** Changes its arguments for a port of loopback. */
  readonly args: (deployed: readonly string[], port: number) => readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Page that answers when it is ready. @default /metrics */
  readonly ready?: string;
}

/** Starts a program with the arguments that the manifests give it. */
export async function startDeployed({ manifests, root }: Ground, tool: string, changes: Changes): Promise<Running> {
  const [port] = (await freePorts(1)) as [number];
  const address = `127.0.0.1:${port}`;
  const url = `http://${address}/metrics`;
  const deployed = argsOf(manifests, changes.component ?? tool, root);
  const server = await startServer(tool, {
    command: tool,
    args: changes.args(deployed, port),
    env: changes.env,
    ready: () => answers(changes.ready ? `http://${address}${changes.ready}` : url),
  });
  return { server, address, url };
}
