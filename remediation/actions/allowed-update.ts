/** Updates that the API server lets through: of these objects, and only as far as the expressions allow. */
export interface AllowedUpdate {
  readonly apiGroup: string;
  /** API version that the expressions are written for; in another one the object has other fields. */
  readonly version: string;
  /** Resource, with its subresource: `deployments`, `deployments/scale`. */
  readonly resource: string;
  /** @default - the resource is cluster-scoped */
  readonly namespace?: string;
  readonly names: readonly string[];
  /** CEL over `object` and `oldObject`. Every expression must hold. */
  readonly expressions: readonly string[];
}

/** The metadata that clients can change, except annotations. The API server owns the rest. */
export const METADATA = ['labels', 'ownerReferences', 'finalizers', 'generateName'] as const;

/** CEL: these fields did not change. */
export function unchanged(path: string, fields: readonly string[]): readonly string[] {
  return fields.map((field) => `object.${path}.?${field} == oldObject.${path}.?${field}`);
}

/** CEL: only this annotation may have changed. */
export function otherAnnotationsUnchanged(path: string, annotation: string): readonly string[] {
  const [before, after] = [`oldObject.${path}.?annotations`, `object.${path}.?annotations`];
  return [
    `${after}.orValue({}).all(key, key == "${annotation}" || ${before}[?key] == ${after}[?key])`,
    `${before}.orValue({}).all(key, key == "${annotation}" || key in ${after}.orValue({}))`,
  ];
}

/** CEL: the managers of server-side apply, and their fields, did not change. */
export function appliedFieldsUnchanged(): readonly string[] {
  const fieldsOf = (object: string) => `${object}.metadata.?managedFields.orValue([])`;
  return [
    ['oldObject', 'object'],
    ['object', 'oldObject'],
  ].map(
    ([one, other]) =>
      `${fieldsOf(one!)}.all(entry, entry.?operation.orValue("") != "Apply" || ${fieldsOf(other!)}.exists(same, same == entry))`,
  );
}
