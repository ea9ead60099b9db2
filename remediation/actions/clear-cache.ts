import type { Cache } from '../clients';
import {
  checkCount,
  ParameterError,
  type RemediationPolicy,
  type ResponseOptions,
  remediationPolicy,
  type Verification,
} from '../policy';
import type { Plan, Target } from '../record';
import { type Action, type Run, SkipError } from './action';
import { checkPrefix, keysOf, refuseCluster } from './keys';

export interface ClearCache {
  /** Name of the connection to Redis. */
  readonly connection: string;
  /**
   * Prefixes of the keys that may go, each as it is written in the keys, with the `:` at its end. The label `cache_prefix`
   * of an alert chooses one of them; without it they are all cleared. Sessions, queues and locks must have none of them.
   */
  readonly prefixes: readonly string[];
  /**
   * - `keys` removes the keys.
   * - `version` raises the number in the key `<prefix>version`, which the application puts into the names of its keys:
   *   entries of older versions are not found any more and expire. It takes no time, and can be taken back. A key that is
   *   missing is version 0.
   * @default keys
   */
  readonly mode?: 'keys' | 'version';
  /** Keys that Redis looks at, and removes, in one step. @default 500 */
  readonly batch?: number;
  /** Time in which the keys must be gone, in seconds. @default 45 */
  readonly deadlineSeconds?: number;
}

/**
 * Clears parts of a cache: keys by prefix, in small steps, so that Redis goes on serving. It never sends FLUSHDB or
 * FLUSHALL, which in a cluster are the same.
 *
 * A user of Redis with these rights suffices, and the server keeps it from anything else (`version` needs
 * `+get +eval +set` in the place of `+scan +unlink`). SCAN tells the names of all keys of its database, whatever the
 * patterns say, so no name should be a secret.
 *
 * ```
 * user remediation on >… resetchannels ~cache:* -@all +scan +unlink +client|setname
 * ```
 *
 * One Redis, or one that a proxy shows as one, is supported. A Redis Cluster is refused: a node sees its own keys alone.
 */
export function clearCache(
  props: ClearCache & ResponseOptions & { readonly verification: Verification },
): RemediationPolicy<'clear-cache'> {
  const { connection, prefixes, mode, batch, deadlineSeconds, verification, ...options } = props;
  if (prefixes.length === 0) {
    throw new ParameterError('prefixes', prefixes, 'name the keys that may go');
  }
  for (const prefix of prefixes) {
    checkPrefix('prefixes', prefix);
  }
  checkCount('batch', batch, 'write how many keys Redis looks at in one step');
  checkCount('deadlineSeconds', deadlineSeconds, 'write in how many seconds the keys must be gone');
  const parameters = { connection, prefixes, mode, batch, deadlineSeconds };
  const policy = remediationPolicy('clear-cache', parameters, options, verification);
  const deadline = deadlineSeconds ?? DEFAULT_DEADLINE_SECONDS;
  if (deadline >= policy.timeoutSeconds) {
    // The run would be cut off, and nobody would know how far it came.
    const mend = `write less than timeoutSeconds, which is ${policy.timeoutSeconds}`;
    throw new ParameterError('deadlineSeconds', deadline, mend);
  }
  return policy;
}

const DEFAULT_BATCH = 500;
const DEFAULT_DEADLINE_SECONDS = 45;

/** How far keys are counted before anything is done; beyond, the number does not matter. */
const COUNT_LIMIT = 10_000;
const COUNT_MS = 5_000;

/** A version, as it was found and as it will be. */
interface Bump {
  readonly key: string;
  readonly from: string;
  readonly to: string;
}

export const clearCacheAction: Action<ClearCache> = {
  kind: 'clear-cache',

  describe: ({ connection, prefixes, mode }) =>
    mode === 'version'
      ? `Raises the version of the cached entries under ${prefixes.join(', ')} in ${connection}: older ones are not found any more, and expire.`
      : `Removes the keys under ${prefixes.join(', ')} from ${connection}, in small steps; other keys are not touched.`,

  requirements: ({ connection }) => ({ permissions: [], allowedUpdates: [], connections: [connection] }),

  targets: (parameters) => [
    ...(parameters.prefixes.length > 1 ? [targetOf(parameters, undefined)] : []),
    ...parameters.prefixes.map((prefix) => targetOf(parameters, prefix)),
  ],

  async findTarget({ labels }, parameters) {
    const { cache_prefix: prefix } = labels;
    if (prefix !== undefined && !parameters.prefixes.includes(prefix)) {
      const allowed = parameters.prefixes.join(', ');
      throw new SkipError('target-not-allowed', `the response is for ${allowed}, not ${JSON.stringify(prefix)}`);
    }
    return targetOf(parameters, prefix);
  },

  async plan(run) {
    await refuseCluster(cacheOf(run));
    return run.parameters.mode === 'version' ? planVersions(run) : planKeys(run);
  },

  execute: (run, plan) => (run.parameters.mode === 'version' ? raiseVersions(run, plan) : removeKeys(run)),

  // Keys that are there again are new entries: whether clearing helped is for the policy's query to say. When it could
  // not be done to the end, it has failed.
  async verify(run, plan) {
    const versions = await Promise.all(bumpsOf(plan).map(async ({ key }) => Number(await versionIn(run, key))));
    return versions.every((version, index) => version >= Number(bumpsOf(plan)[index]!.to)) ? 1 : 0;
  },

  async revert(run, plan) {
    const changed = await setVersions(
      run,
      bumpsOf(plan).map(({ key, from, to }) => ({ key, from: to, to: from })),
    );
    const left = bumpsOf(plan).filter(({ key }) => !changed.includes(key));
    return left.length > 0
      ? `left ${left.map(({ key }) => key).join(', ')}: somebody has changed it`
      : `took back ${bumpsOf(plan).map(describe).join(', ')}`;
  },
};

/** The same prefix is the same target, whether an alert names it or it is the only one. */
function targetOf({ connection, prefixes }: ClearCache, prefix: string | undefined): Target {
  const one = prefix ?? (prefixes.length === 1 ? prefixes[0] : undefined);
  return { kind: 'Cache', name: one ? `${connection}/${one}` : connection };
}

/** @throws SkipError when the policy has changed since the target was found */
function prefixesOf({ target, parameters }: Run<ClearCache>): readonly string[] {
  const all = target.name === targetOf(parameters, undefined).name;
  const prefixes = parameters.prefixes.filter((prefix) => all || target.name === targetOf(parameters, prefix).name);
  if (prefixes.length === 0) {
    throw new SkipError('target-not-allowed', `${target.name} is no target of the response any more`);
  }
  for (const prefix of prefixes) {
    checkPrefix('prefixes', prefix);
  }
  return prefixes;
}

function cacheOf({ parameters, tools }: Run<ClearCache>): Cache {
  return tools.cache(parameters.connection);
}

async function planKeys(run: Run<ClearCache>): Promise<Plan> {
  const prefixes = prefixesOf(run);
  const found = await countKeys(run, prefixes);
  if (found === '0') {
    throw new SkipError('nothing-to-do', `there is no key under ${prefixes.join(', ')}`);
  }
  return { summary: `remove the keys under ${prefixes.join(', ')} (${found} now)`, details: { prefixes } };
}

/** In words: a large Redis with few such keys takes longer to look through than a plan may take. */
async function countKeys(run: Run<ClearCache>, prefixes: readonly string[]): Promise<string> {
  const until = Date.now() + COUNT_MS;
  let found = 0;
  for await (const keys of pages(run, prefixes)) {
    found += keys.length;
    if (found > COUNT_LIMIT || Date.now() > until) {
      return `at least ${found}`;
    }
  }
  return `${found}`;
}

async function removeKeys(run: Run<ClearCache>) {
  const prefixes = prefixesOf(run);
  if (run.dryRun) {
    return { summary: `would remove ${await countKeys(run, prefixes)} keys` };
  }
  const { batch = DEFAULT_BATCH, deadlineSeconds = DEFAULT_DEADLINE_SECONDS } = run.parameters;
  let removed = 0;
  try {
    for await (const keys of pages(run, prefixes, deadlineSeconds)) {
      for (let index = 0; index < keys.length; index += batch) {
        removed += await cacheOf(run).unlink(...keys.slice(index, index + batch));
      }
    }
  } catch (error) {
    throw new Error(`removed ${removed} keys, not all: ${(error as Error).message}`);
  }
  return { summary: `removed ${removed} keys under ${prefixes.join(', ')}` };
}

/** @param seconds time in which all must be seen @default - as long as it takes */
async function* pages(
  run: Run<ClearCache>,
  prefixes: readonly string[],
  seconds = Number.POSITIVE_INFINITY,
): AsyncGenerator<readonly string[]> {
  const { batch = DEFAULT_BATCH } = run.parameters;
  const until = Date.now() + seconds * 1000;
  for (const prefix of prefixes) {
    yield* keysOf(cacheOf(run), prefix, { batch, until, signal: run.signal });
  }
}

async function planVersions(run: Run<ClearCache>): Promise<Plan> {
  const bumps: Bump[] = [];
  for (const prefix of prefixesOf(run)) {
    const key = `${prefix}version`;
    const from = await versionIn(run, key);
    if (!/^\d{1,15}$/.test(from)) {
      throw new SkipError('unhealthy', `${key} is ${JSON.stringify(from.slice(0, 40))}, which is no version`);
    }
    bumps.push({ key, from, to: String(Number(from) + 1) });
  }
  return { summary: `raise ${bumps.map(describe).join(', ')}`, details: { bumps } };
}

async function raiseVersions(run: Run<ClearCache>, plan: Plan) {
  if (run.dryRun) {
    return { summary: `would raise ${bumpsOf(plan).map(describe).join(', ')}` };
  }
  const changed = await setVersions(run, bumpsOf(plan));
  const raised = bumpsOf(plan).filter(({ key }) => changed.includes(key));
  return {
    summary: raised.length > 0 ? `raised ${raised.map(describe).join(', ')}` : 'the versions were raised before',
  };
}

/** Compares and sets in one: two that raise the same version at the same time raise it once. */
const SET_IF_EQUAL = `
  if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], ARGV[2])
  return 1`;

/** @returns the keys that were as expected, and have been set */
async function setVersions(run: Run<ClearCache>, bumps: readonly Bump[]): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const { key, from, to } of bumps) {
    run.signal.throwIfAborted();
    if ((await cacheOf(run).call('EVAL', SET_IF_EQUAL, 1, key, from, to)) === 1) {
      changed.push(key);
    }
  }
  return changed;
}

async function versionIn(run: Run<ClearCache>, key: string): Promise<string> {
  return (await cacheOf(run).get(key)) ?? '0';
}

/** Removing keys has none. */
function bumpsOf({ details }: Plan): readonly Bump[] {
  return (details.bumps as readonly Bump[] | undefined) ?? [];
}

function describe({ key, from, to }: Bump): string {
  return `${key} from ${from} to ${to}`;
}
