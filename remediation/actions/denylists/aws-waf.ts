import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import type { AwsError } from '../../clients';
import { type SchemasOf, text } from '../../schema';
import type { Requirements } from '../action';
import { type Cidr, canonicalCidr, isIPv6Cidr } from '../addresses';
import type { Denylist, DenylistContext } from './denylist';

/** An IP set of AWS WAF. */
export interface IpSet {
  /** Id of the set. */
  readonly id: string;
  /** Name of the set. */
  readonly name: string;
}

/**
 * Two IP sets of AWS WAFv2, one per address family, that a rule of the web ACL blocks. The rule sees the address that
 * the load balancer sees. Where a proxy stands before it, give the rule an `IPSetForwardedIPConfig`.
 *
 * The role trusts the ServiceAccount (`sts:AssumeRoleWithWebIdentity`) and needs this permission:
 *
 * ```json
 * { "Effect": "Allow", "Action": ["wafv2:GetIPSet", "wafv2:UpdateIPSet"], "Resource": ["arn of each set"] }
 * ```
 */
export interface AwsWafIpSets {
  /** Selects this kind of denylist. */
  readonly kind: 'aws-wafv2-ip-set';
  /** Region of the web ACL; `us-east-1` for CloudFront. */
  readonly region: string;
  /** Scope of the web ACL. */
  readonly scope: 'REGIONAL' | 'CLOUDFRONT';
  /** The set for IPv4 addresses. */
  readonly ipv4: IpSet;
  /** The set for IPv6 ranges. */
  readonly ipv6: IpSet;
  /** ARN of the role that the ServiceAccount assumes. */
  readonly roleArn: string;
}

const ipSet = v.strictObject({ id: text, name: text } satisfies SchemasOf<IpSet>);

/** @internal */
export const awsWafSettings = v.strictObject({
  kind: v.literal('aws-wafv2-ip-set'),
  region: text,
  scope: v.picklist(['REGIONAL', 'CLOUDFRONT']),
  ipv4: ipSet,
  ipv6: ipSet,
  roleArn: text,
} satisfies SchemasOf<AwsWafIpSets>);

/** https://docs.aws.amazon.com/waf/latest/APIReference/API_GetIPSet.html */
interface GetIpSetResponse {
  readonly IPSet: { readonly Description?: string; readonly Addresses: readonly string[] };
  readonly LockToken: string;
}

/** The set has changed since it was read. */
const CONFLICT = 'WAFOptimisticLockException';
const ATTEMPTS = 5;
const PAUSE_MS = 200;

/**
 * IP sets have no expiry, so the server reverts the block when the record expires.
 *
 * @internal
 */
export function awsWafDenylist(settings: AwsWafIpSets, context: DenylistContext): Denylist {
  const { region, scope } = settings;
  const { dryRun, signal } = context;
  const call = <R>(operation: string, body: object) =>
    context.clients.aws.call<R>({ service: 'wafv2', region, target: `AWSWAF_20190729.${operation}`, body }, signal);
  const read = ({ id, name }: IpSet) => call<GetIpSetResponse>('GetIPSet', { Id: id, Name: name, Scope: scope });
  const setOf = (cidr: Cidr) => (isIPv6Cidr(cidr) ? settings.ipv6 : settings.ipv4);
  const holds = ({ IPSet }: GetIpSetResponse, cidr: Cidr) =>
    IPSet.Addresses.some((other) => canonicalCidr(other) === cidr);

  /** Replaces the whole list, because AWS offers nothing else. Returns whether a change was needed. */
  const change = async (cidr: Cidr, wanted: boolean): Promise<boolean> => {
    const { id, name } = setOf(cidr);
    for (let attempt = 1; ; attempt += 1) {
      const found = await read({ id, name });
      if (holds(found, cidr) === wanted) {
        return false;
      }
      const { Description, Addresses } = found.IPSet;
      const others = Addresses.filter((other) => canonicalCidr(other) !== cidr);
      try {
        if (!dryRun) {
          await call('UpdateIPSet', {
            Id: id,
            Name: name,
            Scope: scope,
            ...(Description ? { Description } : {}),
            Addresses: wanted ? [...others, cidr] : others,
            LockToken: found.LockToken,
          });
        }
        return true;
      } catch (error) {
        if ((error as Partial<AwsError>).code !== CONFLICT || attempt === ATTEMPTS) {
          throw error;
        }
        await sleep(PAUSE_MS * attempt * (0.5 + Math.random()), undefined, { signal });
      }
    }
  };

  const entries = async () => {
    const sets = await Promise.all([read(settings.ipv4), read(settings.ipv6)]);
    return sets.flatMap(({ IPSet }) => IPSet.Addresses.map(canonicalCidr));
  };

  return {
    block: (cidr) => change(cidr, true),
    isBlocked: async (cidr) => holds(await read(setOf(cidr)), cidr),
    unblock: (cidr) => change(cidr, false),
    entries,
    count: async () => (await entries()).length,
  };
}

/** @internal */
export function awsWafRequirements({ roleArn }: AwsWafIpSets): Requirements {
  return { permissions: [], allowedUpdates: [], connections: [], awsRole: roleArn };
}
