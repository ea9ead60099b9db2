import { dump } from 'js-yaml';

/**
 * YAML of a typed object. Every configuration file becomes text here. Properties that are `undefined` are left out,
 * long lines are not folded (a folded PromQL expression is hard to read), and there are no anchors.
 */
export function toYaml(document: unknown): string {
  return dump(JSON.parse(JSON.stringify(document)), { lineWidth: -1, noRefs: true });
}
