import * as v from 'valibot';
import type { KubernetesObject } from '../../kubernetes';
import { type SchemasOf, text } from '../../schema';
import { type Requirements, SkipError } from '../action';
import { type Cidr, canonicalCidr } from '../addresses';
import { appliedFieldsUnchanged, METADATA, unchanged } from '../allowed-update';
import type { Denylist, DenylistContext } from './denylist';

/**
 * A CiliumCIDRGroup that a policy denies. It works where packets carry the client's address, so not behind a load
 * balancer that replaces it. Create the group and the policy once:
 *
 * ```yaml
 * apiVersion: cilium.io/v2
 * kind: CiliumCIDRGroup
 * metadata: { name: blocked-addresses }
 * spec: { externalCIDRs: [] }
 * ---
 * apiVersion: cilium.io/v2
 * kind: CiliumClusterwideNetworkPolicy
 * metadata: { name: blocked-addresses }
 * spec:
 *   endpointSelector: {}
 *   enableDefaultDeny: { ingress: false }
 *   ingressDeny:
 *     - fromCIDRSet: [{ cidrGroupRef: blocked-addresses }]
 * ```
 */
export interface CiliumCidrGroupProps {
  /** Selects this kind of denylist. */
  readonly kind: 'cilium-cidr-group';
  /** Name of the CiliumCIDRGroup. It must hold only what is blocked here. */
  readonly name: string;
  /** Version of its API: `v2alpha1` for Cilium before 1.18. @default v2 */
  readonly version?: 'v2' | 'v2alpha1';
}

/** A CiliumCIDRGroup with the defaults filled in. */
export type CiliumCidrGroup = Required<CiliumCidrGroupProps>;

/** @internal */
export const ciliumSettings = v.strictObject({
  kind: v.literal('cilium-cidr-group'),
  name: text,
  version: v.optional(v.picklist(['v2', 'v2alpha1']), 'v2'),
} satisfies SchemasOf<CiliumCidrGroupProps>);

interface Group extends KubernetesObject {
  readonly spec: { readonly externalCIDRs: readonly string[] };
}

const GROUP = 'cilium.io';
const PLURAL = 'ciliumcidrgroups';

/**
 * The group has no expiry, so the server reverts the block when the record expires.
 *
 * @internal
 */
export function ciliumDenylist({ name, version }: CiliumCidrGroup, context: DenylistContext): Denylist {
  const { kubernetes } = context.clients;
  const { dryRun, signal } = context;
  const reference = { resource: { group: GROUP, version, plural: PLURAL }, name };
  const read = async (): Promise<Group> => {
    const group = await kubernetes.find<Group>(reference, signal);
    if (!group) {
      throw new SkipError('target-unknown', `there is no CiliumCIDRGroup ${name}`);
    }
    return group;
  };
  const write = ({ metadata }: Group, externalCIDRs: readonly string[]) =>
    kubernetes.patch(
      reference,
      'merge',
      // The patch replaces the whole list, so it must fail when the list has changed since it was read.
      { metadata: { resourceVersion: metadata.resourceVersion }, spec: { externalCIDRs } },
      { dryRun, signal },
    );
  const holds = ({ spec }: Group, cidr: Cidr) => spec.externalCIDRs.some((other) => canonicalCidr(other) === cidr);
  return {
    async block(cidr) {
      const group = await read();
      if (holds(group, cidr)) {
        return false;
      }
      await write(group, [...group.spec.externalCIDRs, cidr]);
      return true;
    },

    isBlocked: async (cidr) => holds(await read(), cidr),

    async unblock(cidr) {
      const group = await read();
      if (!holds(group, cidr)) {
        return false;
      }
      await write(
        group,
        group.spec.externalCIDRs.filter((other) => canonicalCidr(other) !== cidr),
      );
      return true;
    },

    entries: async () => (await read()).spec.externalCIDRs.map(canonicalCidr),

    count: async () => (await read()).spec.externalCIDRs.length,
  };
}

/** CEL: the ranges of `one` that `other` lacks. */
function missing(one: string, other: string): string {
  return `${one}.spec.externalCIDRs.filter(range, !(range in ${other}.spec.externalCIDRs))`;
}

/**
 * Permission for this group only. The admission policy lets an update add or remove one range.
 *
 * @internal
 */
export function ciliumRequirements({ name, version }: CiliumCidrGroup): Requirements {
  return {
    permissions: [
      { rules: [{ apiGroups: [GROUP], resources: [PLURAL], resourceNames: [name], verbs: ['get', 'patch'] }] },
    ],
    allowedUpdates: [
      {
        apiGroup: GROUP,
        version,
        resource: PLURAL,
        names: [name],
        expressions: [
          ...unchanged('metadata', [...METADATA, 'annotations']),
          ...appliedFieldsUnchanged(),
          'object.spec.all(key, key == "externalCIDRs")',
          'object.spec.externalCIDRs.all(range, range in oldObject.spec.externalCIDRs || range.matches("^[0-9.]+/32$") || range.matches("^[0-9a-f:]+/64$"))',
          `(${missing('object', 'oldObject')} + ${missing('oldObject', 'object')}).size() <= 1`,
        ],
      },
    ],
    connections: [],
  };
}
