import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { images, imageVersion } from '../../../constructs';
import { toYaml } from '../../../formats/yaml';
import { writeInto } from '../../../testing/files';
import { findProgram } from '../../../testing/loki';
import { configFiles, type Manifest, ofKind } from '../../../testing/manifests';
import { containerOf } from '../../../testing/render';
import { answers, freePorts, getJson, type Server, startServer } from '../../../testing/server';

/** Where the programs are: their licence forbids that this repository builds or carries them. */
const RELEASES = 'https://github.com/grafana/loki/releases';

/** Path of the program `loki`. */
export const LOKI = findProgram('loki');

/** Path of the program `promtail`. */
export const PROMTAIL = findProgram('promtail');

/** Registers a test, which needs Loki. */
export type Check = (name: string, run: () => Promise<void>, timeout?: number) => void;

const skipped = { loki: 0, promtail: 0 };

/** Tests that need Loki. Without it they are skipped. */
export function describeLoki(title: string, define: (check: Check) => void): void {
  describe(title, () => define(checkWith('loki', LOKI !== undefined)));
}

/** Tests that need Loki and Promtail. Without one of them they are skipped. */
export function describePromtail(title: string, define: (check: Check) => void): void {
  describe(title, () => define(checkWith('promtail', LOKI !== undefined && PROMTAIL !== undefined)));
}

function checkWith(program: keyof typeof skipped, found: boolean): Check {
  return (name, run, timeout) => {
    skipped[program] += found ? 0 : 1;
    (found ? test : test.skip)(name, run, timeout);
  };
}

/** Says in one line how many tests were skipped, for each program. Call it once, after the last group. */
export function reportSkipped(): void {
  for (const [program, image] of [
    ['loki', images.loki],
    ['promtail', images.promtail],
  ] as const) {
    if (skipped[program] > 0) {
      const enable = `To enable: put ${program} ${imageVersion(image)} from ${RELEASES} into .tools/bin or on PATH`;
      process.stderr.write(`!!! NOT CHECKED: ${skipped[program]} checks with the real ${program}. ${enable}\n`);
    }
  }
}

/** `loki.yaml`, parsed. */
// biome-ignore lint/suspicious/noExplicitAny: Loki's own validator checks the schema
export type Config = any;

/** The configuration of a construct, as its ConfigMap has it. */
export function configOf(manifests: readonly Manifest[], name = 'loki'): Config {
  return load(configFiles(manifests, `${name}-config`)['loki.yaml']!);
}

/** The configuration with its container paths moved below `root`. */
export function underRoot(root: string, config: Config): Config {
  const text = toYaml(config).replaceAll(/(?<=[\s'"])\/(?=loki\b|etc\/loki\b)/g, `${root}/`);
  return load(text);
}

/** Writes the files of the rules where Loki reads them. Returns their paths. */
export function layOutRules(manifests: readonly Manifest[], root: string): readonly string[] {
  mkdirSync(join(root, 'etc/loki/rules/fake'), { recursive: true });
  return ofKind(manifests, 'ConfigMap')
    .filter(({ metadata }) => metadata.name.startsWith('loki-rules'))
    .flatMap(({ data }) => Object.entries(data as Record<string, string>))
    .map(([file, content]) => writeInto(root, `etc/loki/rules/fake/${file}`, content));
}

/** A running Loki. */
export interface Loki {
  readonly url: string;
  readonly server: Server;
}

/** What differs between the processes of a test. */
export interface LokiProcess {
  readonly manifests: readonly Manifest[];
  /** @default loki */
  readonly workload?: string;
  /** Directory that takes the place of the container's root. */
  readonly root: string;
  /** Changes the configuration, which has the paths of the test. @default - nothing */
  readonly change?: (config: Config) => Config;
  /** Ports for HTTP, gRPC and gossip. @default - free ones */
  readonly ports?: readonly number[];
  /** Arguments after those of the manifest. @default - none */
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts the container of a workload as a process on loopback, and waits until it is ready. */
export async function startLoki(name: string, process: LokiProcess): Promise<Loki> {
  const { manifests, workload = 'loki', root, change = (config) => config, args = [], env } = process;
  const [http = 0, grpc = 0, gossip = 0] = process.ports ?? (await freePorts(3));
  const own = underRoot(root, configOf(manifests));
  const config = change({
    ...own,
    server: {
      ...own.server,
      http_listen_address: '127.0.0.1',
      http_listen_port: http,
      grpc_listen_address: '127.0.0.1',
      grpc_listen_port: grpc,
    },
    memberlist: { ...own.memberlist, bind_addr: ['127.0.0.1'], bind_port: gossip, advertise_port: gossip },
  });
  const file = writeInto(root, 'etc/loki/config/loki.yaml', toYaml(config));
  // The image's working directory is not writable: the test finds what would be written there.
  for (const directory of ['loki', 'tmp', 'work']) {
    mkdirSync(join(root, directory), { recursive: true });
  }
  const given = containerOf(manifests, workload)
    .args.map((arg: string) => arg.replace('$(POD_IP)', '127.0.0.1'))
    .map((arg: string) => (arg.startsWith('-config.file=') ? `-config.file=${file}` : arg));
  const url = `http://127.0.0.1:${http}`;
  const server = await startServer(name, {
    command: LOKI!,
    args: [...given, ...args],
    cwd: join(root, 'work'),
    env: { ...env, TMPDIR: join(root, 'tmp') },
    ready: () => answers(`${url}/ready`),
    timeoutSeconds: 120,
  });
  return { url, server };
}

/** Attributes of OTLP. */
type Attributes = { readonly [name: string]: string };

const attributes = (values: Attributes) =>
  Object.entries(values).map(([key, value]) => ({ key, value: { stringValue: value } }));

/** A line of a log. */
export interface Line {
  readonly body: string;
  /** @default - now */
  readonly nanoseconds?: bigint;
  readonly attributes?: Attributes;
}

/** Sends lines by OTLP. Returns whether Loki acknowledged them. */
export async function push(url: string, resource: Attributes, lines: readonly Line[]): Promise<boolean> {
  const response = await fetch(`${url}/otlp/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      resourceLogs: [
        {
          resource: { attributes: attributes(resource) },
          scopeLogs: [
            {
              logRecords: lines.map(({ body, nanoseconds, attributes: own = {} }) => ({
                timeUnixNano: `${nanoseconds ?? BigInt(Date.now()) * 1_000_000n}`,
                body: { stringValue: body },
                attributes: attributes(own),
              })),
            },
          ],
        },
      ],
    }),
    signal: AbortSignal.timeout(10_000),
  });
  await response.text();
  return response.ok;
}

/** A stream of a query's result. */
export interface Stream {
  readonly stream: { readonly [label: string]: string };
  readonly values: readonly (readonly [string, string])[];
}

/** The streams that match a log query, of the last hour. */
export async function query(url: string, logql: string): Promise<readonly Stream[]> {
  const parameters = new URLSearchParams({ query: logql, since: '1h', limit: '5000' });
  const { data } = await getJson<{ data: { result: readonly Stream[] } }>(
    `${url}/loki/api/v1/query_range?${parameters}`,
  );
  return data.result;
}

/** The lines that match a log query. */
export async function linesOf(url: string, logql: string): Promise<readonly string[]> {
  return (await query(url, logql)).flatMap(({ values }) => values.map(([, line]) => line));
}

/** The rules of the ruler, with their health. */
export async function rulesOf(url: string) {
  const { data } = await getJson<{
    data: { groups: { name: string; file: string; rules: { name: string; health: string; lastError: string }[] }[] };
  }>(`${url}/prometheus/api/v1/rules`);
  return data.groups.flatMap(({ name, rules }) => rules.map((rule) => ({ group: name, ...rule })));
}

/** The value of a metric of Loki's own, summed over its series. */
export async function metric(url: string, name: string, label = ''): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(name) && /^[{ ]/.test(line.slice(name.length)) && line.includes(label))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** An S3 server on loopback with the bucket `logs`. Returns its port. */
export async function startBucket(): Promise<number> {
  const [port = 0] = await freePorts(1);
  await startServer('gofakes3', {
    command: 'gofakes3',
    args: ['-backend', 'memory', '-initialbucket', 'logs', '-host', `127.0.0.1:${port}`],
    ready: () => answers(`http://127.0.0.1:${port}/`),
  });
  return port;
}

/** Names of a process in the rings: in a cluster, each pod has a host name of its own. */
export function ringNames(name: string): string[] {
  return [
    `-common.storage.ring.instance-id=${name}`,
    `-index-gateway.ring.instance-id=${name}`,
    `-ingester.lifecycler.ID=${name}`,
  ];
}

/** Variables with keys of the bucket, which the test's server does not check. */
export const BUCKET_ENV = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'not-a-secret' };
