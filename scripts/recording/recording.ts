import { argsOf } from '../../testing/deployed';
import type { Manifest } from '../../testing/manifests';
import { answers, freePorts, type Server, startServer } from '../../testing/server';

/** The metric pages of all targets of a job. */
export interface Recording {
  /** Name of the scrape job. */
  readonly job: string;
  /** Name of the program in `tools/`. */
  readonly tool: string;
  /** Version of the program. @default - the one that `tools/` pins */
  readonly version?: string;
  readonly pages: readonly string[];
  /** The watched system, e.g. `Redis 7.0.15`, if its version decides which metrics exist. @default - none */
  readonly with?: string;
  /** Whether the metrics depend on the hardware and kernel of the host. @default false */
  readonly dependsOnHost?: boolean;
}

/** What a recorder gets. */
export interface RecordingContext {
  readonly manifests: readonly Manifest[];
  /** A temporary directory for the recording. */
  readonly root: string;
}

/** Runs programs with their deployed arguments and reads their metric pages. */
export type Recorder = (context: RecordingContext) => Promise<readonly Recording[]>;

/** Text of a metric page. */
export async function page(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`${url} answered ${response.status}`);
  }
  return response.text();
}

/** A running exporter. */
export interface Running {
  readonly server: Server;
  readonly address: string;
  readonly url: string;
}

/** Differences from the deployment of a program. */
export interface Changes {
  /** Component whose arguments the program gets. @default - the name of the program */
  readonly component?: string;
  /** Adapts the arguments to a port on loopback. */
  readonly args: (deployed: readonly string[], port: number) => readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Path that answers once the program is ready. @default /metrics */
  readonly ready?: string;
}

/** Starts a program with the arguments of its container in the manifests. */
export async function startDeployed(
  { manifests, root }: RecordingContext,
  tool: string,
  changes: Changes,
): Promise<Running> {
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
