import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryDirectory } from '../../testing/cleanup';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import {
  type Agent,
  addPod,
  appendLog,
  collectorManifests,
  complaintsOf,
  credentialsOf,
  criLine,
  type LoggedPod,
  rotate,
  type StartedAgent,
  startAgent,
} from '../../testing/log-collector';
import { NAMESPACE } from '../../testing/render';
import { waitFor } from '../../testing/server';
import { describeLoki, reportSkipped, startLoki } from './support/loki';
import { lokiProcess, storedLines } from './support/stored-lines';

let kubernetes: Kubernetes;

beforeAll(async () => {
  kubernetes = await startKubernetes();
  await makeNamespace(kubernetes, NAMESPACE);
});
afterAll(async () => {
  reportSkipped();
  await kubernetes?.stop();
});

/** Writes numbered lines of about 300 bytes into the files of pods until it is stopped. */
class Writer {
  /** When each line was written, in milliseconds. */
  readonly times: number[] = [];
  private readonly timer: NodeJS.Timeout;
  private rotations = 0;

  constructor(
    private readonly root: string,
    private readonly pods: readonly LoggedPod[],
    linesPerSecond: number,
  ) {
    const each = Math.ceil(linesPerSecond / 20);
    this.timer = setInterval(() => this.write(each), 50);
  }

  /** Renames the file of each pod, and writes the next lines into a new one. */
  rotate(): void {
    this.rotations += 1;
    for (const pod of this.pods) {
      rotate(this.root, pod, this.rotations);
    }
    this.write(this.pods.length);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private write(count: number): void {
    const texts = this.pods.map(() => '');
    for (let index = 0; index < count; index++) {
      const number = this.times.length;
      this.times.push(Date.now());
      texts[number % this.pods.length] += criLine(`number=${number} level=info ${'x'.repeat(200)}`);
    }
    for (const [index, pod] of this.pods.entries()) {
      appendLog(this.root, `${pod.directory}/0.log`, texts[index]!);
    }
  }
}

/** The numbers of the lines in Loki: those that are missing, and how many are there more than once. */
async function compare(url: string, app: string, written: number) {
  const stored = (await storedLines(url, `{app="${app}"}`)).map(({ line }) => Number(/^number=(\d+) /.exec(line)?.[1]));
  const unique = new Set(stored);
  const missing = Array.from({ length: written }, (_, number) => number).filter((number) => !unique.has(number));
  return { missing, duplicates: stored.length - unique.size };
}

/** A metric of the collector, summed over its series. */
async function metricOf({ metricsUrl }: Agent, name: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  const series = text.split('\n').filter((line) => line.startsWith(`${name}{`));
  return series.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Whether as many lines as were written have come to Loki, or none has come for some time. */
async function settled(url: string, app: string, written: number): Promise<void> {
  let last = -1;
  let still = 0;
  await waitFor(
    'the last line',
    async () => {
      const { length } = await storedLines(url, `{app="${app}"}`);
      still = length === last ? still + 1 : 0;
      last = length;
      await sleep(1000);
      return length >= written || still >= 10;
    },
    { timeoutSeconds: 240 },
  );
}

describeLoki('an agent under load', (check) => {
  check(
    'loses no line when it is stopped, files are renamed, its queue fills and Loki is down for a minute',
    async () => {
      const root = temporaryDirectory();
      const manifests = collectorManifests({ queueSize: '4Mi' });
      const lokiOptions = await lokiProcess(manifests, root);
      const first = await startLoki('loki', lokiOptions);
      const kubeconfig = await credentialsOf(kubernetes, manifests, 'log-collector', root);
      const names = ['load-0', 'load-1', 'load-2'];
      const pods: LoggedPod[] = [];
      for (const name of names) {
        pods.push(await addPod(kubernetes, { namespace: 'load', name, container: 'web', labels: { app: 'load' } }));
      }
      const started: StartedAgent = { manifests, root, kubeconfig, lokiPort: lokiOptions.ports![0] };
      const agent = await startAgent('agent', started);
      const writer = new Writer(root, pods, 600);
      await sleep(5000);
      writer.rotate();

      await first.server.stop();
      const outage = sleep(60_000);
      await waitFor('the queue to fill', async () => {
        const [size, capacity] = await Promise.all(
          ['size', 'capacity'].map((each) => metricOf(agent, `otelcol_exporter_queue_${each}`)),
        );
        return capacity! > 0 && size! / capacity! > 0.9;
      });
      writer.rotate();
      await agent.server.stop();
      await sleep(3000);
      writer.rotate();
      await sleep(3000);
      writer.rotate();
      const second = await startAgent('agent-again', started);
      await outage;
      const loki = await startLoki('loki-again', lokiOptions);
      await sleep(5000);
      writer.rotate();
      await sleep(5000);
      writer.stop();

      const written = writer.times.length;
      await settled(loki.url, 'load', written);
      const { missing, duplicates } = await compare(loki.url, 'load', written);
      report(`${written} lines: ${missing.length} lost, ${duplicates} twice`);
      expect(missing).toEqual([]);
      expect(duplicates).toBeLessThan(written / 1000);
      expect(written).toBeGreaterThan(30_000);
      await second.server.stop();
      await loki.server.stop();
    },
    400_000,
  );

  check(
    'loses at most the lines of the last second when it is killed, and none at a rotation',
    async () => {
      const root = temporaryDirectory();
      const manifests = collectorManifests();
      const lokiOptions = await lokiProcess(manifests, root);
      const loki = await startLoki('loki-kill', lokiOptions);
      const kubeconfig = await credentialsOf(kubernetes, manifests, 'log-collector', root);
      const pod = await addPod(kubernetes, {
        namespace: 'load',
        name: 'killed-0',
        container: 'web',
        labels: { app: 'killed' },
      });
      const started: StartedAgent = { manifests, root, kubeconfig, lokiPort: lokiOptions.ports![0] };
      let agent = await startAgent('killed', started);
      const writer = new Writer(root, [pod], 1000);
      const kills: number[] = [];
      for (let kill = 0; kill < 10; kill++) {
        await sleep(2500);
        // Half of the crashes come right after a rotation, the other half right before one.
        if (kill % 2 === 0) {
          writer.rotate();
        }
        kills.push(Date.now());
        await agent.server.stop('SIGKILL');
        if (kill % 2 === 1) {
          writer.rotate();
        }
        agent = await startAgent(`killed-${kill}`, started);
      }
      await sleep(2000);
      writer.stop();

      const written = writer.times.length;
      await settled(loki.url, 'killed', written);
      const { missing, duplicates } = await compare(loki.url, 'killed', written);
      report(`${kills.length} crashes, ${written} lines: ${missing.length} lost, ${duplicates} twice`);
      // Each lost line was written within the second before a crash.
      const early = missing.filter(
        (number) => !kills.some((at) => writer.times[number]! <= at && writer.times[number]! > at - 1000),
      );
      expect(early).toEqual([]);
      expect(missing.length).toBeLessThan(kills.length * 1000);
      expect(complaintsOf(agent)).toEqual([]);
      await agent.server.stop();
      await loki.server.stop();
    },
    400_000,
  );
});

/** What was measured, for docs/logs.md. */
function report(text: string): void {
  process.stderr.write(`measured: ${text}\n`);
}
