import type { PromtailConfig, PromtailRelabelConfig, PromtailStage } from '../../formats/promtail';
import {
  ACCESS_LINE,
  APP_LABELS,
  COMPONENT_LABEL,
  CONTINUATION,
  EVENT_LINES,
  LEVELS,
  METADATA_FIELDS,
  NAMED_STREAMS,
  OPT_OUT,
  PODS_PATH,
  STATUS_LEVELS,
  TEXT_LEVEL,
  TEXT_LEVEL_GROUPS,
  UNKNOWN_LEVEL,
} from './line-format';
import { KLOG_LETTER, SYSLOG_LINE } from './node-operators';
import { groupsOf, type LogParsing } from './parsing';

/** Port of Promtail's metrics and health endpoint. */
export const PROMTAIL_PORT = 9080;

/** Directory of the positions, in the container. */
export const PROMTAIL_STATE = '/var/lib/promtail';

/** What Promtail's file is made of. */
export interface PromtailProps {
  /** URL that lines are pushed to. */
  readonly url: string;
  readonly cluster?: string;
  readonly tenant?: string;
  readonly self: { readonly namespace: string; readonly name: string };
  readonly parsing: readonly LogParsing[];
  readonly nodeLogs: readonly string[];
  readonly auditLogs: readonly string[];
  /** Stages of the caller, behind those of the labels. */
  readonly stages: readonly PromtailStage[];
}

/** Marks a line that continues an event: Promtail takes an expression for first lines only, and RE2 cannot negate. */
const MARK = '\\x01';

/** Promtail's labels that are not Loki's. */
const POD_METADATA = ['k8s_pod_name', 'k8s_pod_uid', 'k8s_node_name'];

/** Promtail's file, which gives a line the same labels as the collector's. */
export function promtailConfig(props: PromtailProps): PromtailConfig {
  const { url, cluster, tenant, nodeLogs, auditLogs } = props;
  return {
    server: { http_listen_port: PROMTAIL_PORT, grpc_listen_port: 0, log_level: 'info', log_format: 'json' },
    positions: { filename: `${PROMTAIL_STATE}/positions.yaml` },
    clients: [
      {
        url,
        tenant_id: tenant,
        external_labels: cluster === undefined ? undefined : { cluster },
        batchwait: '1s',
        batchsize: 1_048_576,
        // 0: without end. By default, lines are thrown away after ten attempts.
        backoff_config: { min_period: '500ms', max_period: '30s', max_retries: 0 },
      },
    ],
    limits_config: { max_streams: 0, max_line_size: 262_144, max_line_size_truncate: true },
    scrape_configs: [
      {
        job_name: 'pods',
        kubernetes_sd_configs: [
          { role: 'pod', selectors: [{ role: 'pod', field: `spec.nodeName=\${K8S_NODE_NAME}` }] },
        ],
        relabel_configs: podLabels(props),
        pipeline_stages: podStages(props),
      },
      ...files('node', nodeLogs, nodeStages(props)),
      ...files('audit', auditLogs, auditStages(props)),
    ],
  };
}

/** The text of the file: Promtail expands `${NAME}`, and takes `$$` for `$`. */
export function escapeVariables(text: string): string {
  return text.replaceAll(/\$(?!\{K8S_NODE_NAME\})/g, '$$$$');
}

function files(name: string, paths: readonly string[], stages: readonly PromtailStage[]) {
  if (paths.length === 0) {
    return [];
  }
  const targets = paths.map((path) => ({
    targets: ['localhost'],
    labels: { __path__: path, k8s_node_name: `\${K8S_NODE_NAME}` },
  }));
  return [{ job_name: name, static_configs: targets, pipeline_stages: stages }];
}

/** Name of a label or an annotation in Prometheus' discovery. */
function discovered(kind: 'label' | 'annotation', key: string): string {
  return `__meta_kubernetes_pod_${kind}_${key.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`;
}

function podLabels({ self, parsing }: PromtailProps): readonly PromtailRelabelConfig[] {
  const copy = (source: string, target_label: string): PromtailRelabelConfig => ({
    source_labels: [source],
    regex: '(.+)',
    target_label,
  });
  const container = '__meta_kubernetes_pod_container_name';
  const place = ['__meta_kubernetes_namespace', container];
  return [
    { source_labels: [discovered('annotation', OPT_OUT.annotation)], regex: OPT_OUT.value, action: 'drop' },
    {
      source_labels: ['__meta_kubernetes_namespace', '__meta_kubernetes_pod_name'],
      separator: '/',
      regex: `${self.namespace}/${self.name}-.*`,
      action: 'drop',
    },
    copy('__meta_kubernetes_namespace', 'namespace'),
    copy(container, 'container'),
    // The last one that a pod has is taken.
    copy(container, 'app'),
    ...[...APP_LABELS].reverse().map((key) => copy(discovered('label', key), 'app')),
    copy('app', 'service_name'),
    copy(discovered('label', COMPONENT_LABEL), 'component'),
    copy('__meta_kubernetes_pod_name', 'k8s_pod_name'),
    copy('__meta_kubernetes_pod_uid', 'k8s_pod_uid'),
    copy('__meta_kubernetes_pod_node_name', 'k8s_node_name'),
    {
      source_labels: ['__meta_kubernetes_pod_uid', container],
      separator: '/',
      regex: '(.+/.+)',
      target_label: '__path__',
      replacement: `${PODS_PATH}/*$1/*.log`,
    },
    {
      // The path of a static pod has the hash of its file in place of the uid.
      source_labels: [discovered('annotation', 'kubernetes.io/config.hash'), container],
      separator: '/',
      regex: '(.+/.+)',
      target_label: '__path__',
      replacement: `${PODS_PATH}/*$1/*.log`,
    },
    ...parsing.map((rule, index) => ({
      source_labels: place,
      separator: '/',
      regex: `${rule.namespace}/${rule.container}`,
      target_label: 'parsing',
      replacement: `${index}`,
    })),
  ];
}

function podStages({ parsing, stages }: PromtailProps): readonly PromtailStage[] {
  const own = parsing.flatMap(({ pattern }) =>
    pattern === undefined ? [] : groupsOf(pattern).filter((group) => group !== 'level'),
  );
  return [
    { cri: {} },
    ...eventStages(parsing),
    {
      json: {
        expressions: {
          json: "'yes'",
          json_level: 'level',
          log_type: 'log_type',
          trace_id: 'trace_id',
          span_id: 'span_id',
          ...Object.fromEntries(METADATA_FIELDS.map((field) => [field, field])),
        },
      },
    },
    { regex: { expression: ACCESS_LINE } },
    ...parsing.flatMap(({ pattern }, index) =>
      pattern === undefined
        ? []
        : [{ match: { selector: `{parsing="${index}"}`, stages: [{ regex: { expression: pattern } }] } }],
    ),
    { regex: { expression: TEXT_LEVEL } },
    { template: { source: 'level', template: levelTemplate() } },
    { template: { source: 'log_stream', template: streamTemplate() } },
    { labels: { level: null, stream: 'log_stream' } },
    metadata(['trace_id', 'span_id', ...METADATA_FIELDS, ...new Set(own), ...POD_METADATA], { log_iostream: 'stream' }),
    ...stages,
    { labeldrop: ['filename', 'flags', 'parsing', ...POD_METADATA] },
  ];
}

/** Joins the lines of an event. */
function eventStages(parsing: readonly LogParsing[]): readonly PromtailStage[] {
  const mark = (condition: string) => [
    { template: { source: 'line', template: `{{ if ${condition} }}{{ "${MARK}" }}{{ end }}{{ .Entry }}` } },
    { output: { source: 'line' } },
  ];
  const isMatch = (pattern: string) =>
    `eq (regexReplaceAll ${backquoted(`(?s)${pattern}.*`)} .Entry ${backquoted('')}) ${backquoted('')}`;
  const own = parsing.flatMap(({ firstLine }, index) => (firstLine === undefined ? [] : [{ firstLine, index }]));
  const others = own.length === 0 ? '' : `, parsing!~"${own.map(({ index }) => index).join('|')}"`;
  return [
    { match: { selector: `{container!=""${others}}`, stages: mark(isMatch(CONTINUATION)) } },
    ...own.map(({ firstLine, index }) => ({
      match: { selector: `{parsing="${index}"}`, stages: mark(`not (${isMatch(firstLine)})`) },
    })),
    { multiline: { firstline: `^[^${MARK}]`, max_wait_time: '1s', max_lines: EVENT_LINES } },
    { template: { source: 'line', template: `{{ Replace .Entry "${MARK}" "" -1 }}` } },
    { output: { source: 'line' } },
  ];
}

function backquoted(text: string): string {
  return `\`${text}\``;
}

/** A name that is empty stands for the field of the same name. */
function metadata(fields: readonly string[], renamed: { readonly [name: string]: string } = {}): PromtailStage {
  return { structured_metadata: { ...Object.fromEntries(fields.map((field) => [field, null])), ...renamed } };
}

/** The level of what the stages before have found. */
function levelTemplate(): string {
  const groups = TEXT_LEVEL_GROUPS.map((group) => `{{ with .${group} }}{{ $level = . }}{{ end }}`).join('');
  const statuses = Object.entries(STATUS_LEVELS)
    .map(([digit, level]) => `{{ if eq (printf "%.1s" .status) "${digit}" }}{{ $level = "${level}" }}{{ end }}`)
    .join('');
  const found = [
    '{{ $level := "" }}',
    '{{ if .json }}{{ with .json_level }}{{ $level = printf "%v" . }}{{ end }}',
    '{{ else if .level }}{{ $level = .level }}',
    `{{ else if .status }}${statuses}`,
    `{{ else }}${groups}{{ end }}`,
  ].join('');
  return `${found}${wordTemplate()}`;
}

/** The level that the word in `$level` stands for. */
function wordTemplate(): string {
  const cases = Object.entries(LEVELS).map(
    ([level, words]) => `if eq (ToLower $level) ${words.map((word) => `"${word}"`).join(' ')} }}${level}`,
  );
  return `{{ ${cases.join('{{ else ')}{{ else }}${UNKNOWN_LEVEL}{{ end }}`;
}

function streamTemplate(): string {
  const names = NAMED_STREAMS.map((name) => `"${name}"`).join(' ');
  return `{{ $type := printf "%v" .log_type }}{{ if eq $type ${names} }}{{ $type }}{{ else if and .status (not .json) }}access{{ else }}application{{ end }}`;
}

function nodeStages({ stages }: PromtailProps): readonly PromtailStage[] {
  const program = '{{ if .program }}{{ .program }}{{ else if .letter }}kubelet{{ else }}other{{ end }}';
  return [
    { regex: { expression: SYSLOG_LINE } },
    { regex: { expression: KLOG_LETTER } },
    { template: { source: 'program', template: program } },
    { drop: { source: 'program', value: 'other' } },
    { timestamp: { source: 'time', format: 'RFC3339Nano', action_on_failure: 'skip' } },
    {
      template: {
        source: 'level',
        template: `{{ $level := "" }}{{ if eq .program "kubelet" }}{{ with .letter }}{{ $level = . }}{{ end }}{{ end }}${wordTemplate()}`,
      },
    },
    { labels: { app: 'program', service_name: 'program', level: null } },
    { static_labels: { stream: 'node' } },
    metadata(['k8s_node_name']),
    ...stages,
    { labeldrop: ['filename', 'k8s_node_name'] },
  ];
}

function auditStages({ stages }: PromtailProps): readonly PromtailStage[] {
  const level = [
    '{{ $code := printf "%.1s" (printf "%v" .code) }}',
    '{{ if eq $code "1" "2" "3" }}info{{ else if eq $code "4" }}warn{{ else if eq $code "5" }}error',
    `{{ else }}${UNKNOWN_LEVEL}{{ end }}`,
  ].join('');
  return [
    {
      json: {
        expressions: { json: "'yes'", time: 'stageTimestamp', code: 'responseStatus.code', user_id: 'user.username' },
      },
    },
    { template: { source: 'json', template: '{{ if .json }}yes{{ else }}no{{ end }}' } },
    { drop: { source: 'json', value: 'no' } },
    { timestamp: { source: 'time', format: 'RFC3339Nano', action_on_failure: 'skip' } },
    { template: { source: 'level', template: level } },
    { labels: { level: null } },
    { static_labels: { app: 'kube-apiserver', service_name: 'kube-apiserver', stream: 'audit' } },
    metadata(['k8s_node_name', 'user_id']),
    ...stages,
    { labeldrop: ['filename', 'k8s_node_name'] },
  ];
}
