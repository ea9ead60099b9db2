import { type LogCollectorProps, maskingProps } from '../../constructs';
import { MASKED_METRIC } from '../../rules/sanitising';
import { temporaryDirectory } from '../../testing/cleanup';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import {
  addEvent,
  addPod,
  appendLog,
  collectorManifests,
  complaintsOf,
  credentialsOf,
  criLine,
  type LoggedPod,
  startAgent,
  startPromtail,
} from '../../testing/log-collector';
import { NAMESPACE } from '../../testing/render';
import { waitFor } from '../../testing/server';
import { describeLoki, describePromtail, PROMTAIL, reportSkipped, startLoki } from './support/loki';
import { lokiProcess, type StoredLine, storedLines } from './support/stored-lines';

const OWN = {
  namespace: 'shop',
  container: 'legacy',
  firstLine: '^>> ',
  pattern: '^>> (?P<level>[A-Z]+) order=(?P<order>[0-9]+)',
} as const;

/** Every form of the file. */
const VARIANTS: { readonly [name: string]: Partial<LogCollectorProps> } = {
  'the fewest props': {},
  'no logs of the node': { nodeLogs: [], auditLogs: [] },
  'every prop': {
    cluster: 'test',
    tenant: 'team-7',
    processors: { 'transform/mask': { log_statements: ['replace_pattern(log.body, "secret", "***")'] } },
    parsing: [OWN],
    queueSize: '2Gi',
  },
  'processors that mask, and their counter': maskingProps(),
};

let kubernetes: Kubernetes;

beforeAll(async () => {
  kubernetes = await startKubernetes();
  await makeNamespace(kubernetes, NAMESPACE);
});
afterAll(async () => {
  reportSkipped();
  await kubernetes?.stop();
});

describe('the file of the collector', () => {
  for (const [title, props] of Object.entries(VARIANTS)) {
    test(`with ${title} starts both collectors without a warning`, async () => {
      const manifests = collectorManifests(props);
      for (const name of ['log-collector', 'log-collector-events']) {
        const root = temporaryDirectory();
        const kubeconfig = await credentialsOf(kubernetes, manifests, name, root);
        const agent = await startAgent(name, { manifests, name, root, kubeconfig });
        expect(complaintsOf(agent)).toEqual([]);
        await agent.server.stop();
        expect(complaintsOf(agent)).toEqual([]);
      }
    });
  }

  test('with an old name is found by its warning', async () => {
    const root = temporaryDirectory();
    const manifests = collectorManifests();
    const kubeconfig = await credentialsOf(kubernetes, manifests, 'log-collector', root);
    const old = JSON.parse(JSON.stringify(manifests).replaceAll('k8s_attributes', 'k8sattributes')) as typeof manifests;
    const agent = await startAgent('old', { manifests: old, root, kubeconfig });
    expect(complaintsOf(agent)).toEqual([expect.stringContaining('deprecated')]);
    await agent.server.stop();
  });
});

/** Lines of a container, and the labels `stream` and `level` of each event that they make. */
const CASES: readonly {
  readonly lines: readonly (string | readonly [string, { readonly stream?: string; readonly tag?: string }])[];
  readonly stream?: string;
  readonly level: string;
  /** Structured metadata. */
  readonly metadata?: { readonly [name: string]: string };
  /** @default - the lines */
  readonly text?: string;
}[] = [
  {
    lines: [
      '{"level":"info","message":"saved","trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","user_id":"u-1"}',
    ],
    level: 'info',
    metadata: { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331', user_id: 'u-1' },
  },
  { lines: ['{"level":50,"msg":"a number of pino"}'], level: 'error' },
  { lines: ['{"level":"WARNING","log_type":"application"}'], level: 'warn' },
  {
    lines: ['{"log_type":"security","event_type":"auth_failure","source_ip":"192.0.2.1"}'],
    stream: 'security',
    level: 'unknown',
  },
  { lines: ['{"log_type":"business","level":"info","event_name":"save"}'], stream: 'business', level: 'info' },
  { lines: ['{"log_type":"invented by a pod","level":"debug"}'], level: 'debug' },
  { lines: ['{"level":"error", "cut off'], level: 'unknown' },
  { lines: ['{"level":["error"],"log_type":{"a":1},"message":"odd types"}'], level: 'unknown' },
  { lines: ['{"message":"an ERROR in the text of a line without a level"}'], level: 'unknown' },
  {
    lines: ['192.0.2.1 - - [01/Dec/2026:02:40:00 +0000] "GET /api/save HTTP/1.1" 503 12 "-" "curl/8" 0.012'],
    stream: 'access',
    level: 'error',
  },
  {
    lines: ['192.0.2.1 - bob [01/Dec/2026:02:40:00 +0000] "GET /a b?x=ERROR HTTP/2.0" 404 12 "-" "curl/8" 0.012'],
    stream: 'access',
    level: 'warn',
  },
  {
    lines: ['192.0.2.1 - - [01/Dec/2026:02:40:00 +0000] "GET / HTTP/1.1" 200 12 "-" "-"'],
    stream: 'access',
    level: 'info',
  },
  {
    lines: [
      '2026-12-01 02:40:00 ERROR [main] java.lang.IllegalStateException: broken',
      '\tat shop.Cart.total(Cart.java:17)',
      ['a line of the other stream', { stream: 'stderr' }],
      'Caused by: java.io.IOException: closed',
      '    ... 3 more',
    ],
    level: 'error',
    text: [
      '2026-12-01 02:40:00 ERROR [main] java.lang.IllegalStateException: broken',
      '\tat shop.Cart.total(Cart.java:17)',
      'Caused by: java.io.IOException: closed',
      '    ... 3 more',
    ].join('\n'),
  },
  {
    lines: ['-----BEGIN PRIVATE KEY-----', 'bm90IGEgcHJpdmF0ZSBrZXksIGEgdGVzdA==', '-----END PRIVATE KEY-----'],
    level: 'unknown',
    text: '-----BEGIN PRIVATE KEY-----\nbm90IGEgcHJpdmF0ZSBrZXksIGEgdGVzdA==\n-----END PRIVATE KEY-----',
  },
  { lines: ['W1201 02:40:00.123456       1 main.go:17] a line of klog'], level: 'warn' },
  { lines: ['ts=2026-12-01T02:40:00Z level=info msg="logfmt with an ERROR"'], level: 'info' },
  { lines: ['2026/12/01 02:40:00 [crit] 29#29: *1 open() failed'], level: 'fatal' },
  { lines: ['nothing tells a level; $HOME and ${HOME} stay'], level: 'unknown' },
  { lines: [['one ', { tag: 'P' }], ['long ', { tag: 'P' }], 'line'], level: 'unknown', text: 'one long line' },
  { lines: ['blanks at the end  '], level: 'unknown' },
];

/** Writes the lines of the cases. */
function writeCases(root: string, { directory }: LoggedPod): void {
  for (const { lines } of CASES) {
    for (const each of lines) {
      const [text, options] = typeof each === 'string' ? [each, {}] : each;
      appendLog(root, `${directory}/0.log`, criLine(text, options));
    }
  }
}

const INDEX_LABELS = ['app', 'cluster', 'component', 'container', 'level', 'namespace', 'service_name', 'stream'];
const labelsOf = ({ labels }: StoredLine) =>
  Object.fromEntries(INDEX_LABELS.flatMap((name) => (name in labels ? [[name, labels[name]]] : [])));
const eventsOf = (lines: readonly StoredLine[]) =>
  lines.map((each) => ({ ...labelsOf(each), nanoseconds: each.nanoseconds, line: each.line }));

describeLoki('a node with pods', (check) => {
  let root: string;
  let url: string;
  let lokiPort: number;

  const manifests = collectorManifests({ cluster: 'test', parsing: [OWN] });
  const shop = (extra = '') => storedLines(url, `{cluster="test", app="shop"}${extra}`);

  check('sends its lines with bounded labels, and with level and stream of each', async () => {
    root = temporaryDirectory();
    const loki = await startLoki('loki', await lokiProcess(manifests, root));
    url = loki.url;
    lokiPort = Number(new URL(url).port);
    const kubeconfig = await credentialsOf(kubernetes, manifests, 'log-collector', root);
    const web = await addPod(kubernetes, {
      namespace: 'shop',
      name: 'web-7d9f5c6b8d-abcde',
      container: 'web',
      labels: { 'app.kubernetes.io/name': 'shop', 'app.kubernetes.io/component': 'front', app: 'older-name' },
    });
    const legacy = await addPod(kubernetes, {
      namespace: 'shop',
      name: 'legacy-0',
      container: 'legacy',
      labels: { app: 'legacy' },
    });
    const plain = await addPod(kubernetes, { namespace: 'shop', name: 'plain', container: 'job' });
    const silent = await addPod(kubernetes, {
      namespace: 'shop',
      name: 'silent',
      container: 'web',
      annotations: { 'log-collector/collect': 'false' },
    });
    writeCases(root, web);
    appendLog(
      root,
      `${legacy.directory}/0.log`,
      criLine('>> WARN order=17 paid') + criLine('and more') + criLine('>> INFO order=18'),
    );
    appendLog(root, `${plain.directory}/0.log`, criLine('without labels'));
    appendLog(root, `${silent.directory}/0.log`, criLine('nobody may read this'));
    appendLog(root, `pods/${NAMESPACE}_log-collector-x_1-2-3/log-collector/0.log`, criLine('a line of the agent'));
    appendLog(root, `${web.directory}/0.log.20261130-000000.gz`, 'compressed\n');
    appendLog(root, 'kern.log', 'Dec  1 02:00:00 host kernel: [1.0] Out of memory: Killed process 1\n');
    appendLog(
      root,
      'syslog',
      'Dec  1 02:00:00 host sshd[1]: login of bob\n' +
        `${new Date().toISOString()} host kubelet[9]: E1201 02:00:00.1 1 pod.go:1] failed\n`,
    );
    appendLog(root, 'kubelet.log', 'I1201 02:00:00.1 1 kubelet.go:1] started\n');
    const audit = {
      kind: 'Event',
      stageTimestamp: new Date().toISOString(),
      user: { username: 'eve' },
      responseStatus: { code: 403 },
    };
    appendLog(root, 'kubernetes/audit/audit.log', `${JSON.stringify(audit)}\n`);

    const agent = await startAgent('agent', { manifests, root, kubeconfig, lokiPort });
    await waitFor('the lines', async () => (await shop()).length === CASES.length + 1);
    await waitFor('the line of the job', async () => (await storedLines(url, '{app="job"}')).length === 1);
    const stored = await shop();
    for (const { lines, stream = 'application', level, metadata = {}, text } of CASES) {
      const expected = text ?? lines.map((each) => (typeof each === 'string' ? each : each[0])).join('\n');
      expect(stored.filter(({ line }) => line === expected).map(({ labels }) => labels)).toEqual([
        expect.objectContaining({
          cluster: 'test',
          namespace: 'shop',
          app: 'shop',
          service_name: 'shop',
          component: 'front',
          container: 'web',
          stream,
          level,
          k8s_pod_name: web.name,
          k8s_node_name: 'node-a',
          ...metadata,
        }),
      ]);
    }
    expect(complaintsOf(agent)).toEqual([]);
    await agent.server.stop();
  });

  check('counts what its processors have masked, and sends no secret', async () => {
    const own = temporaryDirectory();
    const masking = collectorManifests({ ...maskingProps(), cluster: 'masked' });
    const kubeconfig = await credentialsOf(kubernetes, masking, 'log-collector', own);
    const pod = await addPod(kubernetes, { namespace: 'shop', name: 'leaky', container: 'leaky' });
    appendLog(own, `${pod.directory}/0.log`, criLine('password=not-a-real-one of the first try'));
    const agent = await startAgent('masking', { manifests: masking, root: own, kubeconfig, lokiPort });
    await waitFor('the line', async () => (await storedLines(url, '{cluster="masked"}')).length === 1);
    const [line] = await storedLines(url, '{cluster="masked"}');
    expect(line!.line).toMatch(/of the first try/);
    expect(line!.line).not.toMatch(/not-a-real-one/);
    const counts = async () => (await (await fetch(agent.counterUrl!)).text()).split('\n');
    await waitFor('the count', async () => (await counts()).some((each) => each.startsWith(MASKED_METRIC)));
    expect((await counts()).filter((each) => each.startsWith(MASKED_METRIC))).toEqual([
      expect.stringMatching(/^masked_records_total\{.*kind="password".*namespace="shop".*\} 1$/),
    ]);
    expect(complaintsOf(agent)).toEqual([]);
    await agent.server.stop();
  });

  check('makes no stream of a pod, a trace or a user', async () => {
    const response = await fetch(`${url}/loki/api/v1/labels`);
    const { data } = (await response.json()) as { data: string[] };
    expect(data.sort()).toEqual(INDEX_LABELS);
  });

  check('reads the lines of a container by its own rule', async () => {
    const stored = await storedLines(url, '{app="legacy"}');
    expect(stored.map(({ line, labels }) => [line, labels.level, labels.order])).toEqual([
      ['>> WARN order=17 paid\nand more', 'warn', '17'],
      ['>> INFO order=18', 'info', '18'],
    ]);
  });

  check('does not send the lines of a pod that opted out, nor its own', async () => {
    expect(await storedLines(url, '{cluster="test"} |~ "nobody|of the agent|compressed"')).toEqual([]);
  });

  check('sends the lines of kernel, kubelet and audit log, and no others of the node', async () => {
    const stored = await storedLines(url, '{stream=~"node|audit"}');
    expect(stored.map(({ labels }) => [labels.app, labels.stream, labels.level, labels.user_id]).sort()).toEqual([
      ['kernel', 'node', 'unknown', undefined],
      ['kube-apiserver', 'audit', 'warn', 'eve'],
      ['kubelet', 'node', 'error', undefined],
      ['kubelet', 'node', 'info', undefined],
    ]);
  });

  check('sends the events of Kubernetes', async () => {
    const name = 'log-collector-events';
    const kubeconfig = await credentialsOf(kubernetes, manifests, name, root);
    const own = temporaryDirectory();
    const collector = await startAgent(name, { manifests, name, root: own, kubeconfig, lokiPort });
    await waitFor('the event', async () => {
      await addEvent(kubernetes, 'shop');
      return (await storedLines(url, '{stream="events"}')).length > 0;
    });
    const [first] = await storedLines(url, '{stream="events"}');
    expect(first).toMatchObject({
      line: 'Back-off restarting failed container',
      labels: {
        app: 'kubernetes-events',
        cluster: 'test',
        namespace: 'shop',
        level: 'warn',
        k8s_event_reason: 'BackOff',
        k8s_object_name: 'web-1',
      },
    });
    expect(complaintsOf(collector)).toEqual([]);
    await collector.server.stop();
  });

  describePromtail('with Promtail', (checkPromtail) => {
    checkPromtail('sends the same lines with the same labels and times', async () => {
      const both = collectorManifests({ cluster: 'promtail', agent: 'promtail', parsing: [OWN] });
      const kubeconfig = await credentialsOf(kubernetes, both, 'log-collector', root);
      const promtail = await startPromtail(PROMTAIL!, { manifests: both, root, kubeconfig, lokiPort });
      const every = async (cluster: string) =>
        eventsOf(await storedLines(url, `{cluster="${cluster}", stream!="events"}`)).map((each) => ({
          ...each,
          cluster: '',
        }));
      const wanted = (await every('test')).map((each) => comparable(each));
      await waitFor('the lines', async () => (await every('promtail')).length >= wanted.length);
      const found = (await every('promtail')).map((each) => comparable(each));
      const sorted = (lines: readonly object[]) => lines.map((each) => JSON.stringify(each)).sort();
      expect(sorted(found)).toEqual(sorted(wanted));
      await promtail.server.stop();
    });
  });
});

/**
 * A line in the old form of syslog has no time of its own. A line in parts has the time of its first part, and with
 * Promtail that of its last.
 */
function comparable<T extends { readonly nanoseconds: string; readonly line: string; readonly stream?: string }>(
  line: T,
): T {
  const hasNone = line.stream === 'node' && !/^\d{4}-/.test(line.line);
  return hasNone || line.line === 'one long line' ? { ...line, nanoseconds: 'not compared' } : line;
}
