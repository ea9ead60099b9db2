import type { CollectorComponents, CollectorConfig, CollectorSettings } from '../../formats/otel-collector';
import { CollectorFile, literal } from '../otel-collector/config-builder';
import { APP_LABELS, COMPONENT_LABEL, LEVELS, OPT_OUT, PODS_PATH, UNKNOWN_LEVEL } from './line-format';
import type { LogCounter } from './log-collector-props';
import { auditOperators, nodeOperators } from './node-operators';
import type { LogParsing } from './parsing';
import { podOperators } from './pod-operators';

/** Directory of checkpoints and of the queue, in the container. */
export const STATE_PATH = '/var/lib/otelcol';

/** What the file of the agent and that of the events share. */
export interface ExportConfig {
  /** URL of Loki's OTLP endpoint, without `/v1/logs`. */
  readonly endpoint: string;
  /** Value of the label `cluster`. */
  readonly cluster?: string;
  /** Tenant of a Loki with several. */
  readonly tenant?: string;
  /** Processors of the caller, in their order. */
  readonly processors: CollectorComponents;
  readonly counter?: LogCounter;
  /** Most bytes that the queue holds on the disk. */
  readonly queueBytes: number;
}

/** What the file of the agent is made of. */
export interface AgentConfig extends ExportConfig {
  /** Namespace and name of the agent, whose own lines are not collected. */
  readonly self: { readonly namespace: string; readonly name: string };
  readonly parsing: readonly LogParsing[];
  /** Files with lines of the kernel and the kubelet. */
  readonly nodeLogs: readonly string[];
  /** Files with audit events of the API server. */
  readonly auditLogs: readonly string[];
}

const EXPORTER = 'otlp_http/loki';

/** Attributes of the resource that are left. The first ones are index labels of Loki. */
const RESOURCE_ATTRIBUTES = [
  'cluster',
  'namespace',
  'app',
  'component',
  'container',
  'service.name',
  'k8s.pod.name',
  'k8s.pod.uid',
  'k8s.node.name',
];

/** The file of the agent on each node. */
export function agentConfig(props: AgentConfig): CollectorConfig {
  const { self, parsing, nodeLogs, auditLogs } = props;
  const file = new CollectorFile();
  const checkpoints = file.addDisk('checkpoints', `${STATE_PATH}/checkpoints`);
  const read = (include: readonly string[], operators: readonly CollectorSettings[]): CollectorSettings => ({
    include,
    exclude: ['**/*.gz', '**/*.tmp', `${PODS_PATH}/${self.namespace}_${self.name}-*/*/*`],
    start_at: 'beginning',
    include_file_path: true,
    include_file_name: false,
    // The default trims lines, which glues the parts of a long line together without the blank between them.
    preserve_leading_whitespaces: true,
    preserve_trailing_whitespaces: true,
    storage: checkpoints,
    // By default, lines that the pipeline refuses are thrown away.
    retry_on_failure: { enabled: true, max_elapsed_time: 0 },
    operators,
  });
  addSharedParts(file, props);

  // A file is renamed at its rotation. Without the second pattern, what is unread then is lost if the agent is down.
  const rotated = `${PODS_PATH}/*/*/*.log.20*`;
  file.add('receivers', 'file_log/pods', read([`${PODS_PATH}/*/*/*.log`, rotated], podOperators(parsing)));
  file.add('processors', 'k8s_attributes', podMetadata());
  file.add('processors', 'filter/opt-out', {
    error_mode: 'ignore',
    log_conditions: [`resource.attributes["collect"] == "${OPT_OUT.value}"`],
  });
  file.add('processors', 'transform/pods', resourceStatements(podLabels(), props.cluster));
  addPipeline(file, 'pods', ['k8s_attributes', 'filter/opt-out', 'transform/pods'], props);

  for (const [name, include, operators] of [
    ['node', nodeLogs, nodeOperators()],
    ['audit', auditLogs, auditOperators()],
  ] as const) {
    if (include.length > 0) {
      file.add('receivers', `file_log/${name}`, read(include, operators));
      addPipeline(file, name, ['transform/node'], props);
    }
  }
  if (nodeLogs.length + auditLogs.length > 0) {
    const node = `set(resource.attributes["k8s.node.name"], "\${env:K8S_NODE_NAME}")`;
    file.add('processors', 'transform/node', resourceStatements([node], props.cluster));
  }
  return file.build();
}

/** The file of the one collector of Kubernetes events. */
export function eventsConfig(props: ExportConfig): CollectorConfig {
  const file = new CollectorFile();
  addSharedParts(file, props);
  file.add('receivers', 'k8s_events', { auth_type: 'serviceAccount' });
  file.add('processors', 'transform/events', {
    error_mode: 'ignore',
    log_statements: [
      {
        context: 'log',
        statements: [
          'set(resource.attributes["namespace"], log.attributes["k8s.namespace.name"])',
          'set(resource.attributes["app"], "kubernetes-events")',
          'set(log.attributes["stream"], "events")',
          'delete_key(log.attributes, "k8s.namespace.name")',
        ],
      },
    ],
  });
  file.add('processors', 'transform/resource', {
    error_mode: 'ignore',
    log_statements: [
      {
        context: 'resource',
        statements: [...shared(props.cluster), 'delete_key(resource.attributes, "k8s.object.uid")'],
      },
    ],
  });
  addPipeline(file, 'events', ['transform/events', 'transform/resource'], props, 'k8s_events');
  return file.build();
}

function addPipeline(
  file: CollectorFile,
  name: string,
  processors: readonly string[],
  { processors: own, counter }: ExportConfig,
  receiver = `file_log/${name}`,
): void {
  file.addPipeline(`logs/${name}`, {
    receivers: [receiver],
    processors: ['memory_limiter', ...processors, 'transform/level', ...Object.keys(own)],
    exporters: [EXPORTER, ...Object.keys(counter?.connectors ?? {})],
  });
}

/** What every pipeline ends with: the level, the processors of the caller, and the exporter with its queue on the disk. */
function addSharedParts(file: CollectorFile, props: ExportConfig): void {
  const { endpoint, tenant, queueBytes, processors, counter } = props;
  const queue = file.addDisk('queue', `${STATE_PATH}/queue`);
  file.add('exporters', EXPORTER, {
    endpoint,
    headers: tenant === undefined ? undefined : { 'X-Scope-OrgID': tenant },
    // By default, lines are thrown away after five minutes of failures.
    retry_on_failure: { enabled: true, initial_interval: '1s', max_interval: '30s', max_elapsed_time: '0s' },
    sending_queue: {
      enabled: true,
      storage: queue,
      sizer: 'bytes',
      queue_size: queueBytes,
      num_consumers: 4,
      // A full queue stops reading; the lines wait in their files.
      block_on_overflow: true,
      batch: { sizer: 'bytes', flush_timeout: '200ms', min_size: 500_000, max_size: 2_000_000 },
    },
  });
  file.add('processors', 'transform/level', {
    error_mode: 'ignore',
    log_statements: [{ context: 'log', statements: levelStatements() }],
  });
  for (const [id, settings] of Object.entries({ ...processors, ...counter?.processors })) {
    file.add('processors', id, settings);
  }
  for (const section of ['connectors', 'exporters'] as const) {
    for (const [id, settings] of Object.entries(counter?.[section] ?? {})) {
      file.add(section, id, settings);
    }
  }
  for (const [id, pipeline] of Object.entries(counter?.pipelines ?? {})) {
    file.addPipeline(id, pipeline);
  }
}

/** The label `level` of the severity number: 1 to 4 are `trace`, and each level has four numbers. */
function levelStatements(): readonly string[] {
  const number = 'log.severity_number';
  const set = (level: string, condition: string) => `set(log.attributes["level"], "${level}") where ${condition}`;
  return [
    set(UNKNOWN_LEVEL, `${number} == 0`),
    ...Object.keys(LEVELS).map((level, index) =>
      set(level, `${number} >= ${index * 4 + 1} and ${number} <= ${index * 4 + 4}`),
    ),
  ];
}

/**
 * Labels and annotations of the node's pods. The agent waits for them at its start: a line without them would get the
 * wrong labels, and those of pods that opted out would be sent.
 */
function podMetadata(): CollectorSettings {
  const from = 'pod';
  return {
    auth_type: 'serviceAccount',
    wait_for_metadata: true,
    wait_for_metadata_timeout: '1m',
    watch_sync_period: '0s',
    filter: { node_from_env_var: 'K8S_NODE_NAME' },
    extract: {
      metadata: ['k8s.namespace.name', 'k8s.pod.name', 'k8s.pod.uid', 'k8s.node.name'],
      labels: [
        ...APP_LABELS.map((key, index) => ({ tag_name: `app.${index}`, key, from })),
        { tag_name: 'component', key: COMPONENT_LABEL, from },
      ],
      annotations: [{ tag_name: 'collect', key: OPT_OUT.annotation, from }],
    },
    pod_association: [
      { sources: [{ from: 'resource_attribute', name: 'k8s.pod.uid' }] },
      // The path of a static pod has the hash of its file in place of the uid.
      {
        sources: [
          { from: 'resource_attribute', name: 'k8s.namespace.name' },
          { from: 'resource_attribute', name: 'k8s.pod.name' },
        ],
      },
    ],
  };
}

function podLabels(): readonly string[] {
  const app = (source: string) =>
    `set(resource.attributes["app"], resource.attributes["${source}"]) where resource.attributes["app"] == nil`;
  return [
    ...APP_LABELS.map((_, index) => app(`app.${index}`)),
    app('k8s.container.name'),
    'set(resource.attributes["namespace"], resource.attributes["k8s.namespace.name"])',
    'set(resource.attributes["container"], resource.attributes["k8s.container.name"])',
  ];
}

function shared(cluster: string | undefined): readonly string[] {
  return [
    'set(resource.attributes["service.name"], resource.attributes["app"])',
    ...(cluster === undefined ? [] : [`set(resource.attributes["cluster"], ${literal(JSON.stringify(cluster))})`]),
  ];
}

function resourceStatements(statements: readonly string[], cluster: string | undefined): CollectorSettings {
  const kept = RESOURCE_ATTRIBUTES.map((name) => JSON.stringify(name)).join(', ');
  return {
    error_mode: 'ignore',
    log_statements: [
      {
        context: 'resource',
        statements: [...statements, ...shared(cluster), `keep_keys(resource.attributes, [${kept}])`],
      },
    ],
  };
}
