import * as v from 'valibot';
import { type PolicyOptions, type RemediationPolicy, remediationPolicy, type Verification } from '../policy';
import { RecordAltered, type RecordedAlert } from '../record';
import { positiveIntegerOr, type SchemasOf, text } from '../schema';
import { SettingError } from '../setting-error';
import { secondsSince } from '../times';
import { type Action, type Attempt, type Clients, type FoundChange, SkipError } from './action';
import { blockableCidr, cidr, cidrOf } from './addresses';
import {
  type Denylist,
  type DenylistProps,
  type DenylistSettings,
  denylistOf,
  denylistRequirements,
  denylistSettings,
  describeDenylist,
  expires,
} from './denylists';

/** Parameters of `blockAddress()`. */
export interface BlockAddressParameters {
  /**
   * Label of the alert that holds the address. It must be the address that the last trusted proxy has seen. The first
   * entry of `X-Forwarded-For` is whatever the client writes, such as somebody else's address.
   * @default client_ip
   */
  readonly label?: string;
  /** Where addresses are blocked. @default - the denylist in the connection `redis`, which the application must enforce */
  readonly denylist?: DenylistProps;
  /** Time after which an address is unblocked, in seconds, 1 or more. @default 14400 */
  readonly ttlSeconds?: number;
  /**
   * Largest number of blocked addresses, 1 or more. An attack from more addresses is for a person, or for the web ACL.
   * @default 500
   */
  readonly maximumEntries?: number;
  /**
   * Ranges that are never blocked, in CIDR notation: public addresses of the cluster, the content delivery network, its
   * health checks, partners, the office. Addresses that are not on the Internet, well-known resolvers, and the health
   * checks of Azure and Google Cloud are never blocked anyway.
   */
  readonly neverBlock: readonly string[];
  /**
   * Public addresses of the load balancers and proxies in front of the application, in CIDR notation. Where the
   * application takes its peer for the client, an alert names one of them, and blocking it would lock everybody out.
   * Write `[]` if they have only private addresses.
   */
  readonly loadBalancers: readonly string[];
  /** Whether addresses for documentation, which nobody uses, may be blocked. @default false */
  readonly rehearsal?: boolean;
}

/** Parameters and options of `blockAddress()`. */
export interface BlockAddressProps extends BlockAddressParameters, PolicyOptions {
  /** How the effect is verified. @default - the denylist must hold the address */
  readonly verification?: Verification;
}

/** Parameters of `blockAddress()` with the defaults filled in. */
export interface BlockAddress extends Required<BlockAddressParameters> {
  /** Where addresses are blocked, with the defaults filled in. */
  readonly denylist: DenylistSettings;
}

const LOAD_BALANCERS =
  "write the public addresses of the load balancers, e.g. ['203.0.113.10/32'], or [] if they have only private ones";

const parameters = v.strictObject({
  label: v.optional(text, 'client_ip'),
  denylist: v.optional(denylistSettings, { kind: 'redis-denylist', connection: 'redis' }),
  ttlSeconds: v.optional(positiveIntegerOr('write for how many seconds an address is blocked'), 14_400),
  maximumEntries: v.optional(positiveIntegerOr('write how many addresses may be blocked at the same time'), 500),
  neverBlock: v.array(cidr),
  loadBalancers: v.array(cidr),
  rehearsal: v.optional(v.boolean(), false),
} satisfies SchemasOf<BlockAddressParameters>);

/**
 * Blocks an address temporarily.
 *
 * @throws SettingError for a parameter or an option that cannot work
 */
export function blockAddress(props: BlockAddressProps): RemediationPolicy<'block-address', BlockAddress> {
  if (props.loadBalancers === undefined) {
    throw new SettingError('loadBalancers', undefined, LOAD_BALANCERS);
  }
  return remediationPolicy('block-address', parameters, props);
}

/** For how long the address is blocked, from the beginning of the execution on. */
interface Block {
  readonly seconds: number;
}

/** @internal */
export const blockAddressAction: Action<BlockAddress, Block> = {
  kind: 'block-address',
  purpose: 'address',
  parameters,

  describe: ({ label, denylist, ttlSeconds }) =>
    `Blocks the address in the label ${label} for ${ttlSeconds / 60} minutes, by ${describeDenylist(denylist)}: ` +
    'a single IPv4 address, or the /64 of an IPv6 address. Private and exempt addresses are never blocked.',

  requirements: ({ denylist }) => denylistRequirements(denylist),

  targets: () => [{ kind: 'Address', name: '' }],

  async findTarget(alert, settings) {
    return { kind: 'Address', name: addressToBlock(alert, settings) };
  },

  // An address that `neverBlock` names by now is still unblocked.
  isTarget: (target, { labels }, { label }) => target.kind === 'Address' && target.name === cidrOf(labels[label] ?? ''),

  async plan(attempt) {
    const { target } = attempt;
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
      details: { seconds: ttlSeconds },
      expiresAfterSeconds: expires(denylist) ? undefined : ttlSeconds,
    };
  },

  async recheck(attempt) {
    const isBlocked = await denylistFor(attempt).isBlocked(attempt.target.name);
    return isBlocked ? undefined : blockAddressAction.plan(attempt);
  },

  // The record is not believed: the alert says which address, and the policy for how long.
  async execute(attempt) {
    const { target, record, parameters, clients, dryRun } = attempt;
    if (addressToBlock(record.spec.alert, parameters) !== target.name) {
      throw new RecordAltered(`the alert is not about ${target.name}`);
    }
    const { executionStartTime } = record.status;
    const passed = secondsSince(executionStartTime, clients.now()) ?? Number.POSITIVE_INFINITY;
    const seconds = Math.ceil(parameters.ttlSeconds - passed);
    if (seconds <= 0) {
      throw new SkipError('alert-stale', `the time for which ${target.name} was to be blocked has passed`);
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

  // Entries that expire by themselves are not reverted.
  expiresAfterSeconds: ({ denylist, ttlSeconds }) => (expires(denylist) ? undefined : ttlSeconds),

  async findChanges({ denylist }, clients, signal) {
    return expires(denylist) ? [] : entriesOf(denylist, clients, signal);
  },
};

/** @throws SkipError when the alert names no address, or one that must not be blocked */
function addressToBlock(alert: RecordedAlert, settings: BlockAddress): string {
  const { label } = settings;
  const address = alert.labels[label];
  if (!address) {
    throw new SkipError('target-unknown', `${alert.name} has no label ${label}`);
  }
  return blockableCidr(address, settings);
}

/** The blocked ranges of a list that holds nothing else. The lists do not say since when. */
async function entriesOf(
  denylist: DenylistSettings,
  clients: Clients,
  signal: AbortSignal,
): Promise<readonly FoundChange[]> {
  const listFor = (abort: AbortSignal) => denylistOf(denylist, { clients, record: '', dryRun: false, signal: abort });
  return (await listFor(signal).entries()).map((name) => ({
    target: { kind: 'Address', name },
    summary: `${name} in ${describeDenylist(denylist)}`,
    revert: async (abort) => ((await listFor(abort).unblock(name)) ? `unblocked ${name}` : `${name} is not blocked`),
  }));
}

function denylistFor({ parameters: { denylist }, record, clients, dryRun, signal }: Attempt<BlockAddress>): Denylist {
  return denylistOf(denylist, { clients, record: record.metadata.name, dryRun, signal });
}
