import { readFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cleanUp, temporaryDirectory } from '../testing/cleanup';
import { installExample } from '../testing/example/install';
import { startExampleRedis } from '../testing/example/redis';
import { databaseUrl, prepareDatabase, type Service, startService } from '../testing/example/service';
import { type Postgres, startPostgres } from '../testing/postgres';
import { cpuSeconds } from '../testing/process-usage';
import { median } from './bench/timing';
import { progress, runCommand } from './command';

const USAGE = `Compares the example service with all of the instrumentation and a service without it, which runs the same statements.

  npm run bench:instrumentation                  six rounds of 10 seconds, alternately
  npm run bench:instrumentation -- --seconds 30

Prints requests and CPU time of a save, its 99th percentile, and the memory. Exits with 0: the numbers depend on the machine.
Needs the Debian packages postgresql-15 and redis-server.`;

const DATABASE = 'sightedit_production';
const CONNECTIONS = 16;
const ROUNDS = 3;
const BODY = JSON.stringify({ type: 'richtext', content: "Use `SELECT 1`; it is 5 o'clock. <p>Hello</p> ".repeat(20) });

interface Round {
  readonly perSecond: number;
  readonly p99: number;
  /** Milliseconds of CPU time of the service for a request. */
  readonly cpu: number;
  /** Resident memory in MiB at the end. */
  readonly memory: number;
}

async function run(args: readonly string[]): Promise<number> {
  const seconds = Number(args[args.indexOf('--seconds') + 1] ?? 10) || 10;
  const directory = temporaryDirectory();
  progress('Installing the service: a minute.');
  await installExample(directory);
  const postgres = await startPostgres(DATABASE);
  await prepareDatabase(postgres);
  const session = await createSession(postgres);
  const env = {
    DATABASE_URL: databaseUrl(postgres.port, DATABASE),
    REDIS_URL: await startExampleRedis(),
    OTEL_EXPORTER_OTLP_ENDPOINT: await startCollector(),
    REQUESTS_PER_MINUTE: '1000000000',
  };
  const services = { without: await startService(directory, env, 'bare'), with: await startService(directory, env) };
  const rounds: Record<keyof typeof services, Round[]> = { without: [], with: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of ['without', 'with'] as const) {
      progress(`round ${round} of ${ROUNDS}: ${name}`);
      const measured = await measure(services[name], session, round === 0 ? 3 : seconds);
      // The first round warms up.
      rounds[name].push(...(round === 0 ? [] : [measured]));
    }
  }
  const compare = (field: keyof Round, unit: string) =>
    print(
      rounds.without.map((round, index) => [round[field], rounds.with[index]![field]]),
      unit,
    );
  compare('perSecond', 'saves/s');
  compare('p99', 'p99 in ms');
  compare('cpu', 'CPU in ms/save');
  compare('memory', 'memory in MiB');
  return 0;
}

/** One line: every round, without → with, and the difference of the medians. */
function print(pairs: readonly (readonly [number, number])[], unit: string): void {
  const [without, withIt] = [median(pairs.map(([one]) => one)), median(pairs.map(([, other]) => other))];
  const all = pairs.map(([one, other]) => `${one.toFixed(2)} → ${other.toFixed(2)}`).join(', ');
  const change = `${withIt < without ? '' : '+'}${((withIt / without - 1) * 100).toFixed(1)} %`;
  console.log(`${unit.padEnd(16)} ${without.toFixed(2)} → ${withIt.toFixed(2)} (${change})   rounds: ${all}`);
}

async function measure({ url, server }: Service, session: string, seconds: number): Promise<Round> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const times: number[] = [];
  const cpuBefore = cpuSeconds(server.pid);
  const until = performance.now() + seconds * 1_000;
  const worker = async () => {
    while (performance.now() < until) {
      const start = performance.now();
      await save(url, agent, session);
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  agent.destroy();
  times.sort((one, other) => one - other);
  return {
    perSecond: times.length / seconds,
    p99: times[Math.floor(times.length * 0.99)]!,
    cpu: ((cpuSeconds(server.pid) - cpuBefore) * 1_000) / times.length,
    memory: Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1_024,
  };
}

function save(url: string, agent: Agent, session: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': BODY.length, 'x-session-id': session };
    const sent = request(`${url}/api/save`, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('end', () => {
        if (response.statusCode === 200) {
          resolve();
        } else {
          reject(new Error(`a save was answered with ${response.statusCode}`));
        }
      });
    });
    sent.once('error', reject);
    sent.end(BODY);
  });
}

async function createSession(postgres: Postgres): Promise<string> {
  const [id] = await postgres.sql(`
    INSERT INTO app.users (id, email) VALUES ('00000000-0000-4000-8000-000000000001', 'bench@example.invalid');
    INSERT INTO app.sessions (user_id, expires_at)
      VALUES ('00000000-0000-4000-8000-000000000001', now() + interval '1 day') RETURNING id`);
  return id!;
}

/** Takes spans and forgets them. */
async function startCollector(): Promise<string> {
  const server = createServer((incoming, response) => {
    incoming.resume().once('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

void runCommand({ usage: USAGE, run, finish: cleanUp });
