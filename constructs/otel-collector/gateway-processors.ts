import type { CollectorComponents, CollectorSettings } from '../../formats/otel-collector';
import { expressionOf, SANITISING_PROCESSOR, type Sanitising, sanitisingProcessors } from '../../rules/sanitising';
import { type CollectorFile, literal } from './config-builder';

/** What is copied from pods to the resources of their data. */
const POD_FIELDS = ['k8s.namespace.name', 'k8s.pod.name', 'k8s.pod.uid', 'k8s.node.name', 'k8s.deployment.name'];

/**
 * Adds Kubernetes attributes, from the pods of some namespaces, or of all of them. A processor watches one namespace or
 * every namespace. A pod is found by its address; unknown clients pass unchanged.
 *
 * @returns ids of the processors
 */
export function addKubernetesAttributes(file: CollectorFile, namespaces: readonly string[]): string[] {
  const processors: readonly (readonly [string, CollectorSettings | undefined])[] =
    namespaces.length === 0
      ? [['k8s_attributes', undefined]]
      : namespaces.map((namespace) => [`k8s_attributes/${namespace}`, { namespace }]);
  for (const [id, filter] of processors) {
    file.add('processors', id, {
      auth_type: 'serviceAccount',
      filter,
      extract: {
        metadata: POD_FIELDS,
        labels: [{ tag_name: 'app.kubernetes.io/version', key: 'app.kubernetes.io/version', from: 'pod' }],
      },
      pod_association: [
        { sources: [{ from: 'resource_attribute', name: 'k8s.pod.ip' }] },
        { sources: [{ from: 'resource_attribute', name: 'k8s.pod.uid' }] },
        { sources: [{ from: 'connection' }] },
      ],
    });
  }
  return processors.map(([id]) => id);
}

/** Attributes of processes that hold passwords when they are arguments. */
const REMOVED = ['process.command_args', 'process.command_line'];

/**
 * Adds attributes that every resource gets, e.g. the name of the cluster, and removes the arguments of processes.
 *
 * @returns ids of the processors
 */
export function addResource(file: CollectorFile, values: { readonly [name: string]: string }): string[] {
  const attributes = [
    ...REMOVED.map((key) => ({ key, action: 'delete' })),
    ...Object.entries(values).map(([key, value]) => ({ key, value, action: 'upsert' })),
  ];
  return [file.addOnce('processors', 'resource', { attributes })];
}

/** The processors that mask, by the signal that passes them, in order. */
export interface Masking {
  readonly traces: CollectorComponents;
  readonly logs: CollectorComponents;
  readonly metrics: CollectorComponents;
}

/** Largest JSON of the statements in one processor: it must fit into a ConfigMap as YAML. */
const LARGEST = 150_000;

/**
 * What masks personal data and secrets, with the patterns of logs. The statements are in several processors, for the size
 * of their ConfigMaps.
 */
export function masking(patterns: Sanitising): Masking {
  return {
    traces: split('trace_statements', sanitisingProcessors('spans', patterns)[SANITISING_PROCESSOR]!),
    logs: split('log_statements', sanitisingProcessors('records', patterns)[SANITISING_PROCESSOR]!),
    metrics: { 'redaction/metrics': metricMask(patterns) },
  };
}

/** Ids of the processors that need a ConfigMap of their own. */
export function largeProcessors({ traces, logs }: Masking): readonly string[] {
  return [...Object.keys(traces), ...Object.keys(logs)];
}

/** Groups of statements share no state, so they may be in processors that follow each other. */
function split(field: 'trace_statements' | 'log_statements', settings: CollectorSettings): CollectorComponents {
  const parts: object[][] = [];
  for (const group of settings[field] as readonly object[]) {
    const last = parts.at(-1);
    if (last && JSON.stringify([...last, group]).length <= LARGEST) {
      last.push(group);
    } else {
      parts.push([group]);
    }
  }
  const signal = field === 'trace_statements' ? 'traces' : 'logs';
  return Object.fromEntries(
    parts.map((groups, index) => [`${SANITISING_PROCESSOR}-${signal}-${index}`, { ...settings, [field]: groups }]),
  );
}

/** Attributes of metrics are labels, which hold no text of people. A value that looks like a secret is masked as a whole. */
function metricMask({ patterns }: Sanitising): CollectorSettings {
  const byForm = patterns.filter(({ names, escaped, checksum, hash }) => !(names || escaped || checksum || hash));
  return {
    allow_all_keys: true,
    blocked_values: byForm.map((pattern) => literal(expressionOf(pattern))),
    ignored_key_patterns: ['^k8s\\.', '^telemetry\\.sdk\\.'],
    // Else it adds attributes that name the masked ones.
    summary: 'silent',
  };
}
