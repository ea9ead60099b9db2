import {
  blockAddress,
  clearCache,
  openIncident,
  type RemediationPolicy,
  resetConnections,
  restartWorkload,
  SkipError,
  scaleUp,
} from '../../../remediation';
import { ACTIONS, actionOf } from '../../../remediation/actions';

const VERIFICATION = { query: 'vector(1)' };
const WORKLOADS = { namespace: 'sightedit', deployments: ['backend', 'frontend'], verification: VERIFICATION };
const WAF = {
  kind: 'aws-wafv2-ip-set',
  region: 'eu-central-1',
  scope: 'REGIONAL',
  roleArn: 'arn:aws:iam::1:role/waf',
  ipv4: { id: '4', name: 'blocked-4' },
  ipv6: { id: '6', name: 'blocked-6' },
} as const;

const POLICIES: Readonly<Record<string, RemediationPolicy>> = {
  restart: restartWorkload(WORKLOADS),
  scale: scaleUp({ ...WORKLOADS, maxReplicas: 5 }),
  'scale an autoscaler': scaleUp({ ...WORKLOADS, autoscalers: ['backend-hpa'], maxReplicas: 5 }),
  sessions: resetConnections({ connection: 'postgres', database: 'sightedit', role: 'app' }),
  'sessions and pool': resetConnections({
    ...{ connection: 'postgres', database: 'sightedit', role: 'app' },
    pgBouncer: { connection: 'pool', database: 'app' },
  }),
  cache: clearCache({ connection: 'redis', prefixes: ['page:'], verification: VERIFICATION }),
  'cache by version': clearCache({
    connection: 'redis',
    prefixes: ['page:'],
    mode: 'version',
    verification: VERIFICATION,
  }),
  'block by Redis': blockAddress({ neverBlock: [], loadBalancers: [] }),
  'block by Cilium': blockAddress({
    neverBlock: [],
    loadBalancers: [],
    denylist: { kind: 'cilium-cidr-group', name: 'blocked' },
  }),
  'block by AWS': blockAddress({ neverBlock: [], loadBalancers: [], denylist: WAF }),
  incident: openIncident({ queries: { logins: 'logins' } }),
};

const requirementsOf = (name: string) => {
  const policy = POLICIES[name]!;
  return actionOf(policy).requirements(policy.parameters);
};

describe('An action that needs rights', () => {
  const rightsOf = (name: string) =>
    requirementsOf(name).permissions.flatMap(({ namespace = 'the cluster', rules }) =>
      rules.map(({ resources, resourceNames = [], verbs }) =>
        [`${verbs} ${resources}`, ...(resourceNames.length > 0 ? [`(${resourceNames})`] : []), `in ${namespace}`].join(
          ' ',
        ),
      ),
    );
  const READS = [
    'get deployments (backend,frontend) in sightedit',
    'get,list replicasets in sightedit',
    'get,list pods in sightedit',
    'list horizontalpodautoscalers in sightedit',
    'list poddisruptionbudgets in sightedit',
  ];
  const SCALE = 'get,patch deployments/scale (backend,frontend) in sightedit';

  it.each([
    ['restart', [...READS, 'patch deployments (backend,frontend) in sightedit']],
    ['scale', [...READS, SCALE]],
    ['scale an autoscaler', [...READS, SCALE, 'get,patch horizontalpodautoscalers (backend-hpa) in sightedit']],
    ['block by Cilium', ['get,patch ciliumcidrgroups (blocked) in the cluster']],
    ...Object.keys(POLICIES)
      .filter((name) => !/restart|scale|Cilium/.test(name))
      .map((name) => [name, [] as string[]] as const),
  ] as const)('has exactly these: %s', (name, rights) => {
    expect(rightsOf(name)).toEqual(rights);
  });

  it.each([
    ['restart', ['deployments']],
    ['scale', ['deployments/scale']],
    ['scale an autoscaler', ['deployments/scale', 'horizontalpodautoscalers']],
    ['block by Cilium', ['ciliumcidrgroups']],
    ['cache', []],
    ['block by AWS', []],
    ['incident', []],
  ] as const)('allows updates only of what it changes: %s', (name, resources) => {
    const { allowedUpdates } = requirementsOf(name);
    expect(allowedUpdates.map(({ resource }) => resource)).toEqual(resources);
    for (const { names, expressions } of allowedUpdates) {
      expect(names.length).toBeGreaterThan(0);
      expect(expressions.length).toBeGreaterThan(0);
      // Parts that are put together are all there.
      expect(expressions.join()).not.toContain('undefined');
    }
  });

  it.each([
    ['sessions', ['postgres']],
    ['sessions and pool', ['postgres', 'pool']],
    ['cache', ['redis']],
    ['block by Redis', ['redis']],
    ['block by AWS', []],
    ['restart', []],
  ] as const)('opens exactly these connections: %s', (name, connections) => {
    expect(requirementsOf(name).connections).toEqual(connections);
    expect(requirementsOf(name).awsRole).toBe(name === 'block by AWS' ? WAF.roleArn : undefined);
  });
});

describe('What an action does', () => {
  it.each([
    ['restart', ['backend, frontend in sightedit']],
    ['scale', ['1.5 times', '5', '60 minutes']],
    ['sessions', ['10 sessions', '60 s', 'No other session']],
    ['sessions and pool', ['PgBouncer']],
    ['cache', ['page:', 'redis', 'Deletes']],
    ['cache by version', ['page:', 'redis', 'version']],
    ['block by Redis', ['client_ip', '240 minutes', 'the denylist in redis']],
    ['block by Cilium', ['CiliumCIDRGroup blocked']],
    ['block by AWS', ['blocked-4 and blocked-6']],
    ['incident', ['logins', "the alert's labels"]],
  ] as const)('is described for the runbooks: %s', (name, parts) => {
    const policy = POLICIES[name]!;
    const text = actionOf(policy).describe(policy.parameters);
    for (const part of parts) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/\.$/);
  });

  it('is described without what it does not do', () => {
    const describe = (name: string) => actionOf(POLICIES[name]!).describe(POLICIES[name]!.parameters);
    expect(describe('sessions')).not.toContain('PgBouncer');
    expect(describe('incident')).not.toContain('link');
    const logs = { grafanaUrl: 'https://grafana.example.com', datasource: 'loki', query: '{a="b"}' };
    expect(actionOf(openIncident()).describe(openIncident({ logs }).parameters)).toContain(
      'log lines and a link to them',
    );
  });

  it('is known by its kind, and by no other name', () => {
    expect(new Set(ACTIONS.map(({ kind }) => kind)).size).toBe(ACTIONS.length);
    for (const policy of Object.values(POLICIES)) {
      expect(actionOf(policy).kind).toBe(policy.action);
    }
    expect(() => actionOf({ name: 'x', action: 'format-disks' })).toThrow(
      /the action of policy x is "format-disks": write one of restart-workload, scale-up/,
    );
  });

  it('ends with a reason when it does nothing', () => {
    expect(new SkipError('unhealthy', 'paused')).toMatchObject({
      name: 'SkipError',
      reason: 'unhealthy',
      message: 'paused',
    });
  });
});
