import * as v from 'valibot';
import type { Requirements } from '../action';
import { type AwsWafIpSets, awsWafDenylist, awsWafRequirements, awsWafSettings } from './aws-waf';
import {
  type CiliumCidrGroup,
  type CiliumCidrGroupProps,
  ciliumDenylist,
  ciliumRequirements,
  ciliumSettings,
} from './cilium';
import type { Denylist, DenylistContext } from './denylist';
import { type RedisDenylist, type RedisDenylistProps, redisDenylist, redisDenylistSettings } from './redis';

export type { AwsWafIpSets, IpSet } from './aws-waf';
export type { CiliumCidrGroup, CiliumCidrGroupProps } from './cilium';
/** @internal */
export type { Denylist } from './denylist';
export type { RedisDenylist, RedisDenylistProps } from './redis';

/** Where addresses are blocked. */
export type DenylistProps = RedisDenylistProps | CiliumCidrGroupProps | AwsWafIpSets;

/** Where addresses are blocked, with the defaults filled in. */
export type DenylistSettings = RedisDenylist | CiliumCidrGroup | AwsWafIpSets;

/** @internal */
export const denylistSettings = v.variant('kind', [redisDenylistSettings, ciliumSettings, awsWafSettings]);

/** @internal */
export function denylistOf(settings: DenylistSettings, context: DenylistContext): Denylist {
  switch (settings.kind) {
    case 'redis-denylist':
      return redisDenylist(settings, context);
    case 'cilium-cidr-group':
      return ciliumDenylist(settings, context);
    case 'aws-wafv2-ip-set':
      return awsWafDenylist(settings, context);
  }
}

/** @internal */
export function denylistRequirements(settings: DenylistSettings): Requirements {
  switch (settings.kind) {
    case 'redis-denylist':
      return { permissions: [], allowedUpdates: [], connections: [settings.connection] };
    case 'cilium-cidr-group':
      return ciliumRequirements(settings);
    case 'aws-wafv2-ip-set':
      return awsWafRequirements(settings);
  }
}

/**
 * Whether entries of the denylist expire by themselves.
 *
 * @internal
 */
export function expires({ kind }: DenylistSettings): boolean {
  return kind === 'redis-denylist';
}

/**
 * The denylist for people.
 *
 * @internal
 */
export function describeDenylist(settings: DenylistSettings): string {
  switch (settings.kind) {
    case 'redis-denylist':
      return `the denylist in ${settings.connection}, which the application must enforce`;
    case 'cilium-cidr-group':
      return `the CiliumCIDRGroup ${settings.name}`;
    case 'aws-wafv2-ip-set':
      return `the IP sets ${settings.ipv4.name} and ${settings.ipv6.name} of AWS WAF`;
  }
}
