import { httpProbe, type LokiStackProps } from '../../../constructs';
import { type CheckName, checks } from '../../dist/closure';
import { component, stateful } from '../kit/sample';
import { S3, stack } from './sample';

/** Checks that know the namespaces and the images of SightEdit. */
const OF_SIGHTEDIT: readonly CheckName[] = ['objectNamespaces', 'containerImages', 'hostAccess', 'guestPolicies'];

/**
 * Checks that each address and path of a file is for the pod that has it. The components of a distributed Loki have one
 * file, and each uses its part of it; `networks` in `loki-stack.test.ts` checks those.
 */
const OF_SINGLE_FILES: readonly CheckName[] = ['connections', 'filePaths'];

const MODES: readonly [mode: string, props: LokiStackProps, skipped: readonly CheckName[]][] = [
  ['monolithic', {}, OF_SIGHTEDIT],
  ['replicated', { objectStorage: S3 }, OF_SIGHTEDIT],
  [
    'distributed',
    { mode: 'distributed', objectStorage: S3, zones: ['a', 'b', 'c'] },
    [...OF_SIGHTEDIT, ...OF_SINGLE_FILES],
  ],
];

describe.each(MODES)('a %s Loki', (_mode, props, skipped) => {
  const { chart, loki, manifests } = stack(props);
  loki.addRules('shop', {
    groups: [{ name: 'shop', rules: [{ record: 'shop:lines', expr: 'count_over_time({app="shop"}[1m])' }] }],
  });
  const probe = httpProbe('/-/healthy');
  const workload = stateful(3);
  const probes = { readiness: probe, liveness: probe };
  loki.addAlertmanager(component(chart, { name: 'alertmanager', workload, probes }).endpoint());
  const written = manifests();

  const names = (Object.keys(checks) as CheckName[]).filter((name) => !skipped.includes(name));
  test.each(names)('leaves nothing dangling: %s', (name) => {
    expect(checks[name](written)).toEqual([]);
  });
});
