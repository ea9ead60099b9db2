import type { KubernetesObject } from '../../kubernetes';
import { type Requirements, SkipError } from '../action';
import { type Cidr, canonicalCidr } from '../addresses';
import { appliedFieldsUnchanged, METADATA, unchanged } from '../allowed-update';
import type { Denylist, DenylistContext } from './denylist';

/**
 * A group of addresses of Cilium, which a policy denies. It works where packets carry the address of the client: not behind
 * a balancer that puts its own there. The group and the policy are made once:
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
export interface CiliumCidrGroup {
  readonly kind: 'cilium-cidr-group';
  /** Name of the CiliumCIDRGroup, which holds nothing but what is blocked here. */
  readonly name: string;
  /** `v2alpha1` for Cilium before 1.18. @default v2 */
  readonly version?: 'v2' | 'v2alpha1';
}

interface Group extends KubernetesObject {
  readonly spec: { readonly externalCIDRs: readonly string[] };
}

const GROUP = 'cilium.io';
const PLURAL = 'ciliumcidrgroups';
const DEFAULT_VERSION = 'v2';

/** The store keeps no time: what is blocked is taken back when the record says so. */
export function ciliumDenylist(
  { name, version = DEFAULT_VERSION }: CiliumCidrGroup,
  context: DenylistContext,
): Denylist {
  const { kubernetes } = context.tools;
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
      // The list is replaced as a whole: it fails when somebody has changed it since it was read.
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

    count: async () => (await read()).spec.externalCIDRs.length,
  };
}

/** CEL: the ranges of one that the other has not. */
function missing(one: string, other: string): string {
  return `${one}.spec.externalCIDRs.filter(range, !(range in ${other}.spec.externalCIDRs))`;
}

/** Rights on the one group, and a fence that lets no more through than one address more, or one fewer. */
export function ciliumNeeds({ name, version = DEFAULT_VERSION }: CiliumCidrGroup): Requirements {
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
