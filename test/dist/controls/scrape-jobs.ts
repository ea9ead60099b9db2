import type { Part } from '../graph/pods';
import type { Controls, Copy } from './copy';
import {
  BLACKBOX_CONFIG,
  BLACKBOX_EXPORTER,
  GRAFANA,
  KUBE_STATE_METRICS,
  PROMETHEUS,
  PROMETHEUS_CONFIG,
  policyOf,
  serviceOf,
} from './names';

const JOB = `${PROMETHEUS}: job`;

/** Changes a scrape job. */
function edit(copy: Copy, name: string, change: (job: Part) => void): void {
  copy.edit(PROMETHEUS_CONFIG, 'prometheus.yml', ({ scrape_configs }) => {
    change(scrape_configs.find(({ job_name }: Part) => job_name === name));
  });
}

/** Removes the egress rules of Prometheus that match. */
function close(copy: Copy, matches: (rule: Part) => boolean): void {
  const { spec } = copy.object(policyOf(PROMETHEUS));
  spec.egress = spec.egress.filter((rule: Part) => !matches(rule));
}

const opens = (port: number) => (rule: Part) => rule.ports[0].port === port;
const leadsTo = (name: string) => (rule: Part) =>
  rule.to.some(({ podSelector }: Part) => podSelector?.matchLabels['app.kubernetes.io/name'] === name);

export const scrapeJobs: Controls = [
  {
    when: 'two jobs share a name',
    breaks: (copy) =>
      edit(copy, 'grafana', (job) => {
        job.job_name = 'prometheus';
      }),
    problems: [`${JOB} prometheus is defined twice`],
  },
  {
    when: 'a job has no targets',
    breaks: (copy) =>
      edit(copy, 'grafana', (job) => {
        delete job.kubernetes_sd_configs;
      }),
    problems: [`${JOB} grafana has no discovery`],
  },
  {
    when: 'a job has two kinds of discovery',
    breaks: (copy) =>
      edit(copy, 'grafana', (job) => {
        job.static_configs = [{ targets: ['grafana.sightedit-monitoring.svc:3000'] }];
      }),
    problems: [`${JOB} grafana has several kinds of discovery: kubernetes_sd_configs, static_configs`],
  },
];

export const discoveryGrants: Controls = [
  {
    when: 'a job discovers in a namespace without a role',
    breaks: (copy) =>
      edit(copy, 'grafana', (job) => {
        job.kubernetes_sd_configs[0].namespaces.names = ['kube-system'];
      }),
    problems: ['endpointslices', 'services', 'pods'].map(
      (resource) => `${JOB} grafana may not list and watch ${resource} in namespace kube-system`,
    ),
  },
  {
    when: 'a role is bound to another account',
    breaks: (copy) => {
      copy.object('RoleBinding sightedit-monitoring-node/sightedit-monitoring-prometheus').subjects[0].name = 'grafana';
    },
    problems: ['node-exporter', 'log-collector', 'log-collector-masked'].flatMap((job) =>
      ['endpointslices', 'services', 'pods'].map(
        (resource) => `${JOB} ${job} may not list and watch ${resource} in namespace sightedit-monitoring-node`,
      ),
    ),
  },
  {
    when: 'a role lists but does not watch',
    breaks: (copy) => {
      copy.object('Role default/sightedit-monitoring-prometheus').rules[1].verbs = ['get', 'list'];
    },
    problems: [`${JOB} apiserver may not list and watch endpointslices in namespace default`],
  },
  {
    when: 'nodes are not listed',
    breaks: (copy) => {
      copy.object('ClusterRole sightedit-monitoring-prometheus').rules.shift();
    },
    problems: ['kubelet', 'cadvisor'].map((job) => `${JOB} ${job} may not list and watch nodes in the cluster`),
  },
  {
    when: 'a job has a role that no check supports',
    breaks: (copy) =>
      edit(copy, 'grafana', (job) => {
        job.kubernetes_sd_configs[0].role = 'ingress';
      }),
    problems: [`${JOB} grafana has the role ingress, which is not supported`],
  },
  {
    when: 'a job discovers in the whole cluster',
    breaks: (copy) =>
      edit(copy, 'sightedit-pods', (job) => {
        delete job.kubernetes_sd_configs[0].namespaces;
      }),
    problems: [`${JOB} sightedit-pods may not list and watch pods in the cluster`],
  },
];

export const keptServices: Controls = [
  {
    when: 'a Service is renamed',
    breaks: (copy) => {
      copy.object(serviceOf(GRAFANA)).metadata.name = 'dashboards';
    },
    problems: [`${JOB} grafana: there is no Service sightedit-monitoring/grafana with a port http and pods behind it`],
  },
  {
    when: 'a port is renamed',
    breaks: (copy) => {
      copy.object(serviceOf(KUBE_STATE_METRICS)).spec.ports[1].name = 'self';
    },
    problems: [
      `${JOB} kube-state-metrics-telemetry: there is no Service sightedit-monitoring/kube-state-metrics ` +
        'with a port telemetry and pods behind it',
    ],
  },
  {
    when: 'a job discovers in another namespace',
    breaks: (copy) =>
      edit(copy, 'node-exporter', (job) => {
        job.kubernetes_sd_configs[0].namespaces.names = ['sightedit-monitoring'];
      }),
    problems: [
      `${JOB} node-exporter: there is no Service sightedit-monitoring/node-exporter with a port http and pods behind it`,
    ],
  },
  {
    when: 'no policy lets Prometheus call the pods',
    breaks: (copy) => close(copy, leadsTo('grafana')),
    problems: [`${JOB} grafana: no policy lets it call ${GRAFANA} on TCP 3000`],
  },
  {
    when: 'no policy lets Prometheus call agents on the network of the node',
    breaks: (copy) => close(copy, opens(9100)),
    problems: [
      `${JOB} node-exporter: no policy lets it call DaemonSet sightedit-monitoring-node/node-exporter on TCP 9100`,
    ],
  },
  {
    when: 'the API server is out of reach',
    breaks: (copy) => close(copy, opens(443)),
    problems: [`${JOB} apiserver: no policy lets it call 10.0.0.0/8 on TCP 443, TCP 6443, TCP 8443`],
  },
  {
    when: 'Prometheus has no right to scrape the API server',
    breaks: (copy) => {
      copy.object('ClusterRole sightedit-monitoring-prometheus').rules.pop();
    },
    problems: [`${JOB} apiserver: may not get /metrics, which the API server requires`],
  },
];

export const annotatedPods: Controls = [
  {
    when: 'the application is out of reach',
    breaks: (copy) => close(copy, leadsTo('sightedit')),
    problems: [`${JOB} sightedit-pods: no policy lets it call backend pods of SightEdit on TCP 3000`],
  },
  {
    when: 'another port of the application is open',
    breaks: (copy) => {
      const { egress } = copy.object(policyOf(PROMETHEUS)).spec;
      egress.find(leadsTo('sightedit')).ports[0].port = 8080;
    },
    problems: [`${JOB} sightedit-pods: no policy lets it call backend pods of SightEdit on TCP 3000`],
  },
];

export const kubeletJobs: Controls = [
  {
    when: 'kubelets are out of reach',
    breaks: (copy) => close(copy, opens(10250)),
    problems: ['kubelet', 'cadvisor'].map((job) => `${JOB} ${job}: no policy lets it call 10.0.0.0/8 on TCP 10250`),
  },
  {
    when: 'Prometheus has no right to scrape kubelets',
    breaks: (copy) => {
      copy.object('ClusterRole sightedit-monitoring-prometheus').rules[1].resources = ['nodes/stats'];
    },
    problems: ['kubelet', 'cadvisor'].map((job) => `${JOB} ${job}: may not get nodes/metrics, which kubelets require`),
  },
];

export const staticTargets: Controls = [
  {
    when: 'the prober may not leave the cluster',
    breaks: (copy) => {
      copy.object(policyOf(BLACKBOX_EXPORTER)).spec.egress.pop();
    },
    problems: ['api.sightedit.com/health', 'cdn.sightedit.com/status'].map(
      (url) =>
        `${JOB} blackbox-http: ${BLACKBOX_EXPORTER} cannot call https://${url}: ` +
        `no policy lets it call ${url.split('/')[0]} on TCP 443`,
    ),
  },
  {
    when: 'Prometheus itself calls the public targets',
    breaks: (copy) =>
      edit(copy, 'blackbox-http', (job) => {
        job.relabel_configs = [];
        job.static_configs[0].targets = ['api.sightedit.com:443', 'nonsense'];
      }),
    problems: [
      `${JOB} blackbox-http: ${PROMETHEUS} cannot call api.sightedit.com:443: ` +
        'no policy lets it call api.sightedit.com on TCP 443',
      `${JOB} blackbox-http: target nonsense is not an address`,
    ],
  },
  {
    when: 'the prober is not ours',
    breaks: (copy) =>
      edit(copy, 'blackbox-http', (job) => {
        job.relabel_configs[2].replacement = 'prober.sightedit-monitoring.svc:9115';
      }),
    problems: [
      `${JOB} blackbox-http is sent to prober.sightedit-monitoring.svc:9115, which is not one of our Services`,
    ],
  },
];

export const probeJobs: Controls = [
  {
    when: 'the prober has no such module',
    breaks: (copy) => copy.replace(BLACKBOX_CONFIG, 'config.yml', 'http_2xx:', 'http_get_2xx:'),
    problems: [`${JOB} blackbox-http asks for module http_2xx of ${BLACKBOX_EXPORTER}, which has http_get_2xx`],
  },
  {
    when: 'the job does not pass its target to the prober',
    breaks: (copy) =>
      edit(copy, 'blackbox-http', (job) => {
        job.relabel_configs.shift();
      }),
    problems: [`${JOB} blackbox-http does not pass its target to the prober`],
  },
];
