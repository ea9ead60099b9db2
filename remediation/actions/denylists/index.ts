import type { Requirements } from '../action';
import { type AwsWafIpSets, awsWafDenylist, awsWafNeeds } from './aws-waf';
import { type CiliumCidrGroup, ciliumDenylist, ciliumNeeds } from './cilium';
import type { Denylist, DenylistContext } from './denylist';
import { type RedisDenylist, redisDenylist } from './redis';

export type { Denylist } from './denylist';

/** Where addresses are kept out. */
export type DenylistSettings = RedisDenylist | CiliumCidrGroup | AwsWafIpSets;

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

export function denylistNeeds(settings: DenylistSettings): Requirements {
  switch (settings.kind) {
    case 'redis-denylist':
      return { permissions: [], allowedUpdates: [], connections: [settings.connection] };
    case 'cilium-cidr-group':
      return ciliumNeeds(settings);
    case 'aws-wafv2-ip-set':
      return awsWafNeeds(settings);
  }
}

/** Whether the place lets an address in again by itself. */
export function keepsTime({ kind }: DenylistSettings): boolean {
  return kind === 'redis-denylist';
}

/** The place in words. */
export function describeDenylist(settings: DenylistSettings): string {
  switch (settings.kind) {
    case 'redis-denylist':
      return `the denylist in ${settings.connection}, which the application has to enforce`;
    case 'cilium-cidr-group':
      return `the CiliumCIDRGroup ${settings.name}`;
    case 'aws-wafv2-ip-set':
      return `the IP sets ${settings.ipv4.name} and ${settings.ipv6.name} of AWS WAF`;
  }
}
