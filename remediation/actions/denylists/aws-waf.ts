import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsError } from '../../clients';
import type { Requirements } from '../action';
import { type Cidr, canonicalCidr, isIPv6Cidr } from '../addresses';
import type { Denylist, DenylistContext } from './denylist';

/**
 * IP sets of AWS WAFv2, which a rule of the web ACL blocks. A set holds addresses of one family, hence two. The rule looks
 * at the address that the load balancer has seen; where a proxy stands before it, give the rule `IPSetForwardedIPConfig`.
 *
 * The role trusts the ServiceAccount (`sts:AssumeRoleWithWebIdentity`) and may do this:
 *
 * ```json
 * { "Effect": "Allow", "Action": ["wafv2:GetIPSet", "wafv2:UpdateIPSet"], "Resource": ["arn of each set"] }
 * ```
 */
export interface AwsWafIpSets {
  readonly kind: 'aws-wafv2-ip-set';
  /** Region of the web ACL; `us-east-1` for CloudFront. */
  readonly region: string;
  readonly scope: 'REGIONAL' | 'CLOUDFRONT';
  readonly ipv4: IpSet;
  readonly ipv6: IpSet;
  /** ARN of the role that the ServiceAccount acts as. */
  readonly roleArn: string;
}

export interface IpSet {
  readonly id: string;
  readonly name: string;
}

/** https://docs.aws.amazon.com/waf/latest/APIReference/API_GetIPSet.html */
interface GetIpSetResponse {
  readonly IPSet: { readonly Description?: string; readonly Addresses: readonly string[] };
  readonly LockToken: string;
}

/** Somebody else has changed the set since it was read. */
const CONFLICT = 'WAFOptimisticLockException';
const ATTEMPTS = 5;
const PAUSE_MS = 200;

/** AWS keeps no time: what is blocked is taken back when the record says so. */
export function awsWafDenylist(settings: AwsWafIpSets, context: DenylistContext): Denylist {
  const { region, scope } = settings;
  const { dryRun, signal } = context;
  const call = <R>(operation: string, body: object) =>
    context.tools.aws.call<R>({ service: 'wafv2', region, target: `AWSWAF_20190729.${operation}`, body }, signal);
  const read = ({ id, name }: IpSet) => call<GetIpSetResponse>('GetIPSet', { Id: id, Name: name, Scope: scope });
  const setOf = (cidr: Cidr) => (isIPv6Cidr(cidr) ? settings.ipv6 : settings.ipv4);
  const holds = ({ IPSet }: GetIpSetResponse, cidr: Cidr) =>
    IPSet.Addresses.some((other) => canonicalCidr(other) === cidr);

  /** Replaces the whole list, which is all that AWS offers, unless it is as it should be; tells whether it was not. */
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

  return {
    block: (cidr) => change(cidr, true),
    isBlocked: async (cidr) => holds(await read(setOf(cidr)), cidr),
    unblock: (cidr) => change(cidr, false),
    count: async () => {
      const sets = await Promise.all([read(settings.ipv4), read(settings.ipv6)]);
      return sets.reduce((count, { IPSet }) => count + IPSet.Addresses.length, 0);
    },
  };
}

export function awsWafNeeds({ roleArn }: AwsWafIpSets): Requirements {
  return { permissions: [], allowedUpdates: [], connections: [], awsRole: roleArn };
}
