/** Settings over settings. Lists and values replace; objects are merged. */
export function merged(own: object, settings: object): object {
  const values: { [name: string]: unknown } = { ...own };
  for (const [name, value] of Object.entries(settings)) {
    const known = values[name];
    values[name] = isObject(known) && isObject(value) ? merged(known, value) : value;
  }
  return values;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
