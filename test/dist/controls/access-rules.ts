import type { Controls } from './copy';

const CLUSTER_ROLE = 'ClusterRole sightedit-monitoring-prometheus';
const ROLE = 'Role sightedit/sightedit-monitoring-prometheus';

export const accessRules: Controls = [
  {
    when: 'a role reads every resource',
    breaks: (copy) => {
      copy.object(ROLE).rules[0].resources = ['*'];
    },
    problems: [`${ROLE} has the wildcard *`],
  },
  {
    when: 'a role may do everything',
    breaks: (copy) => {
      copy.object(ROLE).rules[1].verbs = ['*'];
    },
    problems: [`${ROLE} has the wildcard *`],
  },
  {
    when: 'a role reads Secrets',
    breaks: (copy) => {
      copy.object(ROLE).rules[0].resources.push('secrets');
    },
    problems: [`${ROLE} reaches secrets`],
  },
  {
    when: 'a role goes through the kubelet',
    breaks: (copy) => {
      copy.object(CLUSTER_ROLE).rules[1].resources = ['nodes/proxy'];
    },
    problems: [`${CLUSTER_ROLE} reaches nodes/proxy`],
  },
  {
    when: 'a role changes something',
    breaks: (copy) => {
      copy.object(CLUSTER_ROLE).rules[0].verbs.push('patch');
    },
    problems: [`${CLUSTER_ROLE} may patch nodes`],
  },
];
