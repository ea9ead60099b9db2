import type { RelabelConfig } from '../prometheus-stack';
import type { Labels, Section } from './source';

interface Expression {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** A label selector of Kubernetes. */
export interface Selector {
  readonly labels: Labels;
  readonly expressions: readonly Expression[];
}

/** Reads the selector of a section. One that is empty selects everything. */
export function selectorIn(section: Section): Selector {
  const selector = section.section('selector');
  const labels = selector?.get<Labels>('matchLabels') ?? {};
  const expressions = (selector?.sections('matchExpressions') ?? []).map((each) => ({
    key: each.get<string>('key') ?? '',
    operator: each.get<string>('operator') ?? '',
    values: each.get<readonly string[]>('values') ?? [],
  }));
  selector?.finish();
  return { labels, expressions };
}

/** Whether an object with these labels is selected. */
export function selects({ labels, expressions }: Selector, candidate: Labels = {}): boolean {
  return (
    Object.entries(labels).every(([key, value]) => candidate[key] === value) &&
    expressions.every(({ key, operator, values }) => {
      const value = candidate[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        default:
          return value === undefined;
      }
    })
  );
}

/**
 * The selector as relabelling of discovered targets.
 *
 * @param meta beginning of the labels: `__meta_kubernetes_service`
 */
export function selectorRules({ labels, expressions }: Selector, meta: string): RelabelConfig[] {
  const oneOf = (key: string, values: readonly string[], action: 'keep' | 'drop'): RelabelConfig => ({
    source_labels: [`${meta}_label_${labelName(key)}`, `${meta}_labelpresent_${labelName(key)}`],
    regex: `(${values.map(escaped).join('|')});true`,
    action,
  });
  const present = (key: string, action: 'keep' | 'drop'): RelabelConfig => ({
    source_labels: [`${meta}_labelpresent_${labelName(key)}`],
    regex: 'true',
    action,
  });
  return [
    ...Object.entries(labels)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, value]) => oneOf(key, [value], 'keep')),
    ...expressions.map(({ key, operator, values }) => {
      switch (operator) {
        case 'In':
          return oneOf(key, values, 'keep');
        case 'NotIn':
          return oneOf(key, values, 'drop');
        case 'Exists':
          return present(key, 'keep');
        default:
          return present(key, 'drop');
      }
    }),
  ];
}

/** Labels of objects, copied to labels of targets: `targetLabels`, `podTargetLabels`, `jobLabel`. */
export function copyRule(meta: string, key: string, target = labelName(key)): RelabelConfig {
  return { source_labels: [`${meta}_label_${labelName(key)}`], regex: '(.+)', target_label: target };
}

/** A label of Kubernetes as Prometheus names it. */
function labelName(key: string): string {
  return key.replace(/[^a-zA-Z0-9_]/g, '_');
}

function escaped(value: string): string {
  return value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
