import { readFileSync, statSync } from 'node:fs';
import { succeed } from '../../testing/cluster';
import { podTemplates, readManifests } from '../../testing/manifests';
import { waitFor } from '../../testing/server';
import { describeOnCluster } from './support/cluster';
import { ensureProduction, MONITORING, NODE_MONITORING, waitUntilReady } from './support/platform';
import { commandOf, httpFrom, nameOf, type Pod, processesOf, processOf, runningPods } from './support/pods';

/** What the kernel says about a process. */
interface Rights {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Capabilities that it may ever have. */
  readonly capabilities: string;
  readonly noNewPrivileges: boolean;
  /** 2: a seccomp filter is active. */
  readonly seccomp: number;
}

function rightsOf(pid: number): Rights {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(status)![1]!;
  return {
    uid: Number(field('Uid').split('\t')[0]),
    gid: Number(field('Gid').split('\t')[0]),
    groups: field('Groups').split(' ').filter(Boolean).map(Number),
    capabilities: field('CapBnd'),
    noNewPrivileges: field('NoNewPrivs') === '1',
    seccomp: Number(field('Seccomp')),
  };
}

interface Mount {
  readonly path: string;
  readonly options: readonly string[];
}

/** Mounts of a process: `36 35 0:31 /source /path rw,relatime - overlay overlay rw`. */
function mountsOf(pid: number): Mount[] {
  return readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' '))
    .map(([, , , , path, options]) => ({ path: path!, options: options!.split(',') }));
}

/** Owner and permissions of a file in a container, e.g. `65534:65534 640`. */
function accessOf(pid: number, path: string): string {
  const { uid, gid, mode } = statSync(`/proc/${pid}/root${path}`);
  return `${uid}:${gid} ${(mode & 0o777).toString(8)}`;
}

function componentOf({ metadata }: Pod): string {
  return metadata.labels!['app.kubernetes.io/name']!;
}

describeOnCluster('The pods of production', (cluster) => {
  let pods: Pod[];

  beforeAll(async () => {
    await ensureProduction(cluster());
    pods = [...(await runningPods(cluster(), MONITORING)), ...(await runningPods(cluster(), NODE_MONITORING))];
  });

  const podNamed = (name: string) => pods.find(({ metadata }) => metadata.name.startsWith(name))!;

  it('run with the rights of their security contexts, as the kernel sees them', () => {
    const rights = pods.map((pod) => [nameOf(pod), rightsOf(processOf(pod))] as const);
    expect(rights).toEqual(
      pods.map((pod) => {
        const { runAsUser, runAsGroup, fsGroup } = pod.spec.securityContext;
        return [
          nameOf(pod),
          {
            uid: runAsUser,
            gid: runAsGroup,
            groups: expect.arrayContaining(fsGroup === undefined ? [] : [fsGroup]),
            capabilities: '0000000000000000',
            noNewPrivileges: true,
            seccomp: 2,
          },
        ];
      }),
    );
    // The files of containers belong to root.
    const asRoot = pods.filter((pod) => rightsOf(processOf(pod)).uid === 0);
    expect([...new Set(asRoot.map(componentOf))]).toEqual(['log-collector']);
  });

  it('have read-only roots and configurations', async () => {
    const writableOf = (pod: Pod) =>
      mountsOf(processOf(pod))
        .filter(({ path, options }) => (path === '/' || path.startsWith('/etc/')) && options.includes('rw'))
        .map(({ path }) => path)
        // kubelet writes these files for every container.
        .filter((path) => !['/etc/hosts', '/etc/resolv.conf', '/etc/hostname'].includes(path));
    for (const pod of pods) {
      expect([nameOf(pod), writableOf(pod)]).toEqual([nameOf(pod), []]);
    }
    // A pod without such a security context is told apart.
    const redis = (await runningPods(cluster(), 'sightedit')).find(({ metadata }) => metadata.name.startsWith('redis'));
    expect(writableOf(redis!)).toEqual(['/']);
  });

  it('mount what their templates say', () => {
    const templates = podTemplates(readManifests());
    expect(templates.length).toBeGreaterThan(8);
    for (const { workload, template } of templates) {
      const pod = pods.find((each) => componentOf(each) === workload.metadata.name)!;
      const paths = mountsOf(processOf(pod)).map(({ path }) => path);
      for (const { mountPath } of (template.spec.containers[0].volumeMounts ?? []) as { mountPath: string }[]) {
        expect([nameOf(pod), paths]).toEqual([nameOf(pod), expect.arrayContaining([mountPath])]);
      }
    }
  });

  it('can read their secrets and tokens, which others cannot', () => {
    const alertmanager = processOf(podNamed('alertmanager-0'));
    expect(accessOf(alertmanager, '/etc/alertmanager/credentials/SLACK_BOT_TOKEN')).toBe('0:65534 440');
    expect(accessOf(alertmanager, '/etc/alertmanager/remediation-token/token')).toMatch(/^\d+:65534 6[04]0$/);
    const token = readFileSync(`/proc/${alertmanager}/root/etc/alertmanager/remediation-token/token`, 'utf8');
    const { aud, sub } = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
    expect([aud, sub]).toEqual([['remediation-webhook'], `system:serviceaccount:${MONITORING}:alertmanager`]);
    // Only what asks for a token of the API has one.
    const withToken = pods.filter((pod) =>
      mountsOf(processOf(pod)).some(({ path }) => path.endsWith('/kubernetes.io/serviceaccount')),
    );
    expect([...new Set(withToken.map(componentOf))].sort()).toEqual([
      'kube-state-metrics',
      'log-collector',
      'log-collector-events',
      'otel-collector',
      'prometheus',
      'remediation-webhook',
    ]);
  });

  it('own their volumes through fsGroup', () => {
    expect(accessOf(processOf(podNamed('prometheus-0')), '/prometheus')).toMatch(/^\d+:65534 77\d$/);
    expect(accessOf(processOf(podNamed('alertmanager-0')), '/alertmanager')).toMatch(/^\d+:65534 77\d$/);
    expect(accessOf(processOf(podNamed('grafana')), '/var/lib/grafana')).toMatch(/^\d+:472 77\d$/);
  });

  it('see the processes of no other pod', () => {
    // node-exporter sees all of its node, but each node is a namespace of its own here.
    const namespaces = pods.map((pod) => statSync(`/proc/${processOf(pod)}/ns/pid`).ino);
    expect(new Set(namespaces).size).toBe(namespaces.length);
    for (const pod of pods) {
      expect(processesOf(pod).map(commandOf).filter(Boolean)).toHaveLength(2); // Its program and the pause container.
    }
  });

  it('reloads a rule of a changed ConfigMap without a restart', async () => {
    const { api } = cluster();
    const rule = 'groups: [{ name: test, rules: [{ record: "test:one:constant", expr: "vector(1)" }] }]\n';
    const change = (text: string) => JSON.stringify({ data: { 'backups.yaml': text } });
    const path = ['configmap', 'prometheus-rules-backups', `--namespace=${MONITORING}`];
    const { data } = JSON.parse(await succeed(api.kubectl('get', ...path, '--output=json')));
    const before = processOf(podNamed('prometheus-0'));
    const hasRule = async () =>
      (await httpFrom(podNamed('prometheus-0'), 'http://127.0.0.1:9090/api/v1/rules')).includes('test:one:constant');
    await succeed(api.kubectl('patch', ...path, `--patch=${change(rule)}`));
    try {
      await waitFor('the rule', hasRule, { timeoutSeconds: 150 });
      expect(processOf(podNamed('prometheus-0'))).toBe(before);
    } finally {
      await succeed(api.kubectl('patch', ...path, `--patch=${change(data['backups.yaml'])}`));
    }
  });

  it('roll out when the checksum of a configuration changes', async () => {
    const { api } = cluster();
    const path = ['deployment', 'blackbox-exporter', `--namespace=${MONITORING}`];
    const { spec } = JSON.parse(await succeed(api.kubectl('get', ...path, '--output=json')));
    const [name] = Object.keys(spec.template.metadata.annotations ?? {}).filter((each) => each.includes('checksum'));
    expect(name).toBeDefined();
    const before = podNamed('blackbox-exporter').metadata.name;
    const annotations = { [name!]: 'another' };
    const patch = JSON.stringify({ spec: { template: { metadata: { annotations } } } });
    await succeed(api.kubectl('patch', ...path, `--patch=${patch}`));
    await waitUntilReady(cluster());
    await waitFor('the old pod to end', async () => {
      const now = await runningPods(cluster(), MONITORING);
      return !now.some(({ metadata }) => metadata.name === before);
    });
    await succeed(api.kubectl('rollout', 'undo', ...path));
    await waitUntilReady(cluster());
  });
});
