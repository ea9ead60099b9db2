import * as v from 'valibot';
import { SettingError } from './setting-error';

export const text = v.pipe(v.string(), v.nonEmpty());
export const nonNegativeInteger = v.pipe(v.number(), v.integer(), v.minValue(0));
export const positiveInteger = v.pipe(v.number(), v.integer(), v.minValue(1));
export const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

/** `positiveInteger` with a fix for people: `write after how many seconds …`. */
export function positiveIntegerOr(fix: string) {
  return v.pipe(v.number(fix), v.integer(fix), v.minValue(1, fix));
}

/** A schema whose entries are known, so that they can be picked from a larger object. */
export type ObjectSchema = v.GenericSchema & { readonly entries: v.ObjectEntries };

/**
 * A schema for each property of an interface. `satisfies SchemasOf<Interface>` stops the compiler when one of the two
 * has a property that the other lacks. Interfaces are written by hand, so published types need no schema library.
 */
export type SchemasOf<P> = { readonly [K in keyof P]-?: v.GenericSchema };

/** What a caller may write for a schema: defaults left out, readonly at every level. */
export type Input<S extends v.GenericSchema> = DeepReadonly<v.InferInput<S>>;

/** What a schema yields: defaults filled in. */
export type Output<S extends v.GenericSchema> = DeepReadonly<v.InferOutput<S>>;

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/**
 * Checks the settings that a schema has entries for, and fills in the defaults. Other properties are left out.
 *
 * @throws SettingError that names the first wrong setting, its value and, by the schema's message, the fix
 */
export function parseSettings<S extends ObjectSchema>(schema: S, settings: object): Output<S> {
  const known = Object.entries(settings).filter(([name, value]) => name in schema.entries && value !== undefined);
  const result = v.safeParse(schema, Object.fromEntries(known), { abortEarly: true });
  if (result.success) {
    return result.output as Output<S>;
  }
  const [issue] = result.issues;
  throw new SettingError(pathOf(issue), issue.input, issue.message);
}

/** `denylist.keyPrefix`, `prefixes[0]`. */
function pathOf({ path }: v.BaseIssue<unknown>): string {
  return (path ?? [])
    .map(({ type, key }) => (type === 'array' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '');
}
