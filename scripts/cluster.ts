import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { launchCluster, runningCluster, sweep } from '../testing/cluster';
import { missingRequirements } from '../testing/cluster/machine';
import { entering } from '../testing/cluster/namespaces';
import { progress, runCommand } from './command';

const USAGE = `Runs a Kubernetes cluster of three nodes on this machine, for tests.

  npm run cluster                       starts it, prints the kubeconfig, and stays until Ctrl-C
  npm run cluster -- down               ends it, and removes what a killed one has left
  npm run cluster -- exec COMMAND …     runs a command in the network of the control plane, with KUBECONFIG set.
                                        Starts a cluster for it if none runs

It lives in namespaces of its own and changes nothing else of the machine. Requires Linux with cgroup v1, root, the
programs under tools/ (npm run tools), and Debian's packages that docs/testing.md lists. SIGHTEDIT_TEST_CLUSTER=NAME
selects one of several. Logs: .tools/cluster/logs-NAME.
Without them, exec says what is missing and runs the command without a cluster.`;

async function main([command, ...args]: readonly string[]): Promise<number> {
  switch (command) {
    case undefined:
      return up();
    case 'down':
      console.log((await sweep()) ? 'the cluster is down' : 'no cluster runs, and none has left anything');
      return 0;
    case 'exec':
      return execInCluster(args);
    default:
      console.error(`no such command: ${command}\n\n${USAGE}`);
      return 2;
  }
}

async function up(): Promise<number> {
  const missing = missingRequirements();
  if (missing.length > 0) {
    console.error(notPossible(missing));
    return 1;
  }
  const cluster = await launchCluster(stopwatch());
  console.log(`export KUBECONFIG=${cluster.kubeconfig}`);
  progress('the cluster runs until Ctrl-C');
  await Promise.race([interrupted(), cluster.ended]);
  await cluster.stop();
  return 0;
}

async function execInCluster(command: readonly string[]): Promise<number> {
  const missing = missingRequirements();
  if (missing.length > 0) {
    console.error(notPossible(missing));
    return run(command);
  }
  const running = runningCluster();
  const launched = running ? undefined : await launchCluster(stopwatch());
  const { holder, directory } = (running ?? launched)!;
  try {
    const KUBECONFIG = join(directory, 'credentials', 'admin.kubeconfig');
    // The command can look at this machine's network through this process.
    const environment = { ...process.env, KUBECONFIG, SIGHTEDIT_TEST_LAUNCHER: String(process.pid) };
    return await run(entering(holder, ['net'], command), environment);
  } finally {
    await launched?.stop();
  }
}

/** Runs a command in the foreground. @returns its exit code */
function run([program, ...args]: readonly string[], env = process.env): Promise<number> {
  const ignore = () => {}; // The command decides what a signal means; this process still has to clean up.
  process.on('SIGINT', ignore).on('SIGTERM', ignore);
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, { stdio: 'inherit', env });
    child.once('error', reject);
    child.once('exit', (code) => {
      process.off('SIGINT', ignore).off('SIGTERM', ignore);
      resolve(code ?? 1);
    });
  });
}

function interrupted(): Promise<unknown> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve).once('SIGHUP', resolve);
  });
}

/** Prints each step with the seconds since the start. */
function stopwatch(): (step: string) => void {
  const start = Date.now();
  return (step) => progress(`${((Date.now() - start) / 1000).toFixed(1).padStart(6)} s  ${step}`);
}

function notPossible(missing: readonly string[]): string {
  return ['', '!!! NO CLUSTER can run here:', ...missing.map((each) => `!!! ${each}`), ''].join('\n');
}

if (require.main === module) {
  runCommand({ usage: USAGE, run: main });
}
