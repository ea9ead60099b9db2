import type { Controls } from './copy';
import { ALERTMANAGER, GRAFANA, PROMETHEUS, serviceOf } from './names';

export const serviceSelectors: Controls = [
  {
    when: 'a selector has a typo',
    breaks: (copy) => {
      copy.object(serviceOf(GRAFANA)).spec.selector = { 'app.kubernetes.io/name': 'grafan' };
    },
    problems: ['Service sightedit-monitoring/grafana selects no pods, not one workload'],
  },
  {
    when: 'the workload of a Service is gone',
    breaks: (copy) => copy.remove(GRAFANA),
    problems: ['Service sightedit-monitoring/grafana selects no pods, not one workload'],
  },
  {
    when: 'two workloads share their labels',
    breaks: (copy) => {
      copy.add(GRAFANA, ({ metadata }) => {
        metadata.name = 'grafana-canary';
      });
    },
    problems: [
      'Service sightedit-monitoring/grafana selects Deployment sightedit-monitoring/grafana and ' +
        'Deployment sightedit-monitoring/grafana-canary, not one workload',
    ],
  },
];

export const servicePorts: Controls = [
  {
    when: 'a Service names a port that no container has',
    breaks: (copy) => {
      copy.object(serviceOf(GRAFANA)).spec.ports[0].targetPort = 'web';
    },
    problems: [
      'Service sightedit-monitoring/grafana sends http to TCP web, ' +
        'on which Deployment sightedit-monitoring/grafana does not listen',
    ],
  },
  {
    when: 'a Service sends UDP to a TCP port',
    breaks: (copy) => {
      copy.object('Service sightedit-monitoring/alertmanager-headless').spec.ports[1].protocol = 'UDP';
    },
    problems: [
      'Service sightedit-monitoring/alertmanager-headless sends gossip-tcp to UDP gossip-tcp, ' +
        `on which ${ALERTMANAGER} does not listen`,
    ],
  },
  {
    when: 'a container names no port',
    breaks: (copy) => {
      copy.container(GRAFANA).ports = [];
    },
    problems: [
      'Service sightedit-monitoring/grafana sends http to TCP http, ' +
        'on which Deployment sightedit-monitoring/grafana does not listen',
    ],
  },
];

export const statefulSetServices: Controls = [
  {
    when: 'the headless Service is gone',
    breaks: (copy) => copy.remove('Service sightedit-monitoring/prometheus-headless'),
    problems: [`${PROMETHEUS}: Service sightedit-monitoring/prometheus-headless does not exist`],
  },
  {
    when: 'the Service is not headless',
    breaks: (copy) => {
      copy.object(PROMETHEUS).spec.serviceName = 'prometheus';
    },
    problems: [`${PROMETHEUS}: Service sightedit-monitoring/prometheus is not headless`],
  },
  {
    when: 'the Service selects other pods',
    breaks: (copy) => {
      copy.object(PROMETHEUS).spec.serviceName = 'alertmanager-headless';
    },
    problems: [`${PROMETHEUS}: Service sightedit-monitoring/alertmanager-headless selects other pods`],
  },
];

export const podSelectors: Controls = [
  {
    when: 'a budget selects no pods',
    breaks: (copy) => {
      copy.object('PodDisruptionBudget sightedit-monitoring/prometheus').spec.selector.matchLabels = {
        app: 'prometheus',
      };
    },
    problems: ['PodDisruptionBudget sightedit-monitoring/prometheus selects no pods'],
  },
  {
    when: 'a policy outlives its workload',
    breaks: (copy) => copy.remove(GRAFANA),
    problems: ['NetworkPolicy sightedit-monitoring/grafana selects no pods'],
  },
  {
    when: 'a policy for the application is in the wrong namespace',
    breaks: (copy) => {
      copy.object('NetworkPolicy sightedit/monitoring-to-redis').metadata.namespace = 'default';
    },
    problems: ['NetworkPolicy default/monitoring-to-redis selects no pods'],
  },
];
