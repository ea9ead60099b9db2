import type { CollectorSettings } from '../../formats/otel-collector';
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

/** Adds attributes that every resource gets, e.g. the name of the cluster. */
export function addResource(file: CollectorFile, values: { readonly [name: string]: string }): string[] {
  const attributes = Object.entries(values).map(([key, value]) => ({ key, value, action: 'upsert' }));
  return attributes.length > 0 ? [file.addOnce('processors', 'resource', { attributes })] : [];
}

/** Values that no store and no vendor may see, as RE2. */
const BLOCKED_VALUES = [
  // JSON Web Tokens, and keys behind `Bearer` or `Basic`.
  'eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]*',
  '(?i)\\b(?:bearer|basic)\\s+[a-z0-9._~+/=-]{8,}',
  // A password in a URL.
  '://[^/\\s:@]+:[^/\\s@]+@',
  '[A-Za-z0-9._%+-]+(?:@|%40)[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)*\\.[A-Za-z]{2,}',
  // Numbers of payment cards.
  '\\b(?:4\\d{3}|5[1-5]\\d{2}|2[2-7]\\d{2}|6(?:011|5\\d{2}))[ -]?\\d{4}[ -]?\\d{4}[ -]?\\d{4}\\b|\\b3[47]\\d{2}[ -]?\\d{6}[ -]?\\d{5}\\b',
  '\\bAKIA[0-9A-Z]{16}\\b',
];

/** Keys whose value is masked, whatever it is. */
const BLOCKED_KEYS = ['(?i)(^|[._-])(password|passwd|secret|token|api[._-]?key|authorization|cookie)$'];

/**
 * Adds what masks personal data and secrets in attributes and bodies. The processor `redaction` does not look at the
 * status of a span and at the names of its events, so `transform` does.
 *
 * @returns ids of the processors
 */
export function addRedaction(file: CollectorFile, signal: 'traces' | 'logs' | 'metrics'): string[] {
  const redaction = file.addOnce('processors', 'redaction', {
    allow_all_keys: true,
    redact_all_types: true,
    blocked_values: BLOCKED_VALUES.map(literal),
    blocked_key_patterns: BLOCKED_KEYS.map(literal),
    ignored_key_patterns: ['^k8s\\.', '^telemetry\\.sdk\\.'],
    // Else it adds attributes that name the masked ones.
    summary: 'silent',
  });
  return signal === 'traces' ? [file.addOnce('processors', 'transform/redact', maskTexts()), redaction] : [redaction];
}

function maskTexts(): CollectorSettings {
  const mask = (path: string) =>
    BLOCKED_VALUES.map((pattern) => `replace_pattern(${path}, ${JSON.stringify(literal(pattern))}, "****")`);
  return {
    error_mode: 'ignore',
    trace_statements: [
      { context: 'span', conditions: ['span.status.message != ""'], statements: mask('span.status.message') },
      { context: 'span', statements: mask('span.name') },
      { context: 'spanevent', statements: mask('spanevent.name') },
    ],
  };
}
