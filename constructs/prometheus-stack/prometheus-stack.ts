import { Construct } from 'constructs';
import type { AlertLinks, RuleCatalogue } from '../../rules';
import { BlackboxExporter } from '../blackbox-exporter';
import { Endpoint, PRIVATE_CIDRS } from '../kit';
import { KubeStateMetrics } from '../kube-state-metrics';
import { type Platform, platformFacts, topicsHiddenBy } from './platform';
import { Prometheus, type PrometheusProps } from './prometheus';
import {
  annotatedPodsJob,
  annotatedServicesJob,
  apiServerJob,
  controlPlaneJob,
  kubeletJob,
  probeJob,
} from './scrape-jobs';

export interface PrometheusStackProps extends PrometheusProps {
  /** What the cluster runs on. */
  readonly platform: Platform;
  /** Namespaces whose objects kube-state-metrics reports. */
  readonly watchedNamespaces: readonly string[];
  /**
   * An application whose Services and pods are scraped where they carry `prometheus.io/scrape`, as the jobs
   * `<name>-services` and `<name>-pods`. Connect `prometheus.component` to their ports too.
   * @default - none
   */
  readonly application?: { readonly name: string; readonly namespace: string };
  /** Public URLs to probe. @default - none */
  readonly probedUrls?: readonly string[];
  /** Rules to load, and where the links of their alerts lead. @default - none */
  readonly rules?: { readonly catalogue: RuleCatalogue; readonly links: AlertLinks };
  /** Ranges that hold the nodes' addresses. @default - every private range */
  readonly nodeCidrs?: readonly string[];
  /** Ranges that hold the API server's addresses. @default - every private range */
  readonly apiCidrs?: readonly string[];
}

/**
 * Metrics of a cluster: a Prometheus pair with kube-state-metrics and the blackbox exporter, scraping Kubernetes
 * itself, an application's namespace, and whatever is added with `prometheus.addScrapeJob()`.
 */
export class PrometheusStack extends Construct {
  readonly prometheus: Prometheus;
  readonly kubeStateMetrics: KubeStateMetrics;
  readonly blackboxExporter: BlackboxExporter;

  constructor(scope: Construct, id: string, props: PrometheusStackProps) {
    super(scope, id);
    this.prometheus = new Prometheus(this, 'prometheus', props);
    this.kubeStateMetrics = new KubeStateMetrics(this, 'kube-state-metrics', {
      namespaces: props.watchedNamespaces,
      apiCidrs: props.apiCidrs,
    });
    this.blackboxExporter = new BlackboxExporter(this, 'blackbox-exporter');

    this.scrapeKubernetes(props);
    this.scrapeItself();
    if (props.application) {
      const { name, namespace } = props.application;
      this.prometheus.addScrapeConfig(annotatedServicesJob(`${name}-services`, namespace));
      this.prometheus.addScrapeConfig(annotatedPodsJob(`${name}-pods`, namespace));
    }
    if (props.probedUrls && props.probedUrls.length > 0) {
      this.probe(props.probedUrls);
    }
    if (props.rules) {
      const { catalogue, links } = props.rules;
      this.prometheus.addRules(catalogue.without(topicsHiddenBy(props.platform)), links);
    }
  }

  private scrapeKubernetes({
    platform,
    nodeCidrs = PRIVATE_CIDRS,
    apiCidrs = PRIVATE_CIDRS,
  }: PrometheusStackProps): void {
    const { component } = this.prometheus;
    component.connectTo(Endpoint.nodes(KUBELET_PORT, 'https', nodeCidrs));
    this.prometheus.addScrapeConfig({ ...kubeletJob('kubelet', '/metrics'), sample_limit: 50_000 });
    // Every container of a node in one scrape: by far the largest target.
    this.prometheus.addScrapeConfig({ ...kubeletJob('cadvisor', '/metrics/cadvisor'), sample_limit: 100_000 });

    const { service } = component.connectTo(Endpoint.kubernetesApi(apiCidrs));
    this.prometheus.addScrapeConfig({ ...apiServerJob(service!), sample_limit: 150_000 });
    component.addClusterRole([
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
      // Lets the kubelet serve its metrics, and nothing else; `nodes/proxy` would run commands in pods.
      { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
      { nonResourceUrLs: ['/metrics'], verbs: ['get'] },
    ]);

    if (platformFacts(platform).controlPlane === 'visible') {
      for (const { job, port, scheme } of CONTROL_PLANE) {
        component.connectTo(Endpoint.nodes(port, scheme, nodeCidrs));
        this.prometheus.addScrapeConfig(controlPlaneJob(job, port, scheme));
      }
    }
  }

  private scrapeItself(): void {
    const { prometheus, kubeStateMetrics, blackboxExporter } = this;
    prometheus.addScrapeJob('prometheus', prometheus.endpoint);
    prometheus.addScrapeJob('kube-state-metrics', kubeStateMetrics.endpoint, {
      // The labels of its series name the objects they are about; those of the exporter would fill the gaps with itself.
      honor_labels: true,
      relabel: [{ action: 'labeldrop', regex: 'namespace|pod|node|service|component' }],
      sample_limit: 100_000,
    });
    prometheus.addScrapeJob('kube-state-metrics-telemetry', kubeStateMetrics.telemetry);
    prometheus.addScrapeJob('blackbox-exporter', blackboxExporter.endpoint);
  }

  private probe(urls: readonly string[]): void {
    const { address } = this.prometheus.component.connectTo(this.blackboxExporter.endpoint);
    for (const url of urls) {
      this.blackboxExporter.allow(url);
    }
    this.prometheus.addScrapeConfig(probeJob('blackbox-http', address, this.blackboxExporter.httpModule, urls));
  }
}

const KUBELET_PORT = 10250;

/** Ports on which kubeadm's static pods serve metrics, on the node's own network. */
const CONTROL_PLANE = [
  { job: 'kube-scheduler', port: 10259, scheme: 'https' },
  { job: 'kube-controller-manager', port: 10257, scheme: 'https' },
  { job: 'etcd', port: 2381, scheme: 'http' },
] as const;
