/** An expression that reads metrics, and where it was found. */
export interface MetricUse {
  /** E.g. `rules/nodes.yaml: NodeNotReady`. */
  readonly where: string;
  /** PromQL that reads the metrics. */
  readonly expr: string;
  /**
   * Labels of the result that are needed, because an annotation or a legend shows them or an inhibition compares them.
   */
  readonly shows: readonly string[];
}

/** Labels that a Go template prints, as `$labels.<name>`. */
export function labelsInTemplate(template: string): readonly string[] {
  return [...new Set([...template.matchAll(/\$labels\.([A-Za-z_]\w*)/g)].map(([, label]) => label!))];
}
