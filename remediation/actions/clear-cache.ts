import * as v from 'valibot';
import type { Cache } from '../clients';
import { type PolicyOptions, type RemediationPolicy, remediationPolicy, type Verification } from '../policy';
import { type Plan, RecordAltered, type Target } from '../record';
import { positiveIntegerOr, type SchemasOf, text } from '../schema';
import { SettingError } from '../setting-error';
import { type Action, type Attempt, SkipError } from './action';
import { keyPrefix, keysOf, requireNoCluster } from './keys';

/** Parameters of `clearCache()`. */
export interface ClearCacheParameters {
  /** Name of the connection to Redis. */
  readonly connection: string;
  /**
   * Prefixes of the keys to clear, at least one, up to and including a `:`. The label `cache_prefix` of an alert selects
   * one of them; without the label all are cleared. Sessions, queues and locks must not have any of these prefixes.
   */
  readonly prefixes: readonly string[];
  /**
   * - `keys` deletes the keys.
   * - `version` increments the number in the key `<prefix>version`, which the application puts into the names of its
   *   keys: older entries are no longer found, and expire. It is immediate and can be reverted. A missing key counts as
   *   version 0.
   * @default keys
   */
  readonly mode?: 'keys' | 'version';
  /** Keys that Redis examines, and deletes, in one step, 1 or more. @default 500 */
  readonly batch?: number;
  /** Time within which all keys must be deleted, in seconds, 1 or more; less than `timeoutSeconds`. @default 45 */
  readonly deadlineSeconds?: number;
}

/** Parameters and options of `clearCache()`. */
export interface ClearCacheProps extends ClearCacheParameters, PolicyOptions {
  /** How the effect is verified. */
  readonly verification: Verification;
}

/** Parameters of `clearCache()` with the defaults filled in. */
export type ClearCache = Required<ClearCacheParameters>;

const parameters = v.strictObject({
  connection: text,
  prefixes: v.pipe(v.array(keyPrefix), v.minLength(1, 'name the keys to clear')),
  mode: v.optional(v.picklist(['keys', 'version']), 'keys'),
  batch: v.optional(positiveIntegerOr('write how many keys Redis examines in one step'), 500),
  deadlineSeconds: v.optional(positiveIntegerOr('write within how many seconds the keys must be deleted'), 45),
} satisfies SchemasOf<ClearCacheParameters>);

/**
 * Clears parts of a cache: deletes keys by prefix, in small steps, so that Redis keeps serving. It never sends FLUSHDB
 * or FLUSHALL, which would delete every key.
 *
 * The Redis user needs `REDIS_RIGHTS.clearKeys`, or `REDIS_RIGHTS.raiseVersions` in mode `version`. A Redis Cluster is
 * rejected, because a node sees only its own keys.
 *
 * @throws SettingError for a parameter or an option that cannot work
 */
export function clearCache(props: ClearCacheProps): RemediationPolicy<'clear-cache', ClearCache> {
  const policy = remediationPolicy('clear-cache', parameters, props);
  const { deadlineSeconds } = policy.parameters;
  if (deadlineSeconds >= policy.timeoutSeconds) {
    // The timeout would cut the attempt off, and its record could not say how many keys were deleted.
    const fix = `write less than timeoutSeconds, which is ${policy.timeoutSeconds}`;
    throw new SettingError('deadlineSeconds', deadlineSeconds, fix);
  }
  return policy;
}

/** Keys are counted up to this number for the plan; beyond it the exact number does not matter. */
const COUNT_LIMIT = 10_000;
const COUNT_MS = 5_000;

/** A version key with its present and its next value. */
interface Bump {
  readonly key: string;
  readonly from: string;
  readonly to: string;
}

/** The plan of mode `keys`, or of mode `version`. */
type Details = { readonly prefixes: readonly string[] } | { readonly bumps: readonly Bump[] };

/** @internal */
export const clearCacheAction: Action<ClearCache, Details> = {
  kind: 'clear-cache',
  parameters,

  describe: ({ connection, prefixes, mode }) =>
    mode === 'version'
      ? `Raises the version of the cached entries under ${prefixes.join(', ')} in ${connection}: older entries are no longer found, and expire.`
      : `Deletes the keys under ${prefixes.join(', ')} from ${connection}, in small steps. Other keys are not touched.`,

  requirements: ({ connection }) => ({ permissions: [], allowedUpdates: [], connections: [connection] }),

  targets: (settings) => [
    ...(settings.prefixes.length > 1 ? [targetOf(settings, undefined)] : []),
    ...settings.prefixes.map((prefix) => targetOf(settings, prefix)),
  ],

  async findTarget({ labels }, settings) {
    const { cache_prefix: prefix } = labels;
    if (prefix !== undefined && !settings.prefixes.includes(prefix)) {
      const allowed = settings.prefixes.join(', ');
      throw new SkipError('target-not-allowed', `the policy is for ${allowed}, not ${JSON.stringify(prefix)}`);
    }
    return targetOf(settings, prefix);
  },

  async plan(attempt) {
    await requireNoCluster(cacheOf(attempt));
    return attempt.parameters.mode === 'version' ? planVersions(attempt) : planKeys(attempt);
  },

  // Keys are found by the policy's prefixes, and a version is raised only from the planned one.
  async recheck(attempt, plan) {
    requireOwnKeys(attempt, plan);
    return plan;
  },

  execute: (attempt, plan) =>
    attempt.parameters.mode === 'version' ? raiseVersions(attempt, plan) : deleteKeys(attempt),

  // In mode `keys` there is nothing to verify: keys that exist now may be new entries. The policy's query verifies.
  async verify(attempt, plan) {
    requireOwnKeys(attempt, plan);
    const versions = await Promise.all(bumpsOf(plan).map(async ({ key }) => Number(await versionIn(attempt, key))));
    return versions.every((version, index) => version >= Number(bumpsOf(plan)[index]!.to)) ? 1 : 0;
  },

  async revert(attempt, plan) {
    requireOwnKeys(attempt, plan);
    const changed = await setVersions(
      attempt,
      bumpsOf(plan).map(({ key, from, to }) => ({ key, from: to, to: from })),
    );
    const left = bumpsOf(plan).filter(({ key }) => !changed.includes(key));
    return left.length > 0
      ? `left ${left.map(({ key }) => key).join(', ')}: it was changed since`
      : `reverted ${bumpsOf(plan).map(describe).join(', ')}`;
  },
};

/** A prefix is the same target whether the alert names it or it is the only one. */
function targetOf({ connection, prefixes }: ClearCache, prefix: string | undefined): Target {
  const one = prefix ?? (prefixes.length === 1 ? prefixes[0] : undefined);
  return { kind: 'Cache', name: one ? `${connection}/${one}` : connection };
}

/** @throws SkipError when the policy has changed since the target was found */
function prefixesOf({ target, parameters }: Attempt<ClearCache>): readonly string[] {
  const all = target.name === targetOf(parameters, undefined).name;
  const prefixes = parameters.prefixes.filter((prefix) => all || target.name === targetOf(parameters, prefix).name);
  if (prefixes.length === 0) {
    throw new SkipError('target-not-allowed', `${target.name} is no longer a target of the policy`);
  }
  return prefixes;
}

function cacheOf({ parameters, clients }: Attempt<ClearCache>): Cache {
  return clients.cache(parameters.connection);
}

async function planKeys(attempt: Attempt<ClearCache>): Promise<Plan<Details>> {
  const prefixes = prefixesOf(attempt);
  const found = await countKeys(attempt, prefixes);
  if (found === '0') {
    throw new SkipError('nothing-to-do', `no key exists under ${prefixes.join(', ')}`);
  }
  return { summary: `delete the keys under ${prefixes.join(', ')} (${found} now)`, details: { prefixes } };
}

/** The number of keys, or a lower bound: in a large Redis, counting can take longer than planning may. */
async function countKeys(attempt: Attempt<ClearCache>, prefixes: readonly string[]): Promise<string> {
  const until = Date.now() + COUNT_MS;
  let found = 0;
  for await (const keys of pages(attempt, prefixes)) {
    found += keys.length;
    if (found > COUNT_LIMIT || Date.now() > until) {
      return `at least ${found}`;
    }
  }
  return `${found}`;
}

async function deleteKeys(attempt: Attempt<ClearCache>) {
  const prefixes = prefixesOf(attempt);
  if (attempt.dryRun) {
    return { summary: `would delete ${await countKeys(attempt, prefixes)} keys` };
  }
  const { batch, deadlineSeconds } = attempt.parameters;
  let deleted = 0;
  try {
    for await (const keys of pages(attempt, prefixes, deadlineSeconds)) {
      for (let index = 0; index < keys.length; index += batch) {
        deleted += await cacheOf(attempt).unlink(...keys.slice(index, index + batch));
      }
    }
  } catch (error) {
    throw new Error(`deleted ${deleted} keys, not all: ${(error as Error).message}`);
  }
  return { summary: `deleted ${deleted} keys under ${prefixes.join(', ')}` };
}

/** @param seconds time within which every key must be seen @default - no limit */
async function* pages(
  attempt: Attempt<ClearCache>,
  prefixes: readonly string[],
  seconds = Number.POSITIVE_INFINITY,
): AsyncGenerator<readonly string[]> {
  const { batch } = attempt.parameters;
  const until = Date.now() + seconds * 1000;
  for (const prefix of prefixes) {
    yield* keysOf(cacheOf(attempt), prefix, { batch, until, signal: attempt.signal });
  }
}

async function planVersions(attempt: Attempt<ClearCache>): Promise<Plan<Details>> {
  const bumps: Bump[] = [];
  for (const prefix of prefixesOf(attempt)) {
    const key = `${prefix}version`;
    const from = await versionIn(attempt, key);
    if (!/^\d{1,15}$/.test(from)) {
      throw new SkipError('unhealthy', `${key} is ${JSON.stringify(from.slice(0, 40))}, which is not a version`);
    }
    bumps.push({ key, from, to: String(Number(from) + 1) });
  }
  return { summary: `raise ${bumps.map(describe).join(', ')}`, details: { bumps } };
}

async function raiseVersions(attempt: Attempt<ClearCache>, plan: Plan<Details>) {
  if (attempt.dryRun) {
    return { summary: `would raise ${bumpsOf(plan).map(describe).join(', ')}` };
  }
  const changed = await setVersions(attempt, bumpsOf(plan));
  const raised = bumpsOf(plan).filter(({ key }) => changed.includes(key));
  return {
    summary: raised.length > 0 ? `raised ${raised.map(describe).join(', ')}` : 'the versions were already raised',
  };
}

/** Compare and set in one step, so that a version is raised once even when two replicas try at the same time. */
const SET_IF_EQUAL = `
  if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], ARGV[2])
  return 1`;

/** @returns the keys that had the expected value and were set */
async function setVersions(attempt: Attempt<ClearCache>, bumps: readonly Bump[]): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const { key, from, to } of bumps) {
    attempt.signal.throwIfAborted();
    if ((await cacheOf(attempt).call('EVAL', SET_IF_EQUAL, 1, key, from, to)) === 1) {
      changed.push(key);
    }
  }
  return changed;
}

async function versionIn(attempt: Attempt<ClearCache>, key: string): Promise<string> {
  return (await cacheOf(attempt).get(key)) ?? '0';
}

/** @throws RecordAltered for a version that the policy would not set */
function requireOwnKeys(attempt: Attempt<ClearCache>, plan: Plan<Details>): void {
  const keys = prefixesOf(attempt).map((prefix) => `${prefix}version`);
  const wrong = bumpsOf(plan).find(({ key, from, to }) => !keys.includes(key) || to !== String(Number(from) + 1));
  if (wrong) {
    throw new RecordAltered(`the policy never sets ${describe(wrong)}`);
  }
}

/** Empty in mode `keys`. */
function bumpsOf({ details }: Plan<Details>): readonly Bump[] {
  return 'bumps' in details ? details.bumps : [];
}

function describe({ key, from, to }: Bump): string {
  return `${key} from ${from} to ${to}`;
}
