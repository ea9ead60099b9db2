import { clearCache, type RemediationPolicy, scaleUp } from '../../../remediation';
import { checkRights, neededRights, RightsCheck } from '../../../remediation/intake/readiness';
import { KubernetesError } from '../../../remediation/kubernetes';
import { MemoryKubernetes } from '../../../testing/memory-kubernetes';
import { APPLICATION, MONITORING, restarts, SWITCH } from '../support/bench';

const VERIFICATION = { query: 'vector(1)' };
const POLICIES: readonly RemediationPolicy[] = [
  restarts(),
  scaleUp({ namespace: 'other', deployments: ['frontend'], maxReplicas: 5, verification: VERIFICATION }),
  clearCache({ connection: 'redis', prefixes: ['page:'], verification: VERIFICATION }),
];
const PROPS = { policies: POLICIES, namespace: MONITORING, killSwitch: SWITCH };

type Attributes = Readonly<Record<string, string | undefined>>;
/** A right as a line: `get apps/deployments backend in sightedit`. */
const lineOf = ({ verb, group, resource, subresource, name, namespace }: Attributes) =>
  `${verb} ${group ? `${group}/` : ''}${resource}${subresource ? `/${subresource}` : ''}` +
  `${name ? ` ${name}` : ''}${namespace ? ` in ${namespace}` : ''}`;

let api: MemoryKubernetes;
let asked: string[];
/** The rights that the server has. */
let granted: Set<string>;
beforeEach(() => {
  api = new MemoryKubernetes();
  asked = [];
  granted = new Set(neededRights(PROPS).map((question) => lineOf(question as unknown as Attributes)));
  api.accessReview = (attributes) => {
    asked.push(lineOf(attributes));
    return granted.has(lineOf(attributes));
  };
});

describe('The rights of the server', () => {
  it('are those to its own objects, to review tokens, and those of its policies', () => {
    const remediations = 'monitoring.sightedit.com/remediations';
    expect([...granted]).toEqual(
      expect.arrayContaining([
        ...['create', 'get', 'list', 'watch', 'patch', 'delete'].map(
          (verb) => `${verb} ${remediations} in ${MONITORING}`,
        ),
        `update ${remediations}/status in ${MONITORING}`,
        ...['create', 'get', 'update', 'delete'].map((verb) => `${verb} coordination.k8s.io/leases in ${MONITORING}`),
        `get configmaps ${SWITCH} in ${MONITORING}`,
        `create events in ${MONITORING}`,
        'create authentication.k8s.io/tokenreviews',
        ...['backend', 'frontend'].map((name) => `patch apps/deployments ${name} in ${APPLICATION}`),
        'patch apps/deployments/scale frontend in other',
        'list pods in other',
      ]),
    );
    expect([...granted].filter((line) => /secrets|exec|\*/.test(line))).toEqual([]);
  });

  it('are complete when the server has these and no other', async () => {
    expect(await checkRights(api, PROPS)).toEqual([]);
    expect(asked).toEqual(expect.arrayContaining([...granted]));
  });

  it('are checked in each namespace of a policy, and cluster-wide', async () => {
    await checkRights(api, PROPS);
    expect(asked.filter((line) => line.startsWith('get secrets'))).toEqual([
      'get secrets',
      ...[MONITORING, APPLICATION, 'other'].map((namespace) => `get secrets in ${namespace}`),
    ]);
  });

  it.each([
    `get configmaps ${SWITCH} in ${MONITORING}`,
    'create authentication.k8s.io/tokenreviews',
    `patch apps/deployments backend in ${APPLICATION}`,
    'patch apps/deployments/scale frontend in other',
  ])('are incomplete without: %s', async (right) => {
    granted.delete(right);
    expect(await checkRights(api, PROPS)).toEqual([
      expect.stringMatching(new RegExp(`not allow ${right.replace(/^(\w+) [^ ]*?\//, '$1 ')}, and must`)),
    ]);
  });

  it.each([
    ...['get secrets', 'list secrets', 'create pods/exec', 'delete apps/deployments', 'update apps/deployments'],
    ...['* */*', 'impersonate users', 'impersonate serviceaccounts', 'create serviceaccounts/token'],
    ...['validatingadmissionpolicies', 'validatingadmissionpolicybindings'].flatMap((resource) =>
      ['patch', 'delete'].map((verb) => `${verb} admissionregistration.k8s.io/${resource}`),
    ),
  ])('are too many with: %s', async (right) => {
    granted.add(`${right} in ${APPLICATION}`).add(right);
    const problems = await checkRights(api, PROPS);
    expect(problems).toHaveLength(2);
    expect(problems.join()).toMatch(/^RBAC allows .*, and must not,RBAC allows .* in sightedit, and must not$/);
  });

  it('are reported once, even when several policies need them', async () => {
    granted.delete(`list pods in ${APPLICATION}`);
    const policies = [...POLICIES, restarts({ name: 'another' })];
    expect(await checkRights(api, { ...PROPS, policies })).toEqual([expect.stringContaining('list pods in sightedit')]);
  });

  it('cannot be checked while the API server does not answer', async () => {
    api.failOn(() => new KubernetesError(503, '', 'busy'));
    await expect(checkRights(api, PROPS)).rejects.toThrow('busy');
  });
});

describe('The check of the rights', () => {
  let logged: string[];
  let check: RightsCheck;
  beforeEach(() => {
    logged = [];
    check = new RightsCheck(api, PROPS, (level, message) => logged.push(`${level} ${message}`));
  });
  const MISSING = `list pods in ${APPLICATION}`;

  it('reports a problem until it has run', async () => {
    expect(check.problems).toHaveLength(1);
    expect(await check.check()).toBe(true);
    expect(check.problems).toEqual([]);
    expect(logged).toEqual([]);
  });

  it('logs each problem once, as long as it lasts', async () => {
    granted.delete(MISSING);
    expect([await check.check(), await check.check()]).toEqual([false, false]);
    expect(check.problems).toEqual([expect.stringContaining(MISSING)]);
    expect(logged).toEqual([expect.stringMatching(/^error .*list pods/)]);
    granted.add(MISSING);
    expect(await check.check()).toBe(true);
    granted.delete(MISSING);
    await check.check();
    expect(logged).toHaveLength(2);
  });

  it('reports a problem while the API server does not answer', async () => {
    api.failOn(() => new KubernetesError(503, '', 'busy'));
    expect(await check.check()).toBe(false);
    expect(check.problems).toEqual(['busy']);
    expect(logged).toEqual(['error busy']);
  });
});
