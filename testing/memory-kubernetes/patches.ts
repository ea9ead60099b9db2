import { isDeepStrictEqual } from 'node:util';
import type { PatchType } from '../../remediation/kubernetes';
import { invalid } from './objects';

/** An operation of RFC 6902. */
interface JsonPatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

/**
 * Applies the body of a PATCH to an object, which stays as it is.
 *
 * @throws KubernetesError when a JSON patch does not fit
 */
export function applyPatch<T>(object: T, type: PatchType, body: unknown): T {
  return (type === 'json' ? operate(object, body as readonly JsonPatchOperation[]) : merge(object, body)) as T;
}

/** RFC 7386. A strategic patch does the same to maps; it merges some lists by a key, which nothing here asks for. */
function merge(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) {
    return patch;
  }
  const merged = new Map(isMap(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) {
      merged.delete(key);
    } else {
      merged.set(key, merge(merged.get(key), value));
    }
  }
  return Object.fromEntries(merged);
}

function operate(object: unknown, operations: readonly JsonPatchOperation[]): unknown {
  const root = { '': structuredClone(object) };
  for (const { op, path, value } of operations) {
    const keys = path.split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop()!;
    const parent = keys.reduce<unknown>((node, key) => (isMap(node) ? node[key] : undefined), root);
    if (!isMap(parent) || (op !== 'add' && !Object.hasOwn(parent, last))) {
      throw invalid(`${op} operation does not apply: doc is missing path: "${path}"`);
    }
    if (op === 'remove') {
      delete parent[last];
    } else if (op !== 'test') {
      parent[last] = value;
    } else if (!isDeepStrictEqual(parent[last], value)) {
      throw invalid(`testing value ${path} failed`);
    }
  }
  return root[''];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
