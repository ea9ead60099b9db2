import type { Construct } from 'constructs';
import { applicationJobs } from '../../metrics';
import type { AlertLinks, RuleCatalogue } from '../../rules';
import { BlackboxExporter, type BlackboxExporterProps } from '../blackbox-exporter';
import { Endpoint, SettingError } from '../kit';
import { checkCidrs, checkedNamespaces, checkNamespace } from '../kit/checks';
import { statedNetwork } from '../kit/cluster-network';
import { PatchableConstruct } from '../kit/patchable-construct';
import { inSettings } from '../kit/setting-path';
import { KubeStateMetrics, type KubeStateMetricsProps } from '../kube-state-metrics';
import { checkApiStated, type Platform, platformFacts, topicsHiddenBy } from './platform';
import { checkProbedUrls, hasProbes, type Probe, scrapeProbes } from './probes';
import { Prometheus } from './prometheus';
import type { ProbedUrl } from './prometheus-checks';
import type { PrometheusProps } from './prometheus-props';
import { annotatedPodsJob, annotatedServicesJob, apiServerJob, controlPlaneJob, kubeletJob } from './scrape-jobs';
import { type SystemPods, scrapeCoreDns, scrapeKubeProxy } from './system-pods';

/** Props of `PrometheusStack`. */
export interface PrometheusStackProps extends PrometheusProps {
  /** Kubernetes distribution of the cluster. */
  readonly platform: Platform;
  /**
   * Namespaces whose objects kube-state-metrics reports, at least one. It gets a Role in each. `all` reports every
   * namespace, with rights of the whole cluster. Required, unless `kubeStateMetrics` is `false`.
   */
  readonly watchedNamespaces?: readonly string[] | 'all';
  /**
   * An application whose Services and pods are scraped if they have `prometheus.io/scrape: "true"`: the jobs
   * `<name>-services` and `<name>-pods`.
   * @default - none
   */
  readonly application?: AnnotatedApplication;
  /** `https://` URLs to probe. One with a private address needs ranges: `{ url, cidrs }`. @default - none */
  readonly probedUrls?: readonly (string | ProbedUrl)[];
  /**
   * Other probes: plain HTTP, expected status codes and redirects, TCP, DNS, ICMP, and targets inside the cluster. They are
   * in the job of the URLs, so the same alerts watch them; `instance` is e.g. `tcp://db.example.com:5432`.
   * @default - none
   */
  readonly probes?: readonly Probe[];
  /** Rules to load, without those that the platform cannot evaluate, and the links of their alerts. @default - none */
  readonly rules?: {
    /** The rules. */
    readonly catalogue: RuleCatalogue;
    /** URLs that their alerts link to. */
    readonly links: AlertLinks;
  };
  /**
   * Scrape CoreDNS, in the job `coredns`: its pods in `kube-system`, or those that you select. Not on GKE, which runs
   * kube-dns or Cloud DNS.
   * @default false
   */
  readonly coreDns?: boolean | SystemPods;
  /**
   * Scrape kube-proxy, in the job `kube-proxy`: its pods in `kube-system`, or those that you select. They must listen on
   * the node's address: kubeadm needs `metricsBindAddress: 0.0.0.0:10249` in the configuration of kube-proxy. A cluster
   * whose network replaces kube-proxy, such as Cilium, has none.
   * @default false
   */
  readonly kubeProxy?: boolean | SystemPods;
  /** Ranges that hold the nodes' addresses. @default - those of the cluster's network */
  readonly nodeCidrs?: readonly string[];
  /**
   * Name and pod options of kube-state-metrics; `pod` above is for Prometheus. A second stack in a namespace needs
   * another name. `false` leaves the exporter out, with its jobs and the rules that read only these.
   * @default - its own defaults
   */
  readonly kubeStateMetrics?: false | Pick<KubeStateMetricsProps, 'name' | 'pod'>;
  /**
   * Name and pod options of the blackbox exporter. A second stack in a namespace needs another name. `false` leaves the
   * exporter out, with its jobs and the rules that read only these.
   * @default - its own defaults
   */
  readonly blackboxExporter?: false | Pick<BlackboxExporterProps, 'name' | 'pod'>;
}

/** An application that is discovered by its annotations. `endpoints` or `ports` opens the way to its pods. */
export interface AnnotatedApplication {
  /** Prefix of the jobs. */
  readonly name: string;
  /** Namespace of its Services and pods. */
  readonly namespace: string;
  /** Endpoints of the annotated pods: Prometheus may reach these pods only. @default - none */
  readonly endpoints?: readonly Endpoint[];
  /** Ports of the annotated pods: Prometheus may reach them in every pod of the namespace. @default - none */
  readonly ports?: readonly number[];
}

/**
 * Metrics of a cluster: a Prometheus pair, kube-state-metrics and the blackbox exporter. Scrapes Kubernetes itself and
 * an application's namespace; `prometheus.addScrapeJob()` adds more.
 */
export class PrometheusStack extends PatchableConstruct {
  /** The server. */
  readonly prometheus: Prometheus;

  private readonly objects: KubeStateMetrics | undefined;
  private readonly prober: BlackboxExporter | undefined;

  /** @throws SettingError when a prop is invalid */
  constructor(scope: Construct, id: string, props: PrometheusStackProps) {
    super(scope, id);
    checkCidrs('nodeCidrs', props.nodeCidrs);
    const stated = statedNetwork(this);
    checkApiStated('apiCidrs', props.platform, { ...stated, apiCidrs: props.apiCidrs ?? stated.apiCidrs });
    checkProbedUrls(props.probedUrls);
    this.prometheus = new Prometheus(this, 'prometheus', props);
    this.objects = this.addKubeStateMetrics(props);
    this.prober = this.addBlackboxExporter(props);
    this.node.defaultChild = this.prometheus;

    this.scrapeKubernetes(props);
    if (props.coreDns) {
      scrapeCoreDns(this.prometheus, props.coreDns, props.platform);
    }
    if (props.kubeProxy) {
      scrapeKubeProxy(this.prometheus, props.kubeProxy, props.nodeCidrs);
    }
    this.scrapeItself();
    if (props.application) {
      this.scrapeApplication(props.application);
    }
    if (hasProbes(props)) {
      scrapeProbes(this.prometheus, this.blackboxExporter, props);
    }
    if (props.rules) {
      const { catalogue, links } = props.rules;
      this.prometheus.addRules(catalogue.without(topicsHiddenBy(props.platform)), links);
    }
  }

  /**
   * Metrics of the state of Kubernetes objects.
   *
   * @throws Error for a stack without kube-state-metrics
   */
  get kubeStateMetrics(): KubeStateMetrics {
    return existing(this.objects, 'kubeStateMetrics');
  }

  /**
   * Probes of URLs.
   *
   * @throws Error for a stack without a blackbox exporter
   */
  get blackboxExporter(): BlackboxExporter {
    return existing(this.prober, 'blackboxExporter');
  }

  private addKubeStateMetrics(props: PrometheusStackProps): KubeStateMetrics | undefined {
    const { kubeStateMetrics, watchedNamespaces, apiCidrs } = props;
    if (kubeStateMetrics === false) {
      return undefined;
    }
    if (watchedNamespaces === undefined) {
      const fix = 'name the namespaces that kube-state-metrics reports, or write kubeStateMetrics: false';
      throw new SettingError('watchedNamespaces', undefined, fix);
    }
    const namespaces =
      watchedNamespaces === 'all' ? watchedNamespaces : checkedNamespaces('watchedNamespaces', watchedNamespaces);
    return inSettings(
      'kubeStateMetrics',
      () => new KubeStateMetrics(this, 'kube-state-metrics', { ...kubeStateMetrics, namespaces, apiCidrs }),
    );
  }

  private addBlackboxExporter(props: PrometheusStackProps): BlackboxExporter | undefined {
    const { blackboxExporter } = props;
    if (blackboxExporter !== false) {
      return inSettings('blackboxExporter', () => new BlackboxExporter(this, 'blackbox-exporter', blackboxExporter));
    }
    if (hasProbes(props)) {
      throw new SettingError(
        'blackboxExporter',
        false,
        'it probes probedUrls and probes: remove these, or this setting',
      );
    }
    return undefined;
  }

  private scrapeKubernetes({ platform, nodeCidrs, apiCidrs }: PrometheusStackProps): void {
    const { component } = this.prometheus;
    component.allowEgressTo(Endpoint.nodes(KUBELET_PORT, nodeCidrs));
    // The ClusterRole below has the right to discover nodes too.
    const rightsBelow = { grantRights: false };
    this.prometheus.addScrapeConfig({ ...kubeletJob('kubelet', '/metrics'), sample_limit: 50_000 }, rightsBelow);
    // The largest target: one scrape has every container of a node.
    this.prometheus.addScrapeConfig(
      { ...kubeletJob('cadvisor', '/metrics/cadvisor'), sample_limit: 100_000 },
      rightsBelow,
    );

    const { service } = component.connectTo(Endpoint.kubernetesApi(apiCidrs));
    this.prometheus.addScrapeConfig({ ...apiServerJob(service!), sample_limit: 150_000 });
    component.addClusterRole([
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
      // Metrics of the kubelet only; `nodes/proxy` would also allow to run commands in pods:
      // https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/
      { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
      { nonResourceUrLs: ['/metrics'], verbs: ['get'] },
    ]);

    if (platformFacts(platform).controlPlane === 'visible') {
      for (const { job, port, scheme } of CONTROL_PLANE) {
        component.allowEgressTo(Endpoint.nodes(port, nodeCidrs));
        this.prometheus.addScrapeConfig(controlPlaneJob(job, port, scheme));
      }
    }
  }

  private scrapeItself(): void {
    const { prometheus, objects, prober } = this;
    prometheus.addScrapeJob('prometheus', prometheus.endpoint);
    if (objects) {
      prometheus.addScrapeJob('kube-state-metrics', objects.endpoint, {
        // Its labels describe the reported object. Drop the target's, or series without a pod would get the exporter's.
        honor_labels: true,
        relabel: [{ action: 'labeldrop', regex: 'namespace|pod|node|service|component' }],
        sample_limit: 100_000,
      });
      prometheus.addScrapeJob('kube-state-metrics-telemetry', objects.telemetry);
    }
    if (prober) {
      prometheus.addScrapeJob('blackbox-exporter', prober.endpoint);
    }
  }

  private scrapeApplication({ name, namespace, endpoints = [], ports = [] }: AnnotatedApplication): void {
    checkNamespace('application.namespace', namespace);
    if (endpoints.length === 0 && ports.length === 0) {
      throw new SettingError(
        'application.endpoints',
        undefined,
        'name the endpoints of the annotated pods, or their ports: Prometheus would discover pods that it cannot reach',
      );
    }
    const jobs = applicationJobs(name);
    // Only Services whose pods do not ask to be scraped themselves: often there are none.
    this.prometheus.addScrapeConfig(annotatedServicesJob(jobs.services, namespace), {
      optional: true,
    });
    this.prometheus.addScrapeConfig(annotatedPodsJob(jobs.pods, namespace));
    for (const endpoint of endpoints) {
      this.prometheus.component.connectTo(endpoint);
    }
    if (ports.length > 0) {
      this.prometheus.component.allowEgressTo(Endpoint.podsIn(namespace, ports));
    }
  }
}

/** @throws Error for an exporter that the stack does not have */
function existing<T>(exporter: T | undefined, prop: string): T {
  if (exporter === undefined) {
    throw new Error(`the stack has no such exporter: its prop ${prop} is false`);
  }
  return exporter;
}

const KUBELET_PORT = 10250;

/** Ports of the metrics of kubeadm's static pods, on the node's network. */
const CONTROL_PLANE = [
  { job: 'kube-scheduler', port: 10259, scheme: 'https' },
  { job: 'kube-controller-manager', port: 10257, scheme: 'https' },
  { job: 'etcd', port: 2381, scheme: 'http' },
] as const;
