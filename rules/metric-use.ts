/** An expression that reads metrics, and where it stands. */
export interface MetricUse {
  /** E.g. `rules/nodes.yaml: NodeNotReady`. */
  readonly where: string;
  readonly expr: string;
  /** Labels of the result that a text beside the expression shows, or that something compares. */
  readonly shows: readonly string[];
}

/** Labels that a Go template shows as `$labels.<name>`. */
export function labelsInTemplate(template: string): readonly string[] {
  return [...new Set([...template.matchAll(/\$labels\.([A-Za-z_]\w*)/g)].map(([, label]) => label!))];
}
