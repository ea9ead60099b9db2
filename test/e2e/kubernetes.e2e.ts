import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import { DIST, describeManifest, type Manifest, ofKind, podTemplates, readManifests } from '../../testing/manifests';
import { sightEditPlatform } from '../../testing/platform';
import { ROOT } from '../../tools/catalogue';

/** Agents that need access to their host. Everything else runs restricted. */
const HOST_AGENTS = ['node-exporter', 'log-collector'].map((name) => `DaemonSet sightedit-monitoring-node/${name}`);

/**
 * kubectl's client-side apply always sends the selector of a PodDisruptionBudget, because the API replaces it as a
 * whole, and reports `configured`. The resourceVersion tells whether the object has changed.
 */
const ALWAYS_SENT = 'poddisruptionbudget.policy/';

describe('dist on a real API server', () => {
  const manifests = readManifests();
  let kubernetes: Kubernetes;

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await makeNamespace(kubernetes, 'sightedit');
  });
  afterAll(() => kubernetes?.stop());

  const versions = async () => {
    const kinds = [...new Set(manifests.map(({ kind }) => kind))].join();
    const selector = 'app.kubernetes.io/part-of=sightedit-monitoring';
    const { stdout } = await kubernetes.kubectl(
      'get',
      kinds,
      '--all-namespaces',
      '--selector',
      selector,
      '--output=json',
    );
    return Object.fromEntries(
      (JSON.parse(stdout).items as Manifest[]).map((item) => [describeManifest(item), item.metadata.resourceVersion]),
    );
  };

  it('is applied in one pass, without a warning', async () => {
    const { code, stdout, stderr } = await kubernetes.kubectl('apply', '--filename', DIST);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(lines(stdout)).toHaveLength(manifests.length);
    expect(lines(stdout).filter((line) => !line.endsWith(' created'))).toEqual([]);
  });

  it('is unchanged when it is applied again', async () => {
    const before = await versions();
    expect(Object.keys(before)).toHaveLength(manifests.length);
    const { code, stdout, stderr } = await kubernetes.kubectl('apply', '--filename', DIST);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const changed = lines(stdout).filter((line) => !line.endsWith(' unchanged'));
    expect(changed.filter((line) => !line.startsWith(ALWAYS_SENT))).toEqual([]);
    expect(await versions()).toEqual(before);
  });

  it('is reported as changed after a change', async () => {
    const [service] = ofKind(manifests, 'Service');
    const changed = { ...service, metadata: { ...service!.metadata, annotations: { changed: 'yes' } } };
    const { stdout } = await kubernetes.kubectlWith(changed, 'apply');
    expect(stdout).toContain(' configured');
    await kubernetes.kubectl('apply', '--filename', DIST);
  });

  it.each(podTemplates(manifests).map(({ workload }) => [describeManifest(workload), workload] as const))(
    '%s is admitted where Pod Security is restricted, unless it is a host agent',
    async (name, workload) => {
      const namespace = `restricted-${name.replace(/[^a-z]+/g, '-')}`.slice(0, 63).replace(/-$/, '');
      await makeNamespace(kubernetes, namespace, ['pod-security.kubernetes.io/enforce=restricted']);
      const spec = podSpec(workload);
      await kubernetes.kubectl('create', 'serviceaccount', spec.serviceAccountName, `--namespace=${namespace}`);
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'probe', namespace }, spec };
      const { code, stderr } = await kubernetes.kubectlWith(pod, 'create');
      expect({ admitted: code === 0, stderr }).toEqual(
        HOST_AGENTS.includes(name)
          ? { admitted: false, stderr: expect.stringContaining('violates PodSecurity "restricted') }
          : { admitted: true, stderr: '' },
      );
    },
  );

  it('grants each ServiceAccount what the committed list says, and nothing else', async () => {
    const expected = load(readFileSync(join(__dirname, 'permissions.yaml'), 'utf8'));
    expect(await permissions(kubernetes, manifests)).toEqual(expected);
  });

  it.each([
    ['get', 'secrets'],
    ['create', 'pods', '--subresource=exec'],
    ['get', 'nodes', '--subresource=proxy'],
    ['*', '*'],
  ])('lets nobody %s %s %s', async (...question) => {
    const ask = async (...as: string[]) =>
      (await kubernetes.kubectl('auth', 'can-i', ...question, '--all-namespaces', ...as)).stdout.trim();
    const accounts = ofKind(manifests, 'ServiceAccount').map(asAccount);
    expect(new Set(await Promise.all(accounts.map((account) => ask(account))))).toEqual(new Set(['no']));
    // An administrator may, so the question is valid.
    expect(await ask()).toBe('yes');
  });

  it('accepts the ExternalSecret that replaces a Secret made by hand', async () => {
    await kubernetes.kubectl('apply', '--filename', join(ROOT, 'imports', 'crds', 'external-secrets.yaml'));
    await kubernetes.kubectl('wait', '--for=condition=Established', 'crd/externalsecrets.external-secrets.io');
    const credentials = { externalSecret: { store: 'aws', entry: 'sightedit/monitoring' } };
    const [secret] = ofKind(sightEditPlatform({ credentials }).manifests, 'ExternalSecret');
    const { code, stderr } = await kubernetes.kubectlWith(secret, 'create', '--validate=strict', '--dry-run=server');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(secret!.spec.data.map(({ secretKey }: { secretKey: string }) => secretKey)).toContain('SLACK_BOT_TOKEN');
    await kubernetes.kubectl('delete', '--filename', join(ROOT, 'imports', 'crds', 'external-secrets.yaml'));
  });

  it('is deleted completely', async () => {
    const { code, stderr } = await kubernetes.kubectl('delete', '--filename', DIST);
    expect({ code, stderr: withoutClusterScopedWarning(stderr) }).toEqual({ code: 0, stderr: '' });
    expect(await versions()).toEqual({});
  });
});

/** Spec of the pods of a workload. A StatefulSet adds a volume for each claim template. */
function podSpec({ spec }: Manifest): Manifest['spec'] {
  const claims = (spec.volumeClaimTemplates ?? []).map(({ metadata: { name } }: Manifest) => ({
    name,
    persistentVolumeClaim: { claimName: `${name}-probe` },
  }));
  return { ...spec.template.spec, volumes: [...(spec.template.spec.volumes ?? []), ...claims] };
}

function lines(text: string): string[] {
  return text.split('\n').filter(Boolean);
}

function withoutClusterScopedWarning(text: string): string {
  return text.replace(/^Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n/m, '');
}

function asAccount({ metadata }: Manifest): string {
  return `--as=system:serviceaccount:${metadata.namespace}:${metadata.name}`;
}

type Permissions = Record<string, Record<string, string[]>>;

/**
 * Permissions of each ServiceAccount beyond those of every ServiceAccount, by namespace, from `kubectl auth can-i
 * --list`.
 */
async function permissions(kubernetes: Kubernetes, manifests: readonly Manifest[]): Promise<Permissions> {
  const namespaces = [...new Set(ofKind(manifests, 'Role').map(({ metadata }) => metadata.namespace as string))].sort();
  const list = async (account: string, namespace: string) =>
    parseRules((await kubernetes.kubectl('auth', 'can-i', '--list', `--namespace=${namespace}`, account)).stdout);
  const everybody = new Set(await list('--as=system:serviceaccount:default:nobody-in-particular', 'default'));
  const result: Permissions = {};
  for (const account of ofKind(manifests, 'ServiceAccount')) {
    const granted: Record<string, string[]> = {};
    for (const namespace of [...namespaces, 'kube-public']) {
      const rules = await list(asAccount(account), namespace);
      granted[namespace] = rules.filter((rule) => !everybody.has(rule)).sort();
    }
    result[account.metadata.name] = withClusterRulesApart(granted);
  }
  return result;
}

/** Rows of the table as `verbs resource` or `verbs url`, with the objects' names if the rule is limited to them. */
function parseRules(table: string): string[] {
  return lines(table)
    .slice(1)
    .map((line) => {
      const [, resource, url, names, verbs] = /^(\S*)\s+\[(.*?)\]\s+\[(.*?)\]\s+\[(.*?)\]$/.exec(line) ?? [];
      return `${verbs} ${resource || url}${names ? ` named ${names}` : ''}`;
    });
}

/** Rules in a namespace without a Role of ours are cluster-wide: they are listed once, as `cluster`. */
function withClusterRulesApart({
  'kube-public': cluster = [],
  ...rest
}: Record<string, string[]>): Record<string, string[]> {
  const namespaced = Object.entries(rest).map(([name, rules]) => [
    name,
    rules.filter((rule) => !cluster.includes(rule)),
  ]);
  const granted = [['cluster', cluster], ...namespaced].filter(([, rules]) => rules!.length > 0);
  return Object.fromEntries(granted);
}
