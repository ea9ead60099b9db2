import {
  checkCount,
  type RemediationPolicy,
  type ResponseOptions,
  remediationPolicy,
  type Verification,
} from '../policy';
import { type Action, type Run, SkipError } from './action';
import { type AddressGuard, blockableCidr, checkRanges } from './addresses';
import {
  type Denylist,
  type DenylistSettings,
  denylistNeeds,
  denylistOf,
  describeDenylist,
  keepsTime,
} from './denylists';
import { checkPrefix } from './keys';

export interface BlockAddress extends AddressGuard {
  /**
   * Label of the alert that holds the address. It must be the one that the last trusted proxy has seen: what stands first
   * in `X-Forwarded-For` is whatever the client likes, such as the address of somebody else.
   * @default client_ip
   */
  readonly label?: string;
  /** @default - the denylist in the connection `redis`, which the application has to enforce */
  readonly denylist?: DenylistSettings;
  /** Time after which an address is free again, in seconds. @default 14400 */
  readonly ttlSeconds?: number;
  /**
   * Addresses that are kept out at the same time, at the most: an attack from more is for a human, or for the web ACL.
   * @default 500
   */
  readonly maximumEntries?: number;
  /**
   * Ranges of which nothing is blocked, in CIDR notation: the cluster's own where they are public, load balancers, the
   * content delivery network, partners, the office. Addresses that are not of the Internet are never blocked.
   */
  readonly neverBlock: readonly string[];
}

/** Keeps an address out for a while. */
export function blockAddress(
  props: BlockAddress & ResponseOptions & { readonly verification?: Verification },
): RemediationPolicy<'block-address'> {
  const { label, denylist, ttlSeconds, maximumEntries, neverBlock, rehearsal, verification, ...options } = props;
  checkRanges('neverBlock', neverBlock);
  checkCount('ttlSeconds', ttlSeconds, 'write how many seconds an address is kept out');
  checkCount('maximumEntries', maximumEntries, 'write how many addresses are kept out at the most');
  if (denylist?.kind === 'redis-denylist' && denylist.keyPrefix !== undefined) {
    checkPrefix('denylist.keyPrefix', denylist.keyPrefix);
  }
  const parameters = { label, denylist, ttlSeconds, maximumEntries, neverBlock, rehearsal };
  return remediationPolicy('block-address', parameters, options, verification);
}

const DEFAULT_LABEL = 'client_ip';
const DEFAULT_TTL_SECONDS = 14_400;
const DEFAULT_MAXIMUM_ENTRIES = 500;
const DEFAULT_DENYLIST: DenylistSettings = { kind: 'redis-denylist', connection: 'redis' };

export const blockAddressAction: Action<BlockAddress> = {
  kind: 'block-address',

  describe: ({ label = DEFAULT_LABEL, denylist = DEFAULT_DENYLIST, ttlSeconds = DEFAULT_TTL_SECONDS }) =>
    `Keeps the address in the label ${label} out for ${ttlSeconds / 60} minutes, by ${describeDenylist(denylist)}: ` +
    'an IPv4 address alone, or the /64 of an IPv6 address. Private addresses and those that are exempt are never blocked.',

  requirements: ({ denylist = DEFAULT_DENYLIST }) => denylistNeeds(denylist),

  targets: () => [{ kind: 'Address', name: '' }],

  async findTarget(alert, parameters) {
    const { label = DEFAULT_LABEL } = parameters;
    const address = alert.labels[label];
    if (!address) {
      throw new SkipError('target-unknown', `${alert.name} has no label ${label}`);
    }
    return { kind: 'Address', name: blockableCidr(address, parameters) };
  },

  async plan(run) {
    const { target, parameters, tools } = run;
    const { denylist = DEFAULT_DENYLIST, ttlSeconds = DEFAULT_TTL_SECONDS } = parameters;
    const { maximumEntries = DEFAULT_MAXIMUM_ENTRIES } = parameters;
    const place = placeOf(run);
    if (await place.isBlocked(target.name)) {
      // Whoever blocked it decides when it is free again.
      throw new SkipError('nothing-to-do', `${target.name} is blocked already`);
    }
    if ((await place.count(maximumEntries)) >= maximumEntries) {
      throw new SkipError('budget-exhausted', `${maximumEntries} addresses are blocked, which is the maximum`);
    }
    return {
      summary: `block ${target.name} for ${ttlSeconds / 60} minutes`,
      details: { until: new Date(tools.now().getTime() + ttlSeconds * 1000).toISOString() },
      expiresAfterSeconds: keepsTime(denylist) ? undefined : ttlSeconds,
    };
  },

  async execute(run, { details }) {
    const { target, tools, dryRun } = run;
    const seconds = Math.ceil((Date.parse(details.until as string) - tools.now().getTime()) / 1000);
    if (seconds <= 0) {
      throw new SkipError('alert-stale', `${target.name} was to be blocked until ${details.until}, which is over`);
    }
    const isNew = await placeOf(run).block(target.name, seconds);
    return {
      summary: isNew ? `${dryRun ? 'would block' : 'blocked'} ${target.name}` : `${target.name} was blocked before`,
    };
  },

  verify: async (run) => Number(await placeOf(run).isBlocked(run.target.name)),

  async revert(run) {
    const { name } = run.target;
    return (await placeOf(run).unblock(name))
      ? `let ${name} in again`
      : `left ${name}: it is free, or another keeps it out`;
  },
};

function placeOf({ parameters, record, tools, dryRun, signal }: Run<BlockAddress>): Denylist {
  const { denylist = DEFAULT_DENYLIST } = parameters;
  return denylistOf(denylist, { tools, record: record.metadata.name, dryRun, signal });
}
