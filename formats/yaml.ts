import { dump, load } from 'js-yaml';
import { stored } from '../memo';

/**
 * The first document of a YAML text, as JSON has it.
 *
 * @throws YAMLException when the text does not parse
 */
export const parseYaml: (text: string) => unknown = stored('parseYaml', (text: string) => load(text));

/**
 * YAML of a typed object. Every configuration file becomes text here. Properties that are `undefined` are left out,
 * long lines are not folded (a folded PromQL expression is hard to read), and there are no anchors.
 */
export function toYaml(document: unknown): string {
  return jsonToYaml(JSON.stringify(document));
}

const jsonToYaml = stored('jsonToYaml', (json: string) => dump(JSON.parse(json), { lineWidth: -1, noRefs: true }));
