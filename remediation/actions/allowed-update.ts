/** Changes that the API server lets through: objects of these names, and only what the expressions leave open. */
export interface AllowedUpdate {
  readonly apiGroup: string;
  /** Version in which the expressions read the object: through another one it would have other fields. */
  readonly version: string;
  /** Resource, with its subresource: `deployments`, `deployments/scale`. */
  readonly resource: string;
  /** @default - the resource is cluster-scoped */
  readonly namespace?: string;
  readonly names: readonly string[];
  /** CEL over `object` and `oldObject`; each must hold. */
  readonly expressions: readonly string[];
}

/** What a client can change of an object's metadata beside its annotations. The rest is the API server's. */
export const METADATA = ['labels', 'ownerReferences', 'finalizers', 'generateName'] as const;

/** CEL: fields of a part of the object are as they were. */
export function unchanged(path: string, fields: readonly string[]): readonly string[] {
  return fields.map((field) => `object.${path}.?${field} == oldObject.${path}.?${field}`);
}

/** CEL: all annotations but one are as they were. */
export function otherAnnotationsUnchanged(path: string, annotation: string): readonly string[] {
  const [before, after] = [`oldObject.${path}.?annotations`, `object.${path}.?annotations`];
  return [
    `${after}.orValue({}).all(key, key == "${annotation}" || ${before}[?key] == ${after}[?key])`,
    `${before}.orValue({}).all(key, key == "${annotation}" || key in ${after}.orValue({}))`,
  ];
}

/** CEL: whoever manages fields by server-side apply manages the same ones as before. */
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
