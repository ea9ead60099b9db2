import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScrapeConfig } from '../formats/prometheus';
import { underRoot } from './files';
import type { Kubernetes } from './kubernetes';
import { type Manifest, podTemplates } from './manifests';

/** Arguments of a component's container, with its paths moved below `root`. */
export function argsOf(manifests: readonly Manifest[], name: string, root: string): string[] {
  const found = podTemplates(manifests).find(({ workload }) => workload.metadata.name === name);
  return (found!.template.spec.containers[0].args as string[]).map((arg) => underRoot(root, arg));
}

/** Arguments with some values replaced, by flag. */
export function replaced(args: readonly string[], replacements: Record<string, string>): string[] {
  return args.map((arg) => {
    const flag = Object.keys(replacements).find((prefix) => arg.startsWith(`${prefix}=`));
    return flag ? `${flag}=${replacements[flag]}` : arg;
  });
}

/** Arguments of node_exporter outside a container. */
export const HOST_PATHS = {
  '--path.rootfs': '/',
  '--path.procfs': '/proc',
  '--path.sysfs': '/sys',
  '--path.udev.data': '/run/udev/data',
} as const;

/** A token of a ServiceAccount, issued by the API server. */
export async function tokenOf(
  kubernetes: Kubernetes,
  name: string,
  namespace = 'sightedit-monitoring',
): Promise<string> {
  const { stdout } = await kubernetes.kubectl('create', 'token', name, `--namespace=${namespace}`);
  return stdout.trim();
}

/** Writes a kubeconfig that authenticates as a ServiceAccount. */
export async function kubeconfigOf(
  kubernetes: Kubernetes,
  name: string,
  directory: string,
  namespace?: string,
): Promise<string> {
  const config = JSON.parse(readFileSync(kubernetes.kubeconfig, 'utf8'));
  config.users[0].user.token = await tokenOf(kubernetes, name, namespace);
  const file = join(directory, `${name}.kubeconfig`);
  writeFileSync(file, JSON.stringify(config));
  return file;
}

/** Labels that discovery would give a target of the job, which the job's own relabelling keeps and reads. */
export function discoveredLabels({ job_name, relabel_configs = [] }: ScrapeConfig): Record<string, string> {
  const wanted = relabel_configs
    .filter(({ action }) => action === 'keep')
    .map(({ source_labels, regex }) => [source_labels![0]!, regex!] as const);
  return {
    ...Object.fromEntries(wanted),
    __meta_kubernetes_namespace: 'sightedit-monitoring',
    __meta_kubernetes_pod_name: `${job_name}-0`,
    __meta_kubernetes_pod_node_name: 'node-a',
  };
}
