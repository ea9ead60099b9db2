import { inScheduling, type PodOptions, type Scheduling, scratch } from '../../../constructs';
import { manifestsOf, podOf, render, testChart } from '../../../testing/render';
import { settingError } from '../../support/setting-error';
import { component, stateful } from './sample';

const AGENT = { kind: 'DaemonSet' } as const;
const TWO = { kind: 'Deployment', replicas: 2 } as const;

/** The pod of a component in a chart with such a scheduling. */
function specIn(
  scheduling: Scheduling,
  workload: Parameters<typeof stateful>[0] | typeof AGENT | typeof TWO,
  pod?: PodOptions,
) {
  const chart = inScheduling(testChart(), scheduling);
  component(chart, { workload: typeof workload === 'number' ? stateful(workload) : workload, pod });
  return podOf(manifestsOf(chart), 'demo').spec;
}

describe('an agent', () => {
  test('is not scheduled on nodes by name only, on which its pod would stay pending', () => {
    const { affinity } = specIn({}, AGENT);
    const [term] = affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
    expect(term.matchExpressions).toEqual([
      { key: 'eks.amazonaws.com/compute-type', operator: 'NotIn', values: ['fargate'] },
      { key: 'type', operator: 'NotIn', values: ['virtual-kubelet'] },
      { key: 'kubernetes.io/os', operator: 'NotIn', values: ['windows'] },
    ]);
  });

  test('has a priority class of its own', () => {
    const classes = { serverPriorityClass: 'watch', agentPriorityClass: 'watch-node' };
    expect(specIn(classes, AGENT).priorityClassName).toBe('watch-node');
    expect(specIn(classes, 2).priorityClassName).toBe('watch');
    expect(specIn(classes, TWO, { priorityClassName: 'mine' }).priorityClassName).toBe('mine');
    expect(specIn({}, AGENT)).not.toHaveProperty('priorityClassName');
  });
});

describe('replicas', () => {
  test('do not count a cordoned or tainted node as a place for one of them', () => {
    for (const workload of [2, TWO] as const) {
      const spread = specIn({}, workload).topologySpreadConstraints;
      expect(spread).toHaveLength(2);
      expect(spread).toEqual(spread.map((each: object) => ({ ...each, nodeTaintsPolicy: 'Honor' })));
    }
  });
});

describe('the cluster autoscaler', () => {
  const SAFE = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';
  const annotations = (workload: typeof TWO | typeof AGENT, pod?: PodOptions) => {
    const mounts = [scratch('tmp', '/tmp'), scratch('cache', '/cache')];
    return podOf(
      render((chart) => component(chart, { workload, mounts, pod })),
      'demo',
    ).metadata.annotations;
  };

  test('may remove a node with a pod whose scratch space goes with it', () => {
    expect(annotations(TWO)).toEqual({ [SAFE]: 'tmp,cache' });
  });

  test('is told of volumes that the caller mounts, and the caller has the last word', () => {
    expect(annotations(TWO, { mounts: [scratch('more', '/more')] })).toEqual({ [SAFE]: 'tmp,cache,more' });
    expect(annotations(TWO, { annotations: { [SAFE]: '' } })).toEqual({ [SAFE]: '' });
  });

  test('needs no word about the pods of a DaemonSet', () => {
    expect(annotations(AGENT)).toBeUndefined();
  });
});

test('the claim stands before the Deployment that mounts it', () => {
  const storage = { path: '/data', size: '1Gi' };
  const kinds = render((chart) => component(chart, { workload: { kind: 'Deployment', replicas: 1, storage } })).map(
    ({ kind }) => kind,
  );
  expect(kinds.indexOf('PersistentVolumeClaim')).toBeGreaterThanOrEqual(0);
  expect(kinds.indexOf('PersistentVolumeClaim')).toBeLessThan(kinds.indexOf('Deployment'));
});

test.each<[string, Scheduling]>([
  [
    'scheduling.agentPriorityClass is "My Class": write lower-case letters, digits, dashes and dots, at most 253',
    { agentPriorityClass: 'My Class' },
  ],
])('%s', (message, scheduling) => {
  expect(settingError(() => inScheduling(testChart(), scheduling)).message).toBe(message);
});
