import * as v from 'valibot';
import type { Output } from '../../schema';
import type { Requirements } from '../action';
import { awsWafDenylist, awsWafRequirements, awsWafSettings } from './aws-waf';
import { ciliumDenylist, ciliumRequirements, ciliumSettings } from './cilium';
import type { Denylist, DenylistContext } from './denylist';
import { redisDenylist, redisDenylistSettings } from './redis';

export type { Denylist } from './denylist';

/** Where addresses are blocked. */
export const denylistSettings = v.variant('kind', [redisDenylistSettings, ciliumSettings, awsWafSettings]);

export type DenylistSettings = Output<typeof denylistSettings>;

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

/** Whether entries of the denylist expire by themselves. */
export function expires({ kind }: DenylistSettings): boolean {
  return kind === 'redis-denylist';
}

/** The denylist for people. */
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
