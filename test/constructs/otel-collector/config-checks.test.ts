import type { CollectorConfig, CollectorSectionName } from '../../../constructs';
import { COMPONENT_TYPES, NOT_RUN, RENAMED_TYPES } from '../../../constructs/otel-collector/component-types';
import { CollectorFile, literal } from '../../../constructs/otel-collector/config-builder';
import { checkCollectorConfig } from '../../../constructs/otel-collector/config-checks';
import { settingError } from '../../support/setting-error';
import { describeWithTools, runTool } from '../../support/tools';

const PIPELINE = { receivers: ['otlp'], processors: ['memory_limiter'], exporters: ['otlp_http/loki'] };
const GOOD: CollectorConfig = {
  extensions: { 'file_storage/queue': { directory: '/var/lib/otelcol' } },
  receivers: { otlp: { protocols: { grpc: {} } } },
  processors: { memory_limiter: { check_interval: '1s', limit_mib: 100 } },
  exporters: {
    'otlp_http/loki': { endpoint: 'http://loki:3100/otlp', sending_queue: { storage: 'file_storage/queue' } },
  },
  service: { extensions: ['file_storage/queue'], pipelines: { logs: PIPELINE } },
};
const withPipeline = (pipeline: object, id = 'logs'): CollectorConfig => ({
  ...GOOD,
  service: { ...GOOD.service, pipelines: { [id]: { ...PIPELINE, ...pipeline } } },
});

test('a good file has no mistake', () => {
  expect(() => checkCollectorConfig(GOOD)).not.toThrow();
});

test.each<[string, CollectorConfig, string]>([
  [
    'an exporter that is not declared',
    withPipeline({ exporters: ['otlp_grpc/jaeger'] }),
    'service.pipelines.logs.exporters is "otlp_grpc/jaeger": declare it in exporters or connectors',
  ],
  [
    'a processor that is not declared',
    withPipeline({ processors: ['memory_limiter', 'batch'] }),
    'service.pipelines.logs.processors is "batch": declare it in processors',
  ],
  [
    'a component twice in a list',
    withPipeline({ receivers: ['otlp', 'otlp'] }),
    'service.pipelines.logs.receivers is "otlp": name it once',
  ],
  [
    'a pipeline without an exporter',
    withPipeline({ exporters: [] }),
    'service.pipelines.logs.exporters is []: name at least one',
  ],
  [
    'a pipeline of no signal',
    withPipeline({}, 'log'),
    'service.pipelines is "log": begin with one of logs, metrics, traces, e.g. logs/events',
  ],
  [
    'no pipeline',
    { ...GOOD, service: { ...GOOD.service, pipelines: {} } },
    'service.pipelines is {}: add a pipeline: the collector does not start without one',
  ],
  [
    'a receiver that no pipeline names',
    { ...GOOD, receivers: { ...GOOD.receivers, zipkin: {} } },
    'receivers is "zipkin": add it to a pipeline, or remove it: it would not run',
  ],
  [
    'a memory limiter behind another processor',
    {
      ...withPipeline({ processors: ['batch', 'memory_limiter'] }),
      processors: { ...GOOD.processors, batch: {} },
    },
    'service.pipelines.logs.processors is ["batch","memory_limiter"]: put memory_limiter first: what stands before it ' +
      'holds data that it cannot refuse',
  ],
  [
    'an old name',
    { ...GOOD, receivers: { ...GOOD.receivers, 'filelog/pods': {} } },
    'receivers is "filelog/pods": write file_log/pods: the collector has renamed filelog',
  ],
  [
    'a type that the collector does not have',
    { ...GOOD, extensions: { health: {} } },
    'extensions is "health": write one of basicauth, bearertokenauth, file_storage, health_check, pprof, zpages',
  ],
  [
    'a type in the wrong section',
    { ...GOOD, processors: { ...GOOD.processors, forward: {} } },
    `processors is "forward": write one of ${COMPONENT_TYPES.processors.join(', ')}`,
  ],
  [
    'an id with a blank',
    { ...GOOD, exporters: { ...GOOD.exporters, 'otlp_http/ a': {} } },
    'exporters is "otlp_http/ a": write a type, or a type and a name, e.g. otlp_http/loki',
  ],
  [
    'a queue on a disk that is not declared',
    { ...GOOD, exporters: { 'otlp_http/loki': { sending_queue: { storage: 'file_storage/other' } } } },
    'exporters.otlp_http/loki.sending_queue.storage is "file_storage/other": declare it in extensions and add it to ' +
      'service.extensions',
  ],
  [
    'an authenticator that is not declared',
    { ...GOOD, receivers: { otlp: { protocols: { grpc: { auth: { authenticator: 'basicauth' } } } } } },
    'receivers.otlp.protocols.grpc.auth.authenticator is "basicauth": declare it in extensions and add it to ' +
      'service.extensions',
  ],
  [
    'an extension that does not start',
    { ...GOOD, extensions: { ...GOOD.extensions, pprof: {} } },
    'extensions is "pprof": add it to service.extensions, or remove it: it would not start',
  ],
  [
    'a connector with one side',
    { ...withPipeline({ exporters: ['otlp_http/loki', 'forward'] }), connectors: { forward: {} } },
    'connectors is "forward": name it in the receivers of a pipeline: it needs both sides',
  ],
])('%s is refused', (_what, config, message) => {
  expect(settingError(() => checkCollectorConfig(config)).message).toBe(message);
});

describe('CollectorFile', () => {
  const file = () =>
    new CollectorFile()
      .add('receivers', 'otlp', { protocols: { grpc: {} } })
      .add('exporters', 'debug')
      .addPipeline('logs', { receivers: ['otlp'], processors: ['memory_limiter'], exporters: ['debug'] });

  test('has a health endpoint, metrics of its own and a memory limiter', () => {
    const { extensions, processors, service } = file().build();
    expect(extensions).toEqual({ health_check: { endpoint: `[\${env:POD_IP}]:13133` } });
    expect(processors).toHaveProperty('memory_limiter');
    expect(service.telemetry?.metrics).toEqual({
      level: 'normal',
      readers: [{ pull: { exporter: { prometheus: { host: `\${env:POD_IP}`, port: 8888 } } } }],
    });
  });

  test('refuses an id twice, and a pipeline twice', () => {
    expect(() => file().add('receivers', 'otlp')).toThrow('duplicate component in receivers "otlp"');
    expect(() => file().addPipeline('logs', PIPELINE)).toThrow('duplicate pipeline "logs"');
  });

  test('refuses an unused component when it is built', () => {
    expect(() => file().add('receivers', 'zipkin').build()).toThrow('receivers is "zipkin"');
  });

  test('starts an extension for a disk, and returns its id', () => {
    const disk = file();
    expect(disk.addDisk('queue', '/var/lib/otelcol/queue')).toBe('file_storage/queue');
    expect(disk.build().service.extensions).toEqual(['health_check', 'file_storage/queue']);
  });

  test('keeps a dollar of a text', () => {
    expect(literal('^a$|^b$')).toBe('^a$$|^b$$');
  });
});

describe('the component types', () => {
  const sections = Object.keys(COMPONENT_TYPES) as readonly CollectorSectionName[];

  test('have no old name, and rename to known types', () => {
    for (const section of sections) {
      expect(COMPONENT_TYPES[section].filter((type) => type in RENAMED_TYPES[section])).toEqual([]);
      expect(COMPONENT_TYPES[section]).toEqual(expect.arrayContaining(Object.values(RENAMED_TYPES[section])));
    }
  });
});

describeWithTools(['otelcol'], 'the collector that the tests run', () => {
  test('has the component types, except those that are named', () => {
    const { output } = runTool('otelcol', 'components');
    for (const section of Object.keys(COMPONENT_TYPES) as CollectorSectionName[]) {
      const [, list = ''] = new RegExp(`^${section}:\\n((?: .*\\n)*)`, 'm').exec(output) ?? [];
      const built = [...list.matchAll(/ - name: (\S+)/g)].map(([, name]) => name);
      expect([...built, ...NOT_RUN[section]].sort()).toEqual([...COMPONENT_TYPES[section]].sort());
    }
  });
});
