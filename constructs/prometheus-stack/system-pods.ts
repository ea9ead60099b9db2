import { Destination, Endpoint, type Labels, SettingError } from '../kit';
import { checkPodLabels, checkPort } from '../kit/checks';
import { podsPeer, policyPorts } from '../kit/network';
import type { Platform } from './platform';
import type { Prometheus } from './prometheus';
import { controlPlaneJob } from './scrape-jobs';

/** Namespace of the pods. */
const SYSTEM = 'kube-system';

/** Pods in `kube-system` that run for the cluster. */
export interface SystemPods {
  /** Labels that select them. @default - those that kubeadm and EKS give them */
  readonly labels?: Labels;
  /** Port of their metrics. @default - that of the server's own default */
  readonly port?: number;
}

/**
 * Scrapes CoreDNS, in the job `coredns`.
 *
 * @throws SettingError on GKE, unless the pods are named
 */
export function scrapeCoreDns(prometheus: Prometheus, pods: true | SystemPods, platform: Platform): void {
  if (pods === true && platform === 'gke') {
    const fix = 'GKE runs kube-dns or Cloud DNS; write the labels of your CoreDNS, or remove coreDns';
    throw new SettingError('coreDns', pods, fix);
  }
  // The Service has the name of its predecessor, and so do the labels.
  const { labels, port } = checked('coreDns', pods, { labels: { 'k8s-app': 'kube-dns' }, port: 9153 });
  const peer = { namespace: SYSTEM, labels };
  prometheus.component.allowEgressTo(
    new Destination({ egress: (client) => ({ to: [podsPeer(peer, client)], ports: policyPorts([{ port }]) }) }),
  );
  prometheus.addScrapeConfig(controlPlaneJob('coredns', port, 'http', selectorOf(labels)));
}

/**
 * Scrapes kube-proxy, in the job `kube-proxy`. Its pods are on the node's network.
 *
 * @param nodeCidrs ranges that hold the nodes' addresses @default - every private range
 */
export function scrapeKubeProxy(prometheus: Prometheus, pods: true | SystemPods, nodeCidrs?: readonly string[]): void {
  const { labels, port } = checked('kubeProxy', pods, { labels: { 'k8s-app': 'kube-proxy' }, port: 10249 });
  prometheus.component.allowEgressTo(Endpoint.nodes(port, nodeCidrs));
  prometheus.addScrapeConfig(controlPlaneJob('kube-proxy', port, 'http', selectorOf(labels)));
}

function checked(setting: string, pods: true | SystemPods, defaults: Required<SystemPods>): Required<SystemPods> {
  const { labels = defaults.labels, port = defaults.port } = pods === true ? {} : pods;
  checkPodLabels(`${setting}.labels`, labels);
  checkPort(`${setting}.port`, port);
  return { labels, port };
}

function selectorOf(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}
