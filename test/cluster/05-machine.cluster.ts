import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterDirectory } from '../../testing/cluster/layout';
import { execute } from '../../testing/cluster/namespaces';
import { waitFor } from '../../testing/server';
import { ROOT } from '../../tools/catalogue';
import { describeOnCluster } from './support/cluster';

/** Name of a second cluster, beside that of the other tests. */
const NAME = 'spare';

/** Settings that belong to the kernel of the machine. kubelet would change the first four. */
const SETTINGS = [
  ...['vm/overcommit_memory', 'vm/panic_on_oom', 'kernel/panic', 'kernel/panic_on_oops'],
  'fs/inotify/max_user_watches',
];

/** What a cluster could change of the machine, or leave behind. */
async function machine(): Promise<object> {
  // The launcher of the tests is outside the network in which they run.
  const launcher = process.env.SIGHTEDIT_TEST_LAUNCHER!;
  const outside = (...command: string[]) => execute(['nsenter', `--target=${launcher}`, '--net', '--', ...command]);
  const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim() : 'none');
  return {
    settings: SETTINGS.map((name) => `${name} = ${read(join('/proc/sys', name))}`),
    forwarding: await outside('cat', '/proc/sys/net/ipv4/ip_forward'),
    links: await outside('ip', '-brief', 'link'),
    routes: await outside('ip', 'route', 'show', 'table', 'all'),
    rules: await outside('sh', '-c', 'nft list ruleset; iptables-save 2>/dev/null | grep -v "^#" || true'),
    mounts: readFileSync(`/proc/${launcher}/mounts`, 'utf8')
      .split('\n')
      .filter((line) => /containerd|kubelet|netns|sightedit/.test(line)),
    cgroups: (await outside('find', '/sys/fs/cgroup', '-type', 'd', '-name', `sightedit-test-${NAME}`)).trim(),
    processes: readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isOfSpareCluster(pid)),
    files: existsSync(join(clusterDirectory(), `run-${NAME}`)),
  };
}

function isOfSpareCluster(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(`sightedit-test-${NAME}`);
  } catch {
    return false; // It has ended.
  }
}

describeOnCluster('The machine', () => {
  const launched: ChildProcess[] = [];
  const command = (...args: string[]) => [process.execPath, '--import', 'tsx', 'scripts/cluster.ts', ...args];
  const env = { ...process.env, SIGHTEDIT_TEST_CLUSTER: NAME };

  /** Starts the second cluster. @returns its launcher, once it has printed a text */
  const launch = async (until = 'export KUBECONFIG='): Promise<ChildProcess> => {
    const [program, ...args] = command();
    const child = spawn(program!, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    launched.push(child);
    let output = '';
    child.stdout!.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr!.on('data', (chunk) => {
      output += chunk;
    });
    await waitFor('the cluster', async () => output.includes(until), { timeoutSeconds: 240, child });
    return child;
  };
  const down = () => execute(['env', `SIGHTEDIT_TEST_CLUSTER=${NAME}`, ...command('down')]);
  const everythingIsGone = async () => {
    const { cgroups, processes } = (await machine()) as { cgroups: string; processes: string[] };
    return cgroups === '' && processes.length === 0;
  };

  afterAll(async () => {
    for (const child of launched) {
      child.kill('SIGKILL');
    }
    await down();
  });

  it('is as it was while a cluster runs, and after it was stopped or killed', async () => {
    const before = await machine();
    const launcher = await launch();
    const { processes, cgroups, files, ...during } = (await machine()) as Record<string, unknown>;
    expect(before).toMatchObject(during);
    expect(processes).not.toEqual([]);
    expect(files).toBe(true);

    // Nothing can clean up after SIGKILL but what is outside the process.
    launcher.kill('SIGKILL');
    await waitFor('everything to end', everythingIsGone);
    expect(await machine()).toEqual({ ...before, files: true });
    expect(await down()).toContain('the cluster is down');
    expect(await machine()).toEqual(before);
    expect(await down()).toContain('no cluster runs');
  });

  it('is as it was when a cluster is ended from elsewhere, while it still starts', async () => {
    const before = await machine();
    const launcher = await launch('nodes');
    const ended = new Promise((resolve) => launcher.once('exit', resolve));
    expect(await down()).toContain('the cluster is down');
    await ended;
    expect(await machine()).toEqual(before);
  });
});
