import { load } from 'js-yaml';
import type { Part } from './pods';

const parsed = new Map<string, Part>();

/** The document of a YAML or JSON text. Equal texts share one document: do not change it. */
export function parseYaml(text: string): Part {
  if (!parsed.has(text)) {
    parsed.set(text, load(text));
  }
  return parsed.get(text);
}
