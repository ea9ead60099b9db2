import { App, Chart } from 'cdk8s';
import {
  type CollectorConfig,
  Endpoint,
  inCluster,
  LogCollector,
  type LogCollectorProps,
  type LogParsing,
  LokiStack,
  POD_ADDRESS,
} from '../../constructs';
import { groupsOf } from '../../constructs/log-collector/parsing';
import { parseYaml } from '../../formats/yaml';
import { configFiles, type Manifest } from '../../testing/manifests';
import { containerOf, find, findAll, manifestsOf, NAMESPACE, podOf, render, testChart } from '../../testing/render';
import { testProps } from '../support/props';
import { settingError } from '../support/setting-error';

const LOKI = { pushEndpoint: Endpoint.host('loki.example.com', 3100, 'http'), otlpPath: '/otlp' };
const OWN: LogParsing = { namespace: 'shop', container: 'legacy', firstLine: '^>>', pattern: '^>> (?P<level>\\w+)$' };

const COUNTER = {
  connectors: { 'count/lines': {} },
  processors: { delta_to_cumulative: {} },
  exporters: { 'prometheus/lines': { endpoint: `${POD_ADDRESS}:8899` } },
  pipelines: {
    'metrics/lines': {
      receivers: ['count/lines'],
      processors: ['delta_to_cumulative'],
      exporters: ['prometheus/lines'],
    },
  },
  port: 8899,
};

const made = (props: Partial<LogCollectorProps> = {}) =>
  render((chart) => new LogCollector(chart, 'logs', { loki: LOKI, ...props }));
const configOf = (manifests: readonly Manifest[], name = 'log-collector') =>
  parseYaml(configFiles(manifests, `${name}-config`)['config.yaml']!) as CollectorConfig;
const promtailOf = (manifests: readonly Manifest[]) => configFiles(manifests, 'log-collector-config')['promtail.yaml']!;
const messageOf = (props: object) => settingError(() => made(props as Partial<LogCollectorProps>)).message;

describe('LogCollector', () => {
  testProps<LogCollectorProps, 'agent' | 'promtailStages' | 'events' | 'eventsScope'>({
    make: (scope, props) => new LogCollector(scope, 'logs', props),
    minimal: () => ({ loki: LOKI }),
    full: () => ({
      loki: { ...LOKI, otlpPath: '/other/otlp' },
      name: 'lines',
      cluster: 'mars',
      tenant: 'team-7',
      processors: { 'transform/mask': { log_statements: ['set(log.attributes["masked"], true)'] } },
      counter: COUNTER,
      parsing: [OWN],
      nodeLogs: ['/var/log/moon.log'],
      auditLogs: ['/var/log/apiserver/*.json'],
      queueSize: '3Gi',
      pod: { priorityClassName: 'logs-first' },
      eventsPod: { priorityClassName: 'events-last' },
    }),
    traces: {
      loki: 'endpoint: http://loki.example.com:3100/other/otlp',
      name: 'path: /var/lib/lines',
      cluster: 'set(resource.attributes["cluster"], "mars")',
      tenant: 'X-Scope-OrgID: team-7',
      processors: '- transform/mask',
      counter: 'containerPort: 8899',
      parsing: 'own-0',
      nodeLogs: '- /var/log/moon.log',
      auditLogs: '- /var/log/apiserver/*.json',
      queueSize: 'queue_size: 3221225472',
      pod: 'priorityClassName: logs-first',
      eventsPod: 'priorityClassName: events-last',
    },
    apart: {
      agent: { props: () => ({ loki: LOKI, agent: 'promtail' }), trace: 'image: docker.io/grafana/promtail:3.6.15' },
      promtailStages: {
        props: () => ({ loki: LOKI, agent: 'promtail', promtailStages: [{ drop: { expression: 'moon' } }] }),
        trace: 'expression: moon',
      },
      events: { props: () => ({ loki: LOKI, events: false }), removes: 'name: log-collector-events' },
      eventsScope: {
        props: () => ({ loki: LOKI, eventsScope: testChart() }),
        removes: 'name: log-collector-events',
      },
    },
  });

  const manifests = made();

  test('reads as root without capabilities, and cannot change a file of the node but its own state', () => {
    expect(podOf(manifests, 'log-collector').spec.securityContext).toEqual({
      runAsNonRoot: false,
      runAsUser: 0,
      runAsGroup: 0,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    const { securityContext, volumeMounts } = containerOf(manifests, 'log-collector');
    expect(securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    });
    expect(podOf(manifests, 'log-collector').spec).not.toHaveProperty('hostNetwork', true);
    const writable = volumeMounts.filter(({ readOnly }: { readOnly?: boolean }) => !readOnly);
    expect(writable.map(({ mountPath }: { mountPath: string }) => mountPath)).toEqual(['/var/lib/otelcol']);
  });

  test('collects events in another namespace on request', () => {
    const app = new App();
    const chart = (namespace: string) => new Chart(app, namespace, { namespace, disableResourceNameHashes: true });
    const [nodes, servers] = [chart('nodes'), chart('servers')];
    new LogCollector(nodes, 'logs', { loki: LOKI, eventsScope: servers });
    const namespaces = ['DaemonSet', 'Deployment'].map((kind) => find(manifestsOf(app), kind).metadata.namespace);
    expect(namespaces).toEqual(['nodes', 'servers']);
  });

  test('mounts the directory of the pods alone where it reads no log of the node', () => {
    const paths = (props: Partial<LogCollectorProps>) =>
      podOf(made(props), 'log-collector').spec.volumes.flatMap((volume: Manifest) => volume.hostPath?.path ?? []);
    expect(paths({ nodeLogs: [], auditLogs: [] })).toEqual(['/var/log/pods', '/var/lib/log-collector']);
    expect(paths({ nodeLogs: [] })).toEqual(['/var/log', '/var/lib/log-collector']);
    expect(Object.keys(configOf(made({ nodeLogs: [], auditLogs: [] })).receivers!)).toEqual(['file_log/pods']);
  });

  test('runs on every node, and its collector of events once, as nobody', () => {
    expect(podOf(manifests, 'log-collector').spec.tolerations).toEqual([{ operator: 'Exists' }]);
    expect(find(manifests, 'Deployment').spec).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(podOf(manifests, 'log-collector-events').spec.securityContext.runAsUser).toBe(10001);
  });

  test('may read pods, and its collector of events may read events', () => {
    const rules = Object.fromEntries(
      findAll(manifests, 'ClusterRole').map(({ metadata, rules: own }) => [metadata.name, own]),
    );
    expect(Object.values(rules).flat()).toEqual([
      { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
      { apiGroups: [''], resources: ['events'], verbs: ['get', 'list', 'watch'] },
    ]);
  });

  test('is admitted by a LokiStack of another namespace', () => {
    const chart = testChart();
    const loki = new LokiStack(chart, 'loki');
    const collector = new LogCollector(new Chart(chart.node.root, 'node', { namespace: 'node-agents' }), 'logs', {
      loki,
    });
    const policy = find(manifestsOf(chart), 'NetworkPolicy', 'loki');
    expect(JSON.stringify(policy.spec.ingress)).toContain('"kubernetes.io/metadata.name":"node-agents"');
    expect(configOf(manifestsOf(collector)).exporters!['otlp_http/loki']!.endpoint).toBe(
      `http://loki.${NAMESPACE}.svc:3100/otlp`,
    );
  });

  test('takes the name of the cluster from its chart', () => {
    const chart = inCluster(testChart(), 'venus');
    new LogCollector(chart, 'logs', { loki: LOKI });
    const text = JSON.stringify(manifestsOf(chart));
    expect(text.split('venus').length - 1).toBe(3);
  });

  test('puts the processors of the caller behind the parsing, in each pipeline', () => {
    const given = { processors: { 'transform/a': { log_statements: [] }, 'filter/b': {} } };
    for (const name of ['log-collector', 'log-collector-events']) {
      for (const { processors } of Object.values(configOf(made(given), name).service.pipelines)) {
        expect(processors![0]).toBe('memory_limiter');
        expect(processors!.slice(-3)).toEqual(['transform/level', 'transform/a', 'filter/b']);
      }
    }
    const stages = [{ replace: { expression: '(secret)' } }];
    const promtail = made({ ...given, agent: 'promtail', promtailStages: stages });
    const jobs = (parseYaml(promtailOf(promtail)) as { scrape_configs: { pipeline_stages: object[] }[] })
      .scrape_configs;
    expect(jobs.map(({ pipeline_stages }) => pipeline_stages.at(-2))).toEqual([stages[0], stages[0], stages[0]]);
  });

  test('counts lines behind the processors, in each pipeline of the agents', () => {
    const { 'metrics/lines': metrics, ...lines } = configOf(made({ counter: COUNTER })).service.pipelines;
    expect(metrics).toEqual(COUNTER.pipelines['metrics/lines']);
    expect(Object.values(lines).map(({ exporters }) => exporters)).toEqual(
      Object.keys(lines).map(() => ['otlp_http/loki', 'count/lines']),
    );
    expect(configOf(made({ counter: COUNTER }), 'log-collector-events').connectors).toBeUndefined();
    const endpoint = (props: Partial<LogCollectorProps>) =>
      new LogCollector(testChart(), 'logs', { loki: LOKI, ...props }).counterEndpoint;
    expect(endpoint({ counter: COUNTER })).toBeDefined();
    expect(endpoint({})).toBeUndefined();
    expect(endpoint({ counter: COUNTER, agent: 'promtail' })).toBeUndefined();
  });

  test('loses no line that it has read: its queue and its checkpoints are on the disk, and nothing gives up', () => {
    const { receivers, exporters } = configOf(manifests);
    for (const receiver of Object.values(receivers!)) {
      expect(receiver).toMatchObject({
        start_at: 'beginning',
        storage: 'file_storage/checkpoints',
        retry_on_failure: { enabled: true, max_elapsed_time: 0 },
      });
    }
    expect(exporters!['otlp_http/loki']).toMatchObject({
      retry_on_failure: { max_elapsed_time: '0s' },
      sending_queue: { storage: 'file_storage/queue', block_on_overflow: true },
    });
  });

  test('does not collect its own lines, and reads files that were renamed', () => {
    expect(configOf(manifests).receivers!['file_log/pods']).toMatchObject({
      include: ['/var/log/pods/*/*/*.log', '/var/log/pods/*/*/*.log.20*'],
      exclude: ['**/*.gz', '**/*.tmp', `/var/log/pods/${NAMESPACE}_log-collector-*/*/*`],
    });
  });

  test('writes a dollar of an expression so that neither program takes it for a variable', () => {
    const [, , recombine] = configOf(made({ parsing: [OWN] })).receivers!['file_log/pods']!.operators as Manifest[];
    expect(recombine!.is_first_entry).toContain('[A-Za-z0-9+/=]{16,}$$)');
    const promtail = promtailOf(made({ agent: 'promtail', parsing: [OWN] }));
    expect(promtail).toContain('field: spec.nodeName=${K8S_NODE_NAME}');
    expect(promtail.replaceAll(/\$\$|\$\{K8S_NODE_NAME\}/g, '')).not.toContain('$');
  });
});

describe('a LogCollector refuses', () => {
  const own = (rule: Partial<LogParsing>) => ({ parsing: [{ namespace: 'shop', container: 'web', ...rule }] });
  const RE2 = 'leave out lookarounds and back references: RE2 has none';
  const NAME = 'write another name of lower-case letters, digits and _: index labels are not set by lines';
  test.each<[object, string]>([
    [{ agent: 'fluent-bit' }, 'agent is "fluent-bit": write opentelemetry or promtail'],
    [{ name: 'Logs' }, 'name is "Logs-events": write at most 50 lower-case letters, digits and dashes, a letter first'],
    [{ tenant: 'a b' }, `tenant is "a b": write letters, digits and !-_.*'(), at most 150`],
    [
      { agent: 'promtail', processors: { 'transform/mask': {} } },
      'promtailStages is not set: write stages that do the same as processors: Promtail runs no processors; [] for none',
    ],
    [{ promtailStages: [] }, "promtailStages is []: remove it, or write agent: 'promtail'"],
    [{ agent: 'promtail', queueSize: '1Gi' }, 'queueSize is "1Gi": remove it: Promtail has no queue on the disk'],
    [{ counter: { ...COUNTER, port: 0 } }, 'counter.port is 0: write a port from 1 to 65535'],
    [{ queueSize: '1G' }, 'queueSize is "1G": write a quantity such as 50Gi (Mi, Gi or Ti)'],
    [
      { nodeLogs: ['/etc/shadow'] },
      'nodeLogs is "/etc/shadow": write a path below /var/log, outside of pods and containers',
    ],
    [
      { auditLogs: ['/var/log/../../etc/*.log'] },
      'auditLogs is "/var/log/../../etc/*.log": write a path below /var/log, outside of pods and containers',
    ],
    [own({}), 'parsing[0] is "shop/web": write firstLine or pattern: the rule changes nothing'],
    [own({ pattern: '^a' }), 'parsing[0].pattern is "^a": name a group, e.g. (?P<level>[A-Z]+)'],
    [own({ pattern: '(?P<stream>a)' }), `parsing[0].pattern is "stream": ${NAME}`],
    [own({ firstLine: '^(?!a)' }), `parsing[0].firstLine is "^(?!a)": ${RE2}`],
    [own({ pattern: '(?P<level>a)\\1' }), `parsing[0].pattern is "(?P<level>a)\\\\1": ${RE2}`],
    [
      own({ firstLine: '^`' }),
      'parsing[0].firstLine is "^`": write \\x60 for a backquote: a template of Promtail has it in backquotes',
    ],
    [{ parsing: [OWN, OWN] }, 'parsing[1] is "shop/legacy": write one rule for a container'],
    [
      { processors: { 'redact/x': {} } },
      expect.stringContaining('processors is "redact/x": write one of attributes, batch') as unknown as string,
    ],
  ])('%j', (props, message) => {
    expect(messageOf(props)).toEqual(message);
  });

  test('an expression that does not parse', () => {
    expect(messageOf(own({ firstLine: '(' }))).toMatch(
      /^parsing\[0\]\.firstLine is "\(": write a regular expression; /,
    );
  });

  test('no flag of RE2', () => {
    expect(() => made(own({ firstLine: '(?i)^begin (?i:x)' }))).not.toThrow();
  });

  test('no group of both forms of a name', () => {
    expect(groupsOf('(?P<level>a)(?<order>b)(?:c)')).toEqual(['level', 'order']);
  });
});
