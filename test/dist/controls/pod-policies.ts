import type { Controls } from './copy';
import { GRAFANA, NODE_EXPORTER } from './names';

const CONTAINER = `${GRAFANA}: container grafana`;
const IMAGE = 'docker.io/grafana/grafana:13.2.3';

export const containerImages: Controls = [
  {
    when: 'an image has no tag',
    breaks: (copy) => {
      copy.container(GRAFANA).image = 'docker.io/grafana/grafana';
    },
    problems: [
      `${CONTAINER}: image docker.io/grafana/grafana has no explicit version`,
      `${CONTAINER}: image docker.io/grafana/grafana is not in the catalogue`,
      `image ${IMAGE} of the catalogue is used by no pod`,
    ],
  },
  {
    when: 'an image has the tag latest',
    breaks: (copy) => {
      copy.pod(GRAFANA).containers.push({ name: 'sidecar', image: 'localhost:5000/grafana/sidecar:latest' });
    },
    problems: [
      `${GRAFANA}: container sidecar: image localhost:5000/grafana/sidecar:latest has no explicit version`,
      `${GRAFANA}: container sidecar: image localhost:5000/grafana/sidecar:latest is not in the catalogue`,
    ],
  },
  {
    when: 'an init container has another version',
    breaks: (copy) => {
      copy.pod(GRAFANA).initContainers = [{ name: 'init', image: 'docker.io/grafana/grafana:13.2.2' }];
    },
    problems: [`${GRAFANA}: container init: image docker.io/grafana/grafana:13.2.2 is not in the catalogue`],
  },
];

export const containerResources: Controls = [
  {
    when: 'a container has no resources',
    breaks: (copy) => {
      delete copy.container(GRAFANA).resources;
    },
    problems: [`${CONTAINER} requests no cpu`, `${CONTAINER} requests no memory`, `${CONTAINER} has no memory limit`],
  },
  {
    when: 'memory has no limit',
    breaks: (copy) => {
      delete copy.container(GRAFANA).resources.limits;
    },
    problems: [`${CONTAINER} has no memory limit`],
  },
];

export const securityContexts: Controls = [
  {
    when: 'a container has no context',
    breaks: (copy) => {
      delete copy.container(GRAFANA).securityContext;
    },
    problems: [
      `${CONTAINER} may gain privileges`,
      `${CONTAINER} can write to its root file system`,
      `${CONTAINER} keeps capabilities`,
    ],
  },
  {
    when: 'a pod has no context',
    breaks: (copy) => {
      delete copy.pod(GRAFANA).securityContext;
    },
    problems: [`${CONTAINER} may run as root`, `${CONTAINER} runs without the seccomp profile RuntimeDefault`],
  },
  {
    when: 'a container overrides the context of the pod',
    breaks: (copy) => {
      Object.assign(copy.container(GRAFANA).securityContext, {
        runAsUser: 0,
        privileged: true,
        capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] },
      });
    },
    problems: [
      `${CONTAINER} runs as root`,
      `${CONTAINER} is privileged`,
      `${CONTAINER} adds the capabilities SYS_ADMIN`,
    ],
  },
];

export const hostAccess: Controls = [
  {
    when: 'a pod in the restricted namespace mounts the host',
    breaks: (copy) => {
      copy.pod(GRAFANA).volumes.push({ name: 'host', hostPath: { path: '/' } });
    },
    problems: [`${GRAFANA} has volume host, which restricted pods may not have, in a namespace that is not privileged`],
  },
  {
    when: 'a pod in the restricted namespace takes a port of the node',
    breaks: (copy) => {
      copy.container(GRAFANA).ports[0].hostPort = 3000;
    },
    problems: [`${GRAFANA} has hostPort 3000 in a namespace that is not privileged`],
  },
  {
    when: 'a pod in the privileged namespace does not use the host',
    breaks: (copy) => {
      Object.assign(copy.pod(NODE_EXPORTER), { hostNetwork: undefined, hostPID: undefined, volumes: [] });
    },
    problems: [`${NODE_EXPORTER} is in a privileged namespace but does not use the host`],
  },
  {
    when: 'the namespace enforces less',
    breaks: (copy) => {
      copy.object(GRAFANA).metadata.namespace = 'sightedit';
    },
    problems: ['Deployment sightedit/grafana is in a namespace that enforces nothing'],
  },
];

export const containerProbes: Controls = [
  {
    when: 'a container has no liveness probe',
    breaks: (copy) => {
      delete copy.container(GRAFANA).livenessProbe;
    },
    problems: [`${CONTAINER} has no livenessProbe`],
  },
  {
    when: 'a container has no readiness probe',
    breaks: (copy) => {
      delete copy.container(NODE_EXPORTER).readinessProbe;
    },
    problems: [`${NODE_EXPORTER}: container node-exporter has no readinessProbe`],
  },
];
