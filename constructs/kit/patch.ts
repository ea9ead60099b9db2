import { ApiObject, JsonPatch } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { withChecksum } from './checksum';
import { SettingError } from './errors';
import { type Manifest, plain } from './plain';

/**
 * A change of a manifest:
 *
 * - a JSON patch of cdk8s, e.g. `JsonPatch.replace('/spec/replicas', 3)`. A path that does not exist is refused;
 * - fields to merge (RFC 7396), e.g. `{ spec: { replicas: 3 } }`. Objects are merged, other values and whole lists are
 *   replaced, and `null` removes a field.
 *
 * Values are those of YAML: `'512Mi'` for a quantity, a number or a name for a port.
 */
export type Patch = JsonPatch | Manifest;

type Step = (manifest: Manifest) => Manifest;

/** Changes of one object, in the order in which they were added. */
const steps = new WeakMap<ApiObject, Step[]>();

interface TargetedPatch {
  readonly target: string;
  readonly step: Step;
}

/** Patches of the objects below a construct. */
const targeted = new WeakMap<IConstruct, TargetedPatch[]>();

/**
 * Makes the patches of an object apply to its manifest, after serialization. This includes `addJsonPatch()`.
 *
 * cdk8s patches the object before its typed model serializes it. The model then drops every value that is not of its
 * own types, e.g. `'512Mi'` where it wants a `Quantity`, and every field that its Kubernetes version did not know:
 * https://github.com/cdk8s-team/cdk8s/issues/2172
 */
export function patchable<T extends ApiObject>(object: T): T {
  if (!steps.has(object)) {
    steps.set(object, []);
    const serialize = object.toJson.bind(object);
    object.addJsonPatch = (...patches) =>
      transform(object, ...patches.map((patch) => (manifest: Manifest) => applyPatch(manifest, patch)));
    object.toJson = () => {
      const manifest: Manifest = serialize();
      const patched = stepsOf(object).reduce((current, step) => step(current), manifest);
      return withChecksum(manifest, patched);
    };
  }
  return object;
}

/** Changes an object's manifest, after serialization and before later patches. */
export function transform(object: ApiObject, ...changes: readonly Step[]): void {
  patchable(object);
  steps.get(object)!.push(...changes);
}

/**
 * Patches the manifests of objects in a construct, a chart or an app, those that are added later included. Patches of
 * an outer construct are applied after those of an inner one.
 *
 * @param target a kind (`Deployment`), a kind and a name (`Service/grafana`), or a name (`grafana-config`). Synthesis
 *   fails if it matches no object.
 * @example
 * patchObjects(chart, 'Deployment', { spec: { revisionHistoryLimit: 3 } });
 */
export function patchObjects(scope: IConstruct, target: string, ...patches: readonly Patch[]): void {
  if (!targeted.has(scope)) {
    targeted.set(scope, []);
  }
  for (const patch of patches) {
    targeted.get(scope)!.push({ target, step: (manifest) => applyPatch(manifest, patch) });
  }
  scope.node.addValidation({
    validate: () => {
      const objects = scope.node.findAll().filter((construct) => construct instanceof ApiObject);
      const matching = objects.filter((object) => matches(object, target));
      // Objects of other libraries are patched in the same way.
      for (const object of matching) {
        patchable(object);
      }
      return matching.length > 0 ? [] : [noMatch(target, objects)];
    },
  });
}

/** Whether a manifest differs from what its construct wrote. */
export function isPatched(object: ApiObject): boolean {
  return stepsOf(object).length > 0;
}

function stepsOf(object: ApiObject): readonly Step[] {
  const outer = object.node.scopes
    .toReversed()
    .flatMap((scope) => targeted.get(scope) ?? [])
    .filter(({ target }) => matches(object, target));
  return [...(steps.get(object) ?? []), ...outer.map(({ step }) => step)];
}

function matches({ kind, name }: ApiObject, target: string): boolean {
  return [kind, name, `${kind}/${name}`].includes(target);
}

function noMatch(target: string, objects: readonly ApiObject[]): string {
  const all = objects.map(({ kind, name }) => `${kind}/${name}`).join(', ');
  return `patch of "${target}" matches no object: write a kind, a name, or one of ${all}`;
}

function applyPatch(manifest: Manifest, patch: Patch): Manifest {
  // Applying a JSON patch changes the document.
  return isJsonPatch(patch)
    ? applyJsonPatch(structuredClone(manifest), patch)
    : (merge(manifest, plain(patch)) as Manifest);
}

/** By its prototype: the caller may have another copy of cdk8s, whose class is another one. */
function isJsonPatch(patch: Patch): patch is JsonPatch {
  return Object.getPrototypeOf(patch) !== Object.prototype;
}

/** The operation in a `JsonPatch`: a private member, which cdk8s itself hands to `fast-json-patch`. */
interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

function applyJsonPatch(manifest: Manifest, patch: JsonPatch): Manifest {
  const operation: Operation = Reflect.get(patch, 'operation');
  checkPath(manifest, operation);
  const { path } = operation;
  switch (operation.op) {
    case 'add':
      return JsonPatch.apply(manifest, JsonPatch.add(path, plain(operation.value)));
    case 'replace':
      return JsonPatch.apply(manifest, JsonPatch.replace(path, plain(operation.value)));
    default:
      return JsonPatch.apply(manifest, patch);
  }
}

/** `fast-json-patch` ignores a `remove` that finds nothing, and turns such a `replace` into an `add`. */
function checkPath(manifest: Manifest, operation: Operation): void {
  const { op, path } = operation;
  const keys = path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const at = (pointer: readonly string[]) =>
    pointer.reduce<unknown>((value, key) => (value as Manifest | undefined)?.[key], manifest);
  const { kind, metadata } = manifest as { kind: string; metadata: { name: string } };
  const setting = `the patch of ${kind}/${metadata.name}`;
  if ((op === 'replace' || op === 'remove') && at(keys) === undefined) {
    throw new SettingError(setting, operation, `${path} does not exist; correct the path, or use JsonPatch.add()`);
  }
  if (op === 'add' && at(keys.slice(0, -1)) === undefined) {
    const parent = path.replace(/\/[^/]*$/, '');
    throw new SettingError(setting, operation, `${parent} does not exist; add it first, or merge fields instead`);
  }
}

/** RFC 7396. */
function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) {
    return patch;
  }
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      delete result[key];
    } else {
      result[key] = merge(result[key], value);
    }
  }
  return result;
}

function isObject(value: unknown): value is Manifest {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
