import { jsonToYaml } from '../../yaml';

/**
 * YAML of a typed object: the one place where a configuration becomes text. Properties that are `undefined` are left
 * out, long lines are not folded (a folded PromQL expression is hard to read), and there are no anchors.
 */
export function toYaml(document: unknown): string {
  return jsonToYaml(JSON.stringify(document));
}
