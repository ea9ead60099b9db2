/** A manifest, as it is written. */
export type Manifest = { readonly [field: string]: unknown };

/**
 * A value as it stands in YAML. Values of cdk8s' typed objects, such as `k8s.Quantity.fromString('1Gi')`, become their
 * text or number; properties that are `undefined` are left out.
 */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  // `Quantity` and `IntOrString` are classes around one value.
  if (Object.getPrototypeOf(value) !== Object.prototype && 'value' in value) {
    return value.value;
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, entry]) => (entry === undefined ? [] : [[key, plain(entry)]])),
  );
}
