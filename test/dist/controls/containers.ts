import type { Controls } from './copy';
import { ALERTMANAGER, GRAFANA, KUBE_STATE_METRICS, PROMETHEUS, PROMETHEUS_CONFIG } from './names';

export const variables: Controls = [
  {
    when: 'a variable of an argument is gone',
    breaks: (copy) => {
      copy.container(ALERTMANAGER).env = [];
    },
    problems: [`${ALERTMANAGER} expands $(POD_IP), which container alertmanager does not define`],
  },
  {
    when: 'a variable expands another one that is not defined',
    breaks: (copy) => {
      copy.container(GRAFANA).env.push({ name: 'GF_SERVER_DOMAIN', value: '$(DOMAIN), not $$(DOMAIN)' });
    },
    problems: [`${GRAFANA} expands $(DOMAIN), which container grafana does not define`],
  },
];

export const externalLabelVariables: Controls = [
  {
    when: 'the name of the replica is gone',
    breaks: (copy) => {
      delete copy.container(PROMETHEUS).env;
    },
    problems: [`${PROMETHEUS} labels its alerts with \${POD_NAME}, which no container defines`],
  },
  {
    when: 'a label has a typo',
    breaks: (copy) => copy.replace(PROMETHEUS_CONFIG, 'prometheus.yml', '${POD_NAME}', '${PODNAME}'),
    problems: [`${PROMETHEUS} labels its alerts with \${PODNAME}, which no container defines`],
  },
];

export const probePorts: Controls = [
  {
    when: 'a probe names a port of another component',
    breaks: (copy) => {
      copy.container(GRAFANA).livenessProbe.httpGet.port = 'telemetry';
    },
    problems: [`${GRAFANA}: livenessProbe probes port telemetry, on which container grafana does not listen`],
  },
  {
    when: 'a port is renamed under a probe',
    breaks: (copy) => {
      copy.container(KUBE_STATE_METRICS).ports[1].name = 'self';
    },
    problems: [
      `${KUBE_STATE_METRICS}: readinessProbe probes port telemetry, on which container kube-state-metrics does not listen`,
    ],
  },
  {
    when: 'a probe has the number of a port that nothing listens on',
    breaks: (copy) => {
      copy.container(GRAFANA).startupProbe = { tcpSocket: { port: 3001 } };
    },
    problems: [`${GRAFANA}: startupProbe probes port 3001, on which container grafana does not listen`],
  },
];
