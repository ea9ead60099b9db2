import { secondsOf } from '../../../constructs/kit/checks';
/** A leaf of a configuration: its path, and its value. */
export type Leaf = readonly [path: string, value: unknown];

/** Every leaf of a document. Lists of texts are one leaf, as Loki prints some of them. */
export function leaves(value: unknown, path = ''): Leaf[] {
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) {
    return [[path, value.join(',')]];
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, child]) => leaves(child, path === '' ? name : `${path}.${name}`));
  }
  return [[path, value]];
}

/** Loki prints a duration in another form than the one that it reads: `744h` becomes `31d`. */
function normal(value: unknown): unknown {
  const text = String(value);
  return /^(\d+(ms|[smhdwy]))+$/.test(text) ? secondsOf(text) : text;
}

/** The leaves that are not in a printed configuration. One that is absent there is `false`. */
export function missingLeaves(config: unknown, printed: unknown): string[] {
  const effective = new Map(leaves(printed));
  return leaves(config).flatMap(([path, value]) =>
    normal(effective.get(path) ?? false) === normal(value)
      ? []
      : [`${path} is ${JSON.stringify(effective.get(path))}, expected ${JSON.stringify(value)}`],
  );
}
