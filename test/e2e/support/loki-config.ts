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

const SECONDS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  y: 31_536_000,
};

/** Loki prints a duration in another form than the one that it reads: `744h` becomes `31d`. */
function normal(value: unknown): unknown {
  const text = String(value);
  if (!/^(\d+(ms|[smhdwy]))+$/.test(text)) {
    return text;
  }
  const parts = [...text.matchAll(/(\d+)(ms|[smhdwy])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * SECONDS[unit!]!, 0);
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
