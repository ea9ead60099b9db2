import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { type Component, type PodOptions, patchable, SettingError, type Workload } from '../kit';
import { DATA_PATH } from './loki-config';
import { addProcess, type StackParts } from './loki-process';
import type { LokiRole, LokiStackProps } from './loki-props';
import { type RoleSize, sizeRoles } from './sizing';

/** Components that read or write chunks or the index. */
const STORAGE_ROLES: readonly LokiRole[] = ['ingester', 'querier', 'index-gateway', 'compactor', 'ruler'];

/**
 * Who calls whom by gRPC. Query frontends and queriers find the schedulers in their ring, and a querier returns its
 * result to the query frontend itself.
 * https://grafana.com/docs/loki/latest/get-started/components/
 */
const CALLS: Readonly<Record<LokiRole, readonly LokiRole[]>> = {
  distributor: ['ingester'],
  ingester: [],
  querier: ['ingester', 'query-frontend', 'query-scheduler', 'index-gateway', 'compactor'],
  'query-frontend': ['query-scheduler', 'compactor'],
  'query-scheduler': ['query-frontend'],
  'index-gateway': [],
  compactor: [],
  ruler: ['ingester', 'index-gateway', 'compactor', 'ruler'],
};

const ROLES = Object.keys(CALLS) as readonly LokiRole[];

/** Label of the ingesters of all zones. */
const COMPONENT_LABEL = 'app.kubernetes.io/component';

const ZONE_LABEL = 'topology.kubernetes.io/zone';

const ONE_COMPACTOR = 'two compactors would delete under each other: leave it out, and raise resources instead';

/** The components of a distributed Loki, by role. Ingesters are one component, or one in each zone. */
export type Roles = { readonly [role in LokiRole]: readonly Component[] };

/** What `addRoles()` reads of the props. */
export type RolesProps = Pick<LokiStackProps, 'pod' | 'roles' | 'storageClass' | 'storageSize' | 'zones'> & {
  readonly name: string;
  readonly gigabytesPerDay: number;
};

/** Number of index gateways, which the configuration names. */
export function indexGateways({ roles, gigabytesPerDay }: Pick<RolesProps, 'roles' | 'gigabytesPerDay'>): number {
  return roles?.['index-gateway']?.replicas ?? sizeRoles(gigabytesPerDay)['index-gateway'].replicas;
}

/** Names of the components that hold ingesters, which every process joins first. */
export function ingesterNames({ name, zones }: Pick<RolesProps, 'name' | 'zones'>): readonly string[] {
  return zones ? zones.map((zone) => `${name}-ingester-${zone}`) : [`${name}-ingester`];
}

/**
 * Adds the components and connects them.
 *
 * @throws SettingError for less than three ingesters
 */
export function addRoles(scope: Construct, props: RolesProps, parts: StackParts): Roles {
  const sizes: Readonly<Record<LokiRole, RoleSize>> = sizeRoles(props.gigabytesPerDay, props.storageSize);
  const roles = Object.fromEntries(
    ROLES.map((role) => [
      role,
      role === 'ingester'
        ? addIngesters(scope, props, sizes.ingester, parts)
        : [addRole(scope, role, props, sizes[role], parts)],
    ]),
  ) as unknown as Roles;
  connect(roles);
  return roles;
}

function addRole(scope: Construct, role: LokiRole, props: RolesProps, size: RoleSize, parts: StackParts): Component {
  return addProcess(scope, role, { ...processOf(role, props, size), name: `${props.name}-${role}` }, parts);
}

function processOf(role: LokiRole, props: RolesProps, { replicas, disk, cpu, memory }: RoleSize) {
  const workload: Workload = disk
    ? { kind: 'StatefulSet', replicas, storage: { path: DATA_PATH, size: disk, storageClass: props.storageClass } }
    : { kind: 'Deployment', replicas };
  return {
    target: role,
    workload,
    resources: { cpu, memory },
    clustered: true,
    usesStorage: STORAGE_ROLES.includes(role),
    pod: podOf(role, props),
    podSetting: `roles.${role}`,
    fixedReplicas: role === 'compactor' ? ONE_COMPACTOR : undefined,
  };
}

function podOf(role: LokiRole, { pod, roles }: RolesProps): PodOptions | undefined {
  const own = roles?.[role];
  return pod || own ? { ...pod, ...own } : undefined;
}

/**
 * One set of ingesters, or one for each zone. Zones are updated by hand, one after another: their workloads know
 * nothing of each other, and an update of all at once would take two copies of a line away.
 */
function addIngesters(scope: Construct, props: RolesProps, size: RoleSize, parts: StackParts): Component[] {
  const { name, zones, roles } = props;
  const given = roles?.ingester?.replicas;
  if (given !== undefined && given < 3 && !zones) {
    throw new SettingError('roles.ingester.replicas', given, 'write at least 3: each line is in three ingesters');
  }
  if (!zones) {
    return [addRole(scope, 'ingester', props, size, parts)];
  }
  const process = processOf('ingester', props, { ...size, replicas: Math.ceil(size.replicas / zones.length) });
  const group = { [COMPONENT_LABEL]: `${name}-ingester` };
  const components = zones.map((zone) =>
    addProcess(
      scope,
      `ingester-${zone}`,
      {
        ...process,
        name: `${name}-ingester-${zone}`,
        zone,
        pod: {
          updateStrategy: { type: 'OnDelete' },
          ...process.pod,
          nodeSelector: { ...process.pod?.nodeSelector, [ZONE_LABEL]: zone },
          labels: { ...process.pod?.labels, ...group },
        },
      },
      parts,
    ),
  );
  addSharedBudget(scope, name, group, components);
  return components;
}

/** One PodDisruptionBudget for all zones: with one each, three nodes could be drained at the same time. */
function addSharedBudget(
  scope: Construct,
  name: string,
  group: { [label: string]: string },
  zones: readonly Component[],
): void {
  for (const zone of zones) {
    zone.node.tryRemoveChild('disruption-budget');
  }
  patchable(
    new k8s.KubePodDisruptionBudget(scope, 'ingester-disruption-budget', {
      metadata: { name: `${name}-ingester`, labels: { ...zones[0]!.labels, ...group } },
      spec: { maxUnavailable: k8s.IntOrString.fromNumber(1), selector: { matchLabels: group } },
    }),
  );
}

function connect(roles: Roles): void {
  const all = ROLES.flatMap((role) => roles[role]);
  for (const client of all) {
    client.connectReplicas(['gossip']);
    for (const server of all.filter((other) => other !== client)) {
      client.allowEgressTo(server.endpoint('gossip'));
    }
  }
  for (const role of ROLES) {
    for (const client of roles[role]) {
      for (const server of CALLS[role].flatMap((called) => roles[called])) {
        call(client, server);
      }
    }
  }
  // Live tailing goes through the query frontend.
  for (const frontend of roles['query-frontend']) {
    for (const querier of roles.querier) {
      frontend.allowEgressTo(querier.endpoint('http'));
    }
  }
}

function call(client: Component, server: Component): void {
  if (client === server) {
    client.connectReplicas(['grpc']);
  } else {
    client.allowEgressTo(server.endpoint('grpc'));
  }
}
