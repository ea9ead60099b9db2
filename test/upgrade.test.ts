import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ReleasedObject, type UpgradeProblem, upgradeProblems } from '../scripts/upgrade/problems';
import { keptReleases, readRelease } from '../scripts/upgrade/release';
import { readManifests } from '../testing/manifests';
import { ROOT } from '../tools/catalogue';

const CHANGELOG = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');

/** Text of the sections "Upgrade" of the changelog. */
function upgradeNotes(): string {
  return CHANGELOG.split(/^### /m)
    .filter((section) => section.startsWith('Upgrade'))
    .join('\n');
}

/** Problems that no section "Upgrade" names by the object's name. */
function unexplained(problems: readonly UpgradeProblem[], notes: string): readonly UpgradeProblem[] {
  return problems.filter(({ object }) => !notes.includes(`\`${object.split('/').at(-1)!.split(' ').at(-1)}\``));
}

describe('An upgrade to these manifests', () => {
  const manifests = readManifests() as ReleasedObject[];

  test('is checked from every release that was kept', () => {
    expect(keptReleases()).toContain('0.1.0');
    expect(readRelease('0.1.0').length).toBeGreaterThan(100);
  });

  test.each(keptReleases())('from %s changes no immutable field, or the changelog says what to do', (version) => {
    expect(unexplained(upgradeProblems(readRelease(version), manifests), upgradeNotes())).toEqual([]);
  });
});

describe('A change is found', () => {
  const release = readRelease('0.1.0');

  /** Problems after a change of the object that `pick` finds. */
  function problemsAfter(kind: string, name: string, change: (object: Record<string, never>) => void) {
    const next = JSON.parse(JSON.stringify(release)) as ReleasedObject[];
    const object = next.find((each) => each.kind === kind && each.metadata.name === name)!;
    change(object as never);
    return upgradeProblems(release, next).map(({ object: where, field }) => `${where}: ${field}`);
  }

  // biome-ignore lint/suspicious/noExplicitAny: a manifest has as many shapes as Kubernetes has kinds
  const cases: [string, string, string, (object: any) => void, string[]][] = [
    [
      'of the size of a claim template',
      'StatefulSet',
      'prometheus',
      ({ spec }) => {
        spec.volumeClaimTemplates[0].spec.resources.requests.storage = '1Ti';
      },
      ['StatefulSet sightedit-monitoring/prometheus: spec.volumeClaimTemplates'],
    ],
    [
      'of how pods of a StatefulSet start',
      'StatefulSet',
      'alertmanager',
      ({ spec }) => {
        delete spec.podManagementPolicy;
      },
      ['StatefulSet sightedit-monitoring/alertmanager: spec.podManagementPolicy'],
    ],
    [
      'of a selector',
      'Deployment',
      'grafana',
      ({ spec }) => {
        spec.selector.matchLabels.tier = 'web';
      },
      ['Deployment sightedit-monitoring/grafana: spec.selector'],
    ],
    [
      'of a headless Service',
      'Service',
      'node-exporter',
      ({ spec }) => {
        delete spec.clusterIP;
      },
      ['Service sightedit-monitoring-node/node-exporter: spec.clusterIP'],
    ],
    [
      'of the class of a claim',
      'PersistentVolumeClaim',
      'grafana',
      ({ spec }) => {
        spec.storageClassName = 'fast';
      },
      ['PersistentVolumeClaim sightedit-monitoring/grafana: spec.storageClassName'],
    ],
    [
      'of a bound role',
      'ClusterRoleBinding',
      'sightedit-monitoring-prometheus',
      ({ roleRef }) => {
        roleRef.name = 'view';
      },
      ['ClusterRoleBinding sightedit-monitoring-prometheus: roleRef'],
    ],
    [
      'of a name, which leaves the old object behind',
      'Service',
      'grafana',
      ({ metadata }) => {
        metadata.name = 'dashboards';
      },
      ['Service sightedit-monitoring/grafana: removed'],
    ],
    [
      'of pods, replicas and a growing claim: none of them is a problem',
      'PersistentVolumeClaim',
      'grafana',
      ({ spec }) => {
        spec.resources.requests.storage = '1Ti';
      },
      [],
    ],
  ];
  test.each(cases)('%s', (_name, kind, name, change, expected) => {
    expect(problemsAfter(kind, name, change)).toEqual(expected);
  });

  test('and is no problem once the changelog names the object', () => {
    const problem = { object: 'StatefulSet sightedit-monitoring/prometheus', field: 'spec.selector', fix: '' };
    expect(unexplained([problem], 'no word')).toEqual([problem]);
    expect(unexplained([problem], 'delete the StatefulSet `prometheus` first')).toEqual([]);
  });
});
