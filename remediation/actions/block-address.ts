import * as v from 'valibot';
import { type PolicyOptions, type RemediationPolicy, remediationPolicy, type Verification } from '../policy';
import { type Input, type Output, positiveIntegerOr, text } from '../schema';
import { type Action, type Attempt, SkipError } from './action';
import { blockableCidr, cidr } from './addresses';
import {
  type Denylist,
  denylistOf,
  denylistRequirements,
  denylistSettings,
  describeDenylist,
  expires,
} from './denylists';

const parameters = v.strictObject({
  /**
   * Label of the alert that holds the address. It must be the address that the last trusted proxy has seen. The first
   * entry of `X-Forwarded-For` is whatever the client writes, such as somebody else's address.
   * @default client_ip
   */
  label: v.optional(text, 'client_ip'),
  /** @default - the denylist in the connection `redis`, which the application must enforce */
  denylist: v.optional(denylistSettings, { kind: 'redis-denylist', connection: 'redis' }),
  /** Time after which an address is unblocked, in seconds. @default 14400 */
  ttlSeconds: v.optional(positiveIntegerOr('write for how many seconds an address is blocked'), 14_400),
  /**
   * Largest number of blocked addresses. An attack from more addresses is for a person, or for the web ACL.
   * @default 500
   */
  maximumEntries: v.optional(positiveIntegerOr('write how many addresses may be blocked at the same time'), 500),
  /**
   * Ranges that are never blocked, in CIDR notation: public addresses of the cluster, load balancers, the content
   * delivery network, partners, the office. Addresses that are not on the Internet are never blocked anyway.
   */
  neverBlock: v.array(cidr),
  /** Whether addresses for documentation, which nobody uses, may be blocked. @default false */
  rehearsal: v.optional(v.boolean(), false),
});

export type BlockAddress = Output<typeof parameters>;

/**
 * Blocks an address temporarily.
 *
 * @throws SettingError for a parameter or an option that cannot work
 */
export function blockAddress(
  props: Input<typeof parameters> & PolicyOptions & { readonly verification?: Verification },
): RemediationPolicy<'block-address', BlockAddress> {
  return remediationPolicy('block-address', parameters, props);
}

/** RFC 3339: when the block ends. */
interface Block {
  readonly until: string;
}

export const blockAddressAction: Action<BlockAddress, Block> = {
  kind: 'block-address',
  parameters,

  describe: ({ label, denylist, ttlSeconds }) =>
    `Blocks the address in the label ${label} for ${ttlSeconds / 60} minutes, by ${describeDenylist(denylist)}: ` +
    'a single IPv4 address, or the /64 of an IPv6 address. Private and exempt addresses are never blocked.',

  requirements: ({ denylist }) => denylistRequirements(denylist),

  targets: () => [{ kind: 'Address', name: '' }],

  async findTarget(alert, settings) {
    const { label } = settings;
    const address = alert.labels[label];
    if (!address) {
      throw new SkipError('target-unknown', `${alert.name} has no label ${label}`);
    }
    return { kind: 'Address', name: blockableCidr(address, settings) };
  },

  async plan(attempt) {
    const { target, clients } = attempt;
    const { denylist, ttlSeconds, maximumEntries } = attempt.parameters;
    const list = denylistFor(attempt);
    if (await list.isBlocked(target.name)) {
      throw new SkipError('nothing-to-do', `${target.name} is already blocked`);
    }
    if ((await list.count(maximumEntries)) >= maximumEntries) {
      throw new SkipError('budget-exhausted', `${maximumEntries} addresses are blocked, which is the maximum`);
    }
    return {
      summary: `block ${target.name} for ${ttlSeconds / 60} minutes`,
      details: { until: new Date(clients.now().getTime() + ttlSeconds * 1000).toISOString() },
      expiresAfterSeconds: expires(denylist) ? undefined : ttlSeconds,
    };
  },

  async execute(attempt, { details: { until } }) {
    const { target, clients, dryRun } = attempt;
    const seconds = Math.ceil((Date.parse(until) - clients.now().getTime()) / 1000);
    if (seconds <= 0) {
      throw new SkipError('alert-stale', `${target.name} was to be blocked until ${until}, which has passed`);
    }
    const isNew = await denylistFor(attempt).block(target.name, seconds);
    return {
      summary: isNew ? `${dryRun ? 'would block' : 'blocked'} ${target.name}` : `${target.name} was already blocked`,
    };
  },

  verify: async (attempt) => Number(await denylistFor(attempt).isBlocked(attempt.target.name)),

  async revert(attempt) {
    const { name } = attempt.target;
    return (await denylistFor(attempt).unblock(name))
      ? `unblocked ${name}`
      : `left ${name}: it is not blocked, or another record blocks it`;
  },
};

function denylistFor({ parameters: { denylist }, record, clients, dryRun, signal }: Attempt<BlockAddress>): Denylist {
  return denylistOf(denylist, { clients, record: record.metadata.name, dryRun, signal });
}
