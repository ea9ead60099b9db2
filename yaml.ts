import { dump, load } from 'js-yaml';
import { stored } from './memo';

/**
 * The first document of a YAML text, as JSON has it.
 *
 * @throws YAMLException when the text does not parse
 */
export const parseYaml: (text: string) => unknown = stored('parseYaml', (text: string) => load(text));

/** The YAML of a JSON text. Long lines are not folded: a folded PromQL expression is hard to read. No anchors. */
export const jsonToYaml: (json: string) => string = stored('jsonToYaml', (json: string) =>
  dump(JSON.parse(json), { lineWidth: -1, noRefs: true }),
);
