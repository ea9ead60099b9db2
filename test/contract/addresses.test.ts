import { join } from 'node:path';
import {
  annotatedPodsJob,
  annotatedServicesJob,
  controlPlaneJob,
  kubeletJob,
} from '../../constructs/prometheus-stack/scrape-jobs';
import type { ScrapeConfig } from '../../formats/prometheus';
import { toYaml } from '../../formats/yaml';
import { temporaryDirectory } from '../../testing/cleanup';
import { writeInto } from '../../testing/files';
import { describeWithTools, startTool } from '../support/tools';

/** A target as discovery finds it: its address, and the labels without the prefix `__meta_kubernetes_`. */
interface Found {
  readonly address: string;
  readonly labels: Record<string, string>;
}

/** The addresses that Prometheus scrapes, each once, when discovery in Kubernetes finds these targets. */
async function scraped(job: ScrapeConfig, found: readonly Found[]): Promise<string[]> {
  const { kubernetes_sd_configs: _, authorization, tls_config, ...rest } = job;
  const static_configs = found.map(({ address, labels }) => ({
    targets: [address],
    labels: Object.fromEntries(Object.entries(labels).map(([name, value]) => [`__meta_kubernetes_${name}`, value])),
  }));
  const root = temporaryDirectory();
  writeInto(root, 'prometheus.yml', toYaml({ scrape_configs: [{ ...rest, static_configs }] }));
  const { code, output } = await startTool(
    'promtool',
    'check',
    'service-discovery',
    '--timeout=1s',
    join(root, 'prometheus.yml'),
    job.job_name,
  );
  expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
  const targets = JSON.parse(output) as { readonly labels: Record<string, string> }[];
  // Prometheus scrapes targets with equal labels once.
  const kept = new Map(
    targets
      .filter(({ labels }) => Object.keys(labels).length > 0)
      .map(({ labels }) => [JSON.stringify(Object.entries(labels).sort()), labels.__address__!]),
  );
  return [...kept.values()].sort();
}

const ANNOTATED_POD = {
  pod_annotation_prometheus_io_scrape: 'true',
  pod_annotation_prometheus_io_port: '3000',
  pod_phase: 'Running',
};
const ANNOTATED_SERVICE = {
  service_annotation_prometheus_io_scrape: 'true',
  service_annotation_prometheus_io_port: '3000',
};
describeWithTools(['promtool'], 'Addresses of targets', () => {
  it.each<[string, string, string, string]>([
    ['IPv4', '10.0.0.3', '10.0.0.3:8080', '10.0.0.3:3000'],
    ['IPv6', 'fd00:10::3', '[fd00:10::3]:8080', '[fd00:10::3]:3000'],
    ['IPv6 with an IPv4 address at its end', '64:ff9b::10.0.0.3', '[64:ff9b::a00:3]:8080', '[64:ff9b::10.0.0.3]:3000'],
    ['a pod that declares no port', '10.0.0.3', '10.0.0.3', '10.0.0.3:3000'],
    ['IPv6 of a pod that declares no port', 'fd00:10::3', 'fd00:10::3', '[fd00:10::3]:3000'],
  ])('take the annotated port of a pod: %s', async (_name, pod_ip, address, expected) => {
    expect(
      await scraped(annotatedPodsJob('pods', 'shop'), [{ address, labels: { ...ANNOTATED_POD, pod_ip } }]),
    ).toEqual([expected]);
  });

  it.each([
    ['IPv4', '10.0.0.3:8080', '10.0.0.3:3000'],
    ['IPv6', '[fd00:10::3]:8080', '[fd00:10::3]:3000'],
    ['a name', 'api.example.com:8080', 'api.example.com:3000'],
  ])('take the annotated port of a Service: %s', async (_name, address, expected) => {
    const found = [{ address, labels: ANNOTATED_SERVICE }];
    expect(await scraped(annotatedServicesJob('services', 'shop'), found)).toEqual([expected]);
  });

  it('keep the port that discovery found, without an annotation', async () => {
    const { pod_annotation_prometheus_io_port: _, ...labels } = { ...ANNOTATED_POD, pod_ip: 'fd00::3' };
    expect(await scraped(annotatedPodsJob('pods', 'shop'), [{ address: '[fd00::3]:8080', labels }])).toEqual([
      '[fd00::3]:8080',
    ]);
  });

  it.each([
    ['10.0.0.3', '10.0.0.3:10257'],
    ['fd00::3', '[fd00::3]:10257'],
  ])('of the control plane have its port: %s', async (pod_ip, expected) => {
    const job = controlPlaneJob('kube-controller-manager', 10257, 'https');
    expect(await scraped(job, [{ address: pod_ip, labels: { pod_ip } }])).toEqual([expected]);
  });

  it('of nodes leave out those by name only, whose kubelet nothing reaches', async () => {
    const labelled: Record<string, string>[] = [
      { node_label_kubernetes_io_os: 'linux' },
      { node_label_kubernetes_io_os: 'windows' },
      { node_label_eks_amazonaws_com_compute_type: 'fargate' },
      { node_label_eks_amazonaws_com_compute_type: 'auto' },
      { node_label_type: 'virtual-kubelet' },
    ];
    const found = labelled.map((labels, n) => ({
      address: `10.0.0.${n}:10250`,
      labels: { ...labels, node_name: `node-${n}` },
    }));
    expect(await scraped(kubeletJob('kubelet', '/metrics'), found)).toEqual([
      '10.0.0.0:10250',
      '10.0.0.1:10250',
      '10.0.0.3:10250',
    ]);
  });
});
