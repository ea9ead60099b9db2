import type { Part } from '../graph/pods';
import type { Controls, Copy } from './copy';
import {
  ALERTMANAGER,
  BLACKBOX_EXPORTER,
  GRAFANA,
  NODE_EXPORTER,
  PROMETHEUS,
  policyOf,
  REDIS_EXPORTER,
  REMEDIATION_WEBHOOK,
} from './names';

const TO_REDIS = 'NetworkPolicy sightedit/monitoring-to-redis';

/** The rules of a workload's policy. */
function rules(copy: Copy, workload: string, direction: 'ingress' | 'egress'): Part[] {
  return copy.object(policyOf(workload)).spec[direction];
}

/** Removes the rules of a workload's policy for a port. */
function close(copy: Copy, workload: string, direction: 'ingress' | 'egress', port: number): void {
  const { spec } = copy.object(policyOf(workload));
  spec[direction] = spec[direction].filter(({ ports }: Part) => ports[0].port !== port);
}

export const defaultDeny: Controls = [
  {
    when: 'a namespace has no default',
    breaks: (copy) => copy.remove('NetworkPolicy sightedit-monitoring-node/default-deny'),
    problems: [
      'Namespace sightedit-monitoring-node does not deny Ingress by default',
      'Namespace sightedit-monitoring-node does not deny Egress by default',
    ],
  },
  {
    when: 'the default denies one direction only',
    breaks: (copy) => {
      copy.object('NetworkPolicy sightedit-monitoring/default-deny').spec.policyTypes = ['Ingress'];
    },
    problems: ['Namespace sightedit-monitoring does not deny Egress by default'],
  },
  {
    when: 'the default allows something',
    breaks: (copy) => {
      copy.object('NetworkPolicy sightedit-monitoring/default-deny').spec.egress = [{}];
    },
    problems: [
      'Namespace sightedit-monitoring does not deny Ingress by default',
      'Namespace sightedit-monitoring does not deny Egress by default',
    ],
  },
];

export const openRules: Controls = [
  {
    when: 'a rule is empty',
    breaks: (copy) => {
      rules(copy, GRAFANA, 'egress').push({});
    },
    problems: [
      'NetworkPolicy sightedit-monitoring/grafana: an egress rule names no peer, which means everybody',
      'NetworkPolicy sightedit-monitoring/grafana: an egress rule names no port, which means all of them',
    ],
  },
  {
    when: 'a list of peers is empty',
    breaks: (copy) => {
      rules(copy, GRAFANA, 'ingress')[0].from = [];
    },
    problems: ['NetworkPolicy sightedit-monitoring/grafana: an ingress rule names no peer, which means everybody'],
  },
  {
    when: 'a peer is a whole namespace',
    breaks: (copy) => {
      rules(copy, GRAFANA, 'ingress')[0].from = [{ podSelector: {} }];
    },
    problems: [
      'NetworkPolicy sightedit-monitoring/grafana: an ingress rule has a peer without labels, ' +
        'which means a whole namespace',
    ],
  },
  {
    when: 'a peer may be in any namespace',
    breaks: (copy) => {
      rules(copy, GRAFANA, 'ingress')[0].from[0].namespaceSelector = {};
    },
    problems: ['NetworkPolicy sightedit-monitoring/grafana: an ingress rule has a peer in every namespace'],
  },
  {
    when: 'the Internet has no exceptions',
    breaks: (copy) => {
      delete rules(copy, BLACKBOX_EXPORTER, 'egress')[1].to[0].ipBlock.except;
    },
    problems: [
      'NetworkPolicy sightedit-monitoring/blackbox-exporter: an egress rule means the Internet ' +
        'but includes private addresses',
    ],
  },
];

export const policyTypes: Controls = [
  {
    when: 'a direction is not named',
    breaks: (copy) => {
      copy.object(policyOf(GRAFANA)).spec.policyTypes = ['Ingress'];
    },
    problems: ['NetworkPolicy sightedit-monitoring/grafana has egress rules but not the type Egress'],
  },
  {
    when: 'no direction is named',
    breaks: (copy) => {
      delete copy.object(TO_REDIS).spec.policyTypes;
    },
    problems: [`${TO_REDIS} has ingress rules but not the type Ingress`],
  },
];

export const nameResolution: Controls = [
  {
    when: 'a component may not ask the DNS',
    breaks: (copy) => close(copy, GRAFANA, 'egress', 53),
    problems: [
      `${GRAFANA} cannot reach kube-dns pods on UDP 53`,
      `${GRAFANA} cannot reach kube-dns pods on TCP 53`,
      `${GRAFANA} cannot reach node-local-dns pods on UDP 53`,
      `${GRAFANA} cannot reach node-local-dns pods on TCP 53`,
    ],
  },
  {
    when: 'the DNS may answer by UDP only',
    breaks: (copy) => {
      rules(copy, REDIS_EXPORTER, 'egress')[0].ports.pop();
    },
    problems: [
      `${REDIS_EXPORTER} cannot reach kube-dns pods on TCP 53`,
      `${REDIS_EXPORTER} cannot reach node-local-dns pods on TCP 53`,
    ],
  },
  {
    when: 'the DNS is expected in our namespace',
    breaks: (copy) => {
      for (const peer of rules(copy, NODE_EXPORTER, 'egress')[0].to) {
        delete peer.namespaceSelector;
      }
    },
    problems: [
      `${NODE_EXPORTER} cannot reach kube-dns pods on UDP 53`,
      `${NODE_EXPORTER} cannot reach kube-dns pods on TCP 53`,
    ],
  },
  {
    when: 'the DNS on the network of the node is selected by labels',
    breaks: (copy) => {
      const [{ to }] = rules(copy, GRAFANA, 'egress');
      to[1] = { ...to[0], podSelector: { matchLabels: { 'k8s-app': 'node-local-dns' } } };
    },
    problems: [
      `${GRAFANA} cannot reach node-local-dns pods on UDP 53`,
      `${GRAFANA} cannot reach node-local-dns pods on TCP 53`,
    ],
  },
  {
    when: 'the DNS on the node is expected in the range of the nodes',
    breaks: (copy) => {
      rules(copy, GRAFANA, 'egress')[0].to[1].ipBlock.cidr = '10.0.0.0/8';
    },
    problems: [
      `${GRAFANA} cannot reach node-local-dns pods on UDP 53`,
      `${GRAFANA} cannot reach node-local-dns pods on TCP 53`,
    ],
  },
];

export const policyPeers: Controls = [
  {
    when: 'a label has a typo',
    breaks: (copy) => {
      rules(copy, GRAFANA, 'egress')[1].to[0].podSelector.matchLabels = { 'app.kubernetes.io/name': 'prometeus' };
    },
    problems: [
      'NetworkPolicy sightedit-monitoring/grafana: no pods match the egress peer ' +
        '{"podSelector":{"matchLabels":{"app.kubernetes.io/name":"prometeus"}}}',
    ],
  },
  {
    when: 'a namespace is left out',
    breaks: (copy) => {
      delete rules(copy, REDIS_EXPORTER, 'egress')[1].to[0].namespaceSelector;
    },
    problems: [
      'NetworkPolicy sightedit-monitoring/redis-exporter: no pods match the egress peer ' +
        '{"podSelector":{"matchLabels":{"app.kubernetes.io/name":"redis"}}}',
    ],
  },
  {
    when: 'a policy for the application admits pods of the application',
    breaks: (copy) => {
      delete copy.object(TO_REDIS).spec.ingress[0].from[0].namespaceSelector;
    },
    problems: [
      `${TO_REDIS}: no pods match the ingress peer ` +
        '{"podSelector":{"matchLabels":{"app.kubernetes.io/managed-by":"cdk8s","app.kubernetes.io/name":"redis-exporter"}}}',
    ],
  },
  {
    when: 'pods on the network of the node are selected by labels',
    breaks: (copy) => {
      rules(copy, PROMETHEUS, 'egress').push({
        to: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'sightedit-monitoring-node' } },
            podSelector: { matchLabels: { 'app.kubernetes.io/name': 'node-exporter' } },
          },
        ],
        ports: [{ port: 9100, protocol: 'TCP' }],
      });
    },
    problems: [
      'NetworkPolicy sightedit-monitoring/prometheus: no pods match the egress peer ' +
        '{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"sightedit-monitoring-node"}},' +
        '"podSelector":{"matchLabels":{"app.kubernetes.io/name":"node-exporter"}}}',
    ],
  },
];

export const policyPorts: Controls = [
  {
    when: 'both sides agree on a port that nobody listens on',
    breaks: (copy) => {
      rules(copy, GRAFANA, 'egress')[1].ports[0].port = 9091;
      rules(copy, PROMETHEUS, 'ingress')[1].ports[0].port = 9091;
    },
    problems: [
      `${GRAFANA} may call ${PROMETHEUS} on TCP 9091, on which it does not listen`,
      `${PROMETHEUS} admits others on TCP 9091, on which it does not listen`,
    ],
  },
  {
    when: 'the application is admitted on a port of the Service, not of its pods',
    breaks: (copy) => {
      copy.object(TO_REDIS).spec.ingress[0].ports[0].port = 80;
    },
    problems: ['Redis pods of SightEdit admits others on TCP 80, on which it does not listen'],
  },
  {
    when: 'a protocol is wrong',
    breaks: (copy) => {
      rules(copy, REDIS_EXPORTER, 'egress')[1].ports[0].protocol = 'UDP';
    },
    problems: [`${REDIS_EXPORTER} may call Redis pods of SightEdit on UDP 6379, on which it does not listen`],
  },
  {
    when: 'the address of the DNS on the node is open on another port',
    breaks: (copy) => {
      rules(copy, GRAFANA, 'egress').push({
        to: [{ ipBlock: { cidr: '169.254.20.10/32' } }],
        ports: [{ port: 80, protocol: 'TCP' }],
      });
    },
    problems: [`${GRAFANA} may call node-local-dns pods on TCP 80, on which it does not listen`],
  },
];

export const egressAdmitted: Controls = [
  {
    when: 'a component does not admit its client',
    breaks: (copy) => {
      const policy = copy.object(policyOf(PROMETHEUS)).spec;
      policy.ingress = policy.ingress.filter((rule: Part) => !JSON.stringify(rule).includes('"grafana"'));
    },
    problems: [`${GRAFANA} may call ${PROMETHEUS} on TCP 9090, which does not admit it`],
  },
  {
    when: 'replicas do not admit each other on one of two protocols',
    breaks: (copy) => {
      rules(copy, ALERTMANAGER, 'ingress')[0].ports.pop();
    },
    problems: [`${ALERTMANAGER} may call ${ALERTMANAGER} on UDP 9094, which does not admit it`],
  },
  {
    when: 'the application has no policy that admits us',
    breaks: (copy) => copy.remove(TO_REDIS),
    problems: [REDIS_EXPORTER, REMEDIATION_WEBHOOK].map(
      (client) => `${client} may call Redis pods of SightEdit on TCP 6379, which does not admit it`,
    ),
  },
  {
    when: 'pods on the network of the node do not admit their client',
    breaks: (copy) => {
      copy.object(policyOf(NODE_EXPORTER)).spec.ingress = [];
    },
    problems: [`${PROMETHEUS} may call ${NODE_EXPORTER} on TCP 9100, which does not admit it`],
  },
];

export const ingressUsed: Controls = [
  {
    when: 'a client has no egress rule',
    breaks: (copy) => {
      close(copy, GRAFANA, 'egress', 9090);
    },
    problems: [`${PROMETHEUS} admits ${GRAFANA} on TCP 9090, which may not call it`],
  },
  {
    when: 'the application admits a client that does not call',
    breaks: (copy) => {
      copy.object(TO_REDIS).spec.ingress[0].from[0].podSelector.matchLabels = { 'app.kubernetes.io/name': 'grafana' };
    },
    problems: [`Redis pods of SightEdit admits ${GRAFANA} on TCP 6379, which may not call it`],
  },
  {
    when: 'the range of the nodes is closed',
    breaks: (copy) => close(copy, PROMETHEUS, 'egress', 9100),
    problems: [`${NODE_EXPORTER} admits ${PROMETHEUS} on TCP 9100, which may not call it`],
  },
];

export const guestPolicies: Controls = [
  {
    when: 'a policy restricts the application',
    breaks: (copy) => {
      copy.object(TO_REDIS).spec.policyTypes.push('Egress');
    },
    problems: [`${TO_REDIS} restricts egress`],
  },
  {
    when: 'a policy selects every pod of the application',
    breaks: (copy) => {
      copy.object(TO_REDIS).spec.podSelector = {};
    },
    problems: [`${TO_REDIS} is about every pod`],
  },
];
