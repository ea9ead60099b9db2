import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import {
  Credentials,
  Endpoint,
  images,
  imageVersion,
  type LokiRules,
  LokiStack,
  type LokiStackProps,
} from '../../constructs';
import { toYaml } from '../../formats/yaml';
import { temporaryDirectory } from '../../testing/cleanup';
import { writeInto } from '../../testing/files';
import { manifestsOf, testChart } from '../../testing/render';
import { answers, freePorts, getJson, startServer, waitFor } from '../../testing/server';
import {
  BUCKET_ENV,
  type Config,
  configOf,
  describeLoki,
  LOKI,
  type Loki,
  type LokiProcess,
  layOutRules,
  linesOf,
  metric,
  push,
  query,
  reportSkipped,
  ringNames,
  rulesOf,
  startBucket,
  startLoki,
} from './support/loki';
import { missingLeaves } from './support/loki-config';

const credentials = new Credentials('loki-bucket');
const KEYS = {
  kind: 'keys',
  accessKeyId: { credentials, key: 'id' },
  secretAccessKey: { credentials, key: 'secret' },
} as const;
const S3 = { kind: 's3', bucket: 'logs', region: 'eu-central-1', access: KEYS } as const;
const EVERYTHING: LokiStackProps = {
  retention: {
    days: 31,
    streams: [
      { selector: '{stream="security"}', days: 365 },
      { selector: '{level="debug"}', days: 7 },
    ],
  },
  externalLabels: { cluster: 'test' },
  grafanaUrl: 'https://grafana.example.com',
  limits: { streams: 20_000, queryTimeoutSeconds: 300 },
  config: { querier: { max_concurrent: 8 } },
};

/** The objects of a stack, and what a test adds to it. */
function stack(props: LokiStackProps = {}, add: (loki: LokiStack) => void = () => {}) {
  const chart = testChart();
  add(new LokiStack(chart, 'loki', props));
  return manifestsOf(chart);
}

const connected = (loki: LokiStack) => {
  loki.addAlertmanager(Endpoint.host('alerts.example.com', 9093, 'http'));
  loki.addRemoteWrite(Endpoint.host('prometheus.example.com', 9090, 'http'), {
    config: { headers: { 'X-Team': 'orders' } },
  });
};

/** Each mode and each kind of storage, with the fewest props and with more. */
const MODES: { readonly [name: string]: LokiStackProps } = {
  'monolithic, on a volume': {},
  'monolithic, with a bucket': { ...EVERYTHING, mode: 'monolithic', objectStorage: S3 },
  'monolithic, with several tenants': { ...EVERYTHING, multiTenancy: true },
  'replicated, on Amazon S3': {
    objectStorage: { ...S3, access: { kind: 'role', arn: 'arn:aws:iam::123456789012:role/loki' } },
  },
  'replicated, on an S3 server': {
    ...EVERYTHING,
    objectStorage: { ...S3, server: Endpoint.host('minio.example.com', 9000, 'https') },
  },
  'distributed, on Google Cloud Storage': {
    mode: 'distributed',
    gigabytesPerDay: 300,
    objectStorage: {
      kind: 'gcs',
      bucket: 'logs',
      access: { kind: 'workload-identity', serviceAccount: 'loki@orders.iam.gserviceaccount.com' },
    },
  },
  'distributed over zones, on Azure': {
    ...EVERYTHING,
    mode: 'distributed',
    zones: ['europe-a', 'europe-b', 'europe-c'],
    caches: { chunks: Endpoint.host('memcached.example.com', 11211, 'memcached') },
    objectStorage: {
      kind: 'azure',
      account: 'orders',
      container: 'logs',
      access: { kind: 'workload-identity', clientId: '00000000-0000-0000-0000-000000000000' },
    },
  },
};

/** Loki's verdict on a configuration, and the effective configuration. */
function verify(config: Config) {
  const file = writeInto(temporaryDirectory(), 'loki.yaml', toYaml(config));
  const options = { encoding: 'utf8', stdio: 'pipe' } as const;
  const output = (...args: string[]) =>
    execFileSync(
      '/bin/sh',
      ['-c', '"$0" "$@" 2>&1; echo "ended with $?"', LOKI!, `-config.file=${file}`, ...args],
      options,
    );
  const verdict = output('-verify-config');
  const printed = output('-verify-config', '-print-config-stderr')
    .split('\n')
    .filter((line) => !/^(\{"|ts=|level=|ended with|---)/.test(line))
    .join('\n');
  return { verdict, printed: printed.trim() === '' ? undefined : load(printed) };
}

describeLoki('the configuration of Loki', (check) => {
  check('is checked by the deployed version', async () => {
    const version = execFileSync(LOKI!, ['-version'], { encoding: 'utf8' });
    expect(version).toContain(`loki, version ${imageVersion(images.loki)}`);
  });

  for (const [name, props] of Object.entries(MODES)) {
    check(`${name}, is accepted, and every value takes effect`, async () => {
      const config = configOf(stack(props, connected));
      const { verdict, printed } = verify(config);
      expect(verdict).toMatch(/config is valid.*ended with 0/s);
      expect(missingLeaves(config, printed)).toEqual([]);
    });
  }

  check('is refused with a mistake, and a value that does not take effect is found', async () => {
    const config = configOf(stack());
    const { delete_request_store, ...compactor } = config.compactor;
    expect(delete_request_store).toBe('filesystem');
    expect(verify({ ...config, compactor }).verdict).toMatch(/ended with 1/);
    expect(missingLeaves({ a: { b: '3h' }, c: false }, { a: { b: '2h0m0s' } })).toEqual([
      'a.b is "2h0m0s", expected "3h"',
    ]);
  });
});

const RULES: LokiRules = {
  groups: [
    {
      name: 'shop',
      interval: '1s',
      rules: [
        { alert: 'ShopFails', expr: 'sum by (app) (count_over_time({app="shop"} |= "failed" [5m])) > 0' },
        { record: 'shop:failures:count5m', expr: 'sum by (app) (count_over_time({app="shop"} |= "failed" [5m]))' },
      ],
    },
  ],
};
const RESOURCE = { 'service.name': 'shop', app: 'shop', namespace: 'orders', 'k8s.pod.name': 'shop-1' };

describeLoki('a monolithic Loki', (check) => {
  let root: string;
  let loki: Loki;
  let process: LokiProcess;
  let prometheusUrl: string;
  let alertmanagerUrl: string;

  const start = async () => {
    root = temporaryDirectory();
    const [port = 0] = await freePorts(1);
    prometheusUrl = `http://127.0.0.1:${port}`;
    const config = writeInto(root, 'prometheus.yml', 'scrape_configs: []\n');
    await startServer('prometheus', {
      command: 'prometheus',
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${root}/prometheus`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--web.enable-remote-write-receiver',
      ],
      ready: () => answers(`${prometheusUrl}/-/ready`),
    });
    const [web = 0, gossip = 0] = await freePorts(2);
    alertmanagerUrl = `http://127.0.0.1:${web}`;
    await startServer('alertmanager', {
      command: 'alertmanager',
      args: [
        `--config.file=${writeInto(root, 'alertmanager.yml', 'route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n')}`,
        `--storage.path=${root}/alertmanager`,
        `--web.listen-address=127.0.0.1:${web}`,
        `--cluster.listen-address=127.0.0.1:${gossip}`,
      ],
      ready: () => answers(`${alertmanagerUrl}/-/ready`),
    });
    const manifests = stack({ externalLabels: { cluster: 'test' } }, (server) => {
      server.addRules('shop', RULES);
      server.addAlertmanager(Endpoint.host('127.0.0.1', web, 'http', ['127.0.0.0/8']));
      server.addRemoteWrite(Endpoint.host('127.0.0.1', port, 'http', ['127.0.0.0/8']));
    });
    layOutRules(manifests, root);
    const quick = (each: Config) => ({ ...each, ruler: { ...each.ruler, poll_interval: '1s' } });
    process = { manifests, root, change: quick, ports: await freePorts(3) };
    loki = await startLoki('loki', process);
  };

  check('takes in lines by OTLP, with bounded index labels only', async () => {
    await start();
    const line = { body: 'payment failed', attributes: { stream: 'application', trace_id: 'abc' } };
    expect(await push(loki.url, RESOURCE, [line])).toBe(true);
    const [found] = await query(loki.url, '{app="shop"}');
    expect(found?.values.map(([, text]) => text)).toEqual(['payment failed']);
    expect(found?.stream).toMatchObject({ k8s_pod_name: 'shop-1', trace_id: 'abc' });
    const { data } = await getJson<{ data: string[] }>(`${loki.url}/loki/api/v1/labels`);
    expect(data.sort()).toEqual(['app', 'namespace', 'service_name', 'stream']);
  });

  check('refuses a line without an index label instead of inventing one', async () => {
    expect(await push(loki.url, { 'k8s.pod.name': 'shop-1' }, [{ body: 'lost' }])).toBe(false);
  });

  check('evaluates its rules', async () => {
    await waitFor('the alert', async () => {
      const { data } = await getJson<{ data: { alerts: { state: string }[] } }>(`${loki.url}/prometheus/api/v1/alerts`);
      return data.alerts.some(({ state }) => state === 'firing');
    });
    expect((await rulesOf(loki.url)).map(({ name, health, lastError }) => [name, health, lastError])).toEqual([
      ['ShopFails', 'ok', ''],
      ['shop:failures:count5m', 'ok', ''],
    ]);
  });

  check('sends alerts to Alertmanager, with the external labels', async () => {
    const alerts = () => getJson<{ labels: object }[]>(`${alertmanagerUrl}/api/v2/alerts`);
    await waitFor('the alert', async () => (await alerts()).length > 0);
    expect((await alerts()).map(({ labels }) => labels)).toEqual([
      { alertname: 'ShopFails', app: 'shop', cluster: 'test' },
    ]);
  });

  check('sends recorded series to Prometheus, and keeps those of alerts', async () => {
    const series = async (name: string) => {
      const answer = await getJson<{ data: { result: { metric: object }[] } }>(
        `${prometheusUrl}/api/v1/query?query=${name}`,
      );
      return answer.data.result.map(({ metric: labels }) => labels);
    };
    await waitFor('the series', async () => (await series('shop:failures:count5m')).length > 0);
    expect(await series('shop:failures:count5m')).toEqual([
      { __name__: 'shop:failures:count5m', app: 'shop', cluster: 'test' },
    ]);
    expect(await series('{__name__=~"ALERTS.*"}')).toEqual([]);
  });

  check('reads a changed file of rules without a restart', async () => {
    // The kubelet writes a new directory and swaps the link to it.
    const rules = join(root, 'etc/loki/rules/fake');
    writeInto(rules, '..2026_12_01/more.yaml', toYaml({ groups: [{ ...RULES.groups[0], name: 'more' }] }));
    symlinkSync('..2026_12_01', join(rules, '..data_tmp'));
    renameSync(join(rules, '..data_tmp'), join(rules, '..data'));
    symlinkSync('..data/more.yaml', join(rules, 'more.yaml'));
    await waitFor('the new group', async () => (await rulesOf(loki.url)).some(({ group }) => group === 'more'));
    expect(await metric(loki.url, 'loki_prometheus_rule_group_rules', 'user="fake"')).toBe(4);
    // No folder of the kubelet has become a tenant.
    expect(await metric(loki.url, 'loki_prometheus_rule_group_rules')).toBe(4);
  });

  check('keeps acknowledged lines when it is killed, and when it is stopped', async () => {
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      expect(await push(loki.url, RESOURCE, [{ body: `before ${signal}` }])).toBe(true);
      await loki.server.stop(signal);
      loki = await startLoki(`loki-after-${signal}`, process);
      expect(await linesOf(loki.url, `{app="shop"} |= "before ${signal}"`)).toEqual([`before ${signal}`]);
    }
  });

  check('writes to its data directory and its temporary directory only', async () => {
    expect(readdirSync(join(root, 'work'))).toEqual([]);
    expect(readdirSync(join(root, 'loki')).sort()).toEqual(
      expect.arrayContaining(['chunks', 'compactor', 'ruler-wal', 'rules-temp', 'tsdb-shipper-active', 'wal']),
    );
    await loki.server.stop();
  });
});

describeLoki('retention', (check) => {
  /** Periods of seconds. Loki has no minimum for the global period. */
  const quick = (config: Config): Config => ({
    ...config,
    ingester: {
      ...config.ingester,
      chunk_idle_period: '5s',
      max_chunk_age: '30s',
      flush_check_period: '2s',
      // A restart replays what is not in a checkpoint yet, and would bring the deleted line back for a while.
      wal: { ...config.ingester.wal, checkpoint_duration: '5s' },
    },
    limits_config: { ...config.limits_config, retention_period: '1m' },
    compactor: {
      ...config.compactor,
      compaction_interval: '10s',
      apply_retention_interval: '10s',
      retention_delete_delay: '1s',
    },
  });
  const chunkFiles = (root: string) => {
    const directory = join(root, 'loki/chunks/fake');
    return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;
  };

  check(
    'deletes old chunks, and keeps those of streams with a longer time',
    async () => {
      const root = temporaryDirectory();
      const manifests = stack({ retention: { days: 1, streams: [{ selector: '{stream="security"}', days: 2 }] } });
      layOutRules(manifests, root);
      mkdirSync(join(root, 'loki'), { recursive: true });
      const process = { manifests, root, change: quick };
      const first = await startLoki('loki', process);
      const old = BigInt(Date.now() - 120_000) * 1_000_000n;
      for (const stream of ['security', 'application']) {
        const line = { body: `of ${stream}`, nanoseconds: old, attributes: { stream } };
        expect(await push(first.url, RESOURCE, [line])).toBe(true);
      }
      await waitFor('both chunks', async () => chunkFiles(root) === 2);
      // The index leaves the head after a quarter of an hour, or when Loki stops.
      await first.server.stop();
      const second = await startLoki('loki-again', process);
      await waitFor('the old chunk to be deleted', async () => chunkFiles(root) === 1, { timeoutSeconds: 240 });
      const swept = 'loki_boltdb_shipper_retention_sweeper_chunk_deleted_duration_seconds_count';
      await waitFor('the metric', async () => (await metric(second.url, swept, 'status="success"')) === 1);
      await second.server.stop();
      const third = await startLoki('loki-at-last', process);
      expect(await linesOf(third.url, '{app="shop"}')).toEqual(['of security']);
      await third.server.stop();
    },
    400_000,
  );
});

describeLoki('a replicated Loki', (check) => {
  const replicas: Loki[] = [];
  const processes: LokiProcess[] = [];
  const acknowledged = new Set<string>();

  const start = async () => {
    const s3 = await startBucket();
    const manifests = stack(
      { objectStorage: { ...S3, server: Endpoint.host('127.0.0.1', s3, 'http', ['127.0.0.0/8']) } },
      (loki) => loki.addRules('shop', RULES),
    );
    const ports = await freePorts(9);
    const gossip = [0, 1, 2].map((n) => `127.0.0.1:${ports[n * 3 + 2]}`);
    for (const n of [0, 1, 2]) {
      const root = temporaryDirectory();
      layOutRules(manifests, root);
      processes.push({
        manifests,
        root,
        ports: ports.slice(n * 3, n * 3 + 3),
        change: (config) => ({ ...config, memberlist: { ...config.memberlist, join_members: gossip } }),
        args: ringNames(`loki-${n}`),
        env: BUCKET_ENV,
      });
    }
    replicas.push(...(await Promise.all(processes.map((process, n) => startLoki(`loki-${n}`, process)))));
    await waitFor('three members', async () =>
      (await Promise.all(replicas.map(members))).every((count) => count === 3),
    );
  };

  /** Members of the ring that are active, as a replica sees it. */
  const members = async ({ url }: Loki) => {
    const response = await fetch(`${url}/ring`, { headers: { accept: 'application/json' } });
    const { shards } = (await response.json()) as { shards: { state: string }[] };
    return shards.filter(({ state }) => state === 'ACTIVE').length;
  };

  /** Sends numbered lines to the replicas in turn, like an agent that tries again elsewhere. */
  const send = async (from: number, count: number, targets: readonly Loki[]) => {
    for (let n = from; n < from + count; n++) {
      const body = `order ${n}`;
      for (let attempt = 0; attempt < targets.length; attempt++) {
        const { url } = targets[(n + attempt) % targets.length]!;
        if (await push(url, RESOURCE, [{ body }]).catch(() => false)) {
          acknowledged.add(body);
          break;
        }
      }
    }
  };

  const missingFrom = async ({ url }: Loki) => {
    const found = new Set(await linesOf(url, '{app="shop"} |= "order"'));
    return [...acknowledged].filter((line) => !found.has(line));
  };

  check('shows each line once, by every replica', async () => {
    await start();
    await send(0, 100, replicas);
    expect(acknowledged.size).toBe(100);
    for (const replica of replicas) {
      expect(await missingFrom(replica)).toEqual([]);
      expect(await linesOf(replica.url, '{app="shop"} |= "order"')).toHaveLength(100);
    }
  });

  check('evaluates each rule once', async () => {
    const counts = () =>
      Promise.all(replicas.map(({ url }) => metric(url, 'loki_prometheus_rule_group_rules', 'user="fake"')));
    await waitFor('the rules', async () => (await counts()).reduce((sum, count) => sum + count, 0) === 2);
    expect((await counts()).sort()).toEqual([0, 0, 2]);
    expect((await rulesOf(replicas[0]!.url)).map(({ health }) => health)).toEqual(['ok', 'ok']);
  });

  check('loses no acknowledged line and no query when a replica is killed', async () => {
    const survivors = [replicas[0]!, replicas[2]!];
    let sent = acknowledged.size;
    let isOver = false;
    const sending = (async () => {
      while (!isOver) {
        await send(sent, 1, replicas);
        sent += 1;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    await waitFor('the first lines', async () => acknowledged.size > 120);
    await replicas[1]!.server.stop('SIGKILL');
    const before = acknowledged.size;
    const failed: string[] = [];
    let asked = 0;
    const until = Date.now() + 20_000;
    while (Date.now() < until) {
      for (const { url } of survivors) {
        asked += 1;
        await linesOf(url, '{app="shop"} |= "order"').catch((error: Error) => failed.push(error.message));
      }
    }
    isOver = true;
    await sending;
    expect(asked).toBeGreaterThan(10);
    expect(failed).toEqual([]);
    // Lines went on while the replica was away, and each was acknowledged by another one.
    expect(acknowledged.size).toBeGreaterThan(before + 20);
    expect(acknowledged.size).toBe(sent);
    for (const replica of survivors) {
      expect(await missingFrom(replica)).toEqual([]);
    }
  });

  check('takes the replica back, and keeps every line in the bucket', async () => {
    replicas[1] = await startLoki('loki-1-again', processes[1]!);
    await waitFor('three members', async () =>
      (await Promise.all(replicas.map(members))).every((count) => count === 3),
    );
    const before = acknowledged.size;
    await send(before, 20, replicas);
    // One after another: each writes its chunks to the bucket.
    for (const { server } of replicas) {
      await server.stop();
    }
    const alone = processes.map((process) => ({ ...process, root: temporaryDirectory() }));
    for (const { root, manifests } of alone) {
      layOutRules(manifests, root);
    }
    const fresh = await Promise.all(alone.map((process, n) => startLoki(`loki-${n}-fresh`, process)));
    expect(acknowledged.size).toBe(before + 20);
    for (const replica of fresh) {
      expect(await missingFrom(replica)).toEqual([]);
    }
  });
});

describeLoki('a distributed Loki over zones', (check) => {
  const running = new Map<string, Loki>();
  const at = (name: string) => running.get(name)!;
  let launch: (name: string) => Promise<void>;

  /** One process of each component, and an ingester in each zone. */
  const PROCESSES = [
    'ingester-a-0',
    'ingester-b-0',
    'ingester-c-0',
    'query-scheduler-0',
    'index-gateway-0',
    'compactor-0',
    'distributor-0',
    'query-frontend-0',
    'querier-0',
    'ruler-0',
  ];
  const start = async () => {
    const server = Endpoint.host('127.0.0.1', await startBucket(), 'http', ['127.0.0.0/8']);
    const manifests = stack(
      {
        mode: 'distributed',
        zones: ['a', 'b', 'c'],
        objectStorage: { ...S3, server },
        roles: { 'index-gateway': { replicas: 1 } },
      },
      (loki) => loki.addRules('shop', RULES),
    );
    const free = await freePorts(PROCESSES.length * 3);
    const portsOf = (name: string) => free.slice(PROCESSES.indexOf(name) * 3, PROCESSES.indexOf(name) * 3 + 3);
    const change = (config: Config): Config => ({
      ...config,
      common: { ...config.common, compactor_grpc_address: `127.0.0.1:${portsOf('compactor-0')[1]}` },
      // The index gateway looks for new files after five minutes otherwise.
      storage_config: { tsdb_shipper: { ...config.storage_config.tsdb_shipper, resync_interval: '5s' } },
      frontend: { ...config.frontend, tail_proxy_url: `http://127.0.0.1:${portsOf('querier-0')[0]}` },
      memberlist: {
        ...config.memberlist,
        join_members: PROCESSES.slice(0, 3).map((name) => `127.0.0.1:${portsOf(name)[2]}`),
      },
    });
    launch = async (name: string) => {
      const root = temporaryDirectory();
      layOutRules(manifests, root);
      const workload = `loki-${name.replace(/-\d$/, '')}`;
      const args = ringNames(name);
      const process = { manifests, workload, root, ports: portsOf(name), change, args, env: BUCKET_ENV };
      running.set(name, await startLoki(name, process));
    };
    for (const group of [PROCESSES.slice(0, 3), PROCESSES.slice(3, 7), PROCESSES.slice(7)]) {
      await Promise.all(group.map(launch));
    }
  };

  check('takes in lines at distributors, and answers at query frontends', async () => {
    await start();
    const { url } = at('distributor-0');
    await waitFor('the ingesters', async () => push(url, RESOURCE, [{ body: 'payment failed' }]));
    const frontend = at('query-frontend-0').url;
    await waitFor('the line', async () => (await linesOf(frontend, '{app="shop"}')).includes('payment failed'));
  });

  check('evaluates its rules', async () => {
    const { url } = at('ruler-0');
    await waitFor('the rules', async () => (await rulesOf(url)).every(({ health }) => health === 'ok'));
    expect((await rulesOf(url)).map(({ name }) => name)).toEqual(['ShopFails', 'shop:failures:count5m']);
  });

  check('loses no acknowledged line when an ingester is killed', async () => {
    await at('ingester-b-0').server.stop('SIGKILL');
    const bodies = Array.from({ length: 20 }, (_, n) => `order ${n}`);
    const { url } = at('distributor-0');
    for (const body of bodies) {
      expect(await push(url, RESOURCE, [{ body }])).toBe(true);
    }
    const frontend = at('query-frontend-0').url;
    expect([...(await linesOf(frontend, '{app="shop"} |= "order"'))].sort()).toEqual([...bodies].sort());
  });

  check(
    'finds its lines in the bucket, by the index gateway, when every ingester has lost its volume',
    async () => {
      const ingesters = PROCESSES.slice(0, 3);
      await Promise.all([0, 2].map((n) => at(ingesters[n]!).server.stop()));
      await Promise.all(ingesters.map(launch));
      const frontend = at('query-frontend-0').url;
      await waitFor('the lines', async () => (await linesOf(frontend, '{app="shop"} |= "order"')).length === 20, {
        timeoutSeconds: 180,
      });
      expect(await metric(at('index-gateway-0').url, 'loki_index_request_duration_seconds_count')).toBeGreaterThan(0);
    },
    400_000,
  );
});

reportSkipped();
