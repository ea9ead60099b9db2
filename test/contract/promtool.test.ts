import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { load } from 'js-yaml';
import { resolveSettings, sightEdit } from '../../charts';
import { dashboardFor } from '../../dashboards';
import { toYaml } from '../../formats/yaml';
import { type AlertingRule, isAlertingRule, RuleCatalogue, type RuleFile, rulesOf } from '../../rules';
import { neededFor } from '../../scripts/mutation/needed';
import { temporaryDirectory } from '../../testing/cleanup';
import { layOutPrometheus, layOutRules, writeInto } from '../../testing/files';
import { type Manifest, readManifests } from '../../testing/manifests';
import { sightEditPlatform } from '../../testing/platform';
import { ROOT } from '../../tools/catalogue';
import { ACCEPTED, complaints, describeWithTools, runTool, startTool } from '../support/tools';

const TESTS = join(ROOT, 'rules', 'tests');
const { links } = resolveSettings(sightEdit, 'production');

/** The parts of a promtool test file that are rewritten here. */
interface PromtoolTest {
  rule_files: string[];
  tests: { alert_rule_test?: { exp_alerts?: { exp_annotations?: Record<string, string> }[] }[] }[];
}

/** The alerts of rule files, by name, with their files. */
function alertsIn(files: readonly string[]): Map<string, { rule: AlertingRule; file: RuleFile }> {
  const read = files.map((path) => ({
    topic: basename(path, '.yaml'),
    groups: (load(readFileSync(path, 'utf8')) as RuleFile).groups,
  }));
  return new Map(
    read.flatMap((file) =>
      rulesOf([file])
        .filter(isAlertingRule)
        .map((rule) => [rule.alert, { rule, file }] as const),
    ),
  );
}

/**
 * The tests of the alerts in some rule files, extended by the derived links. Each test loads only its alert and the
 * records that the alert reads: evaluating all other rules of the file takes most of the time.
 */
function adaptedTests(ruleFiles: readonly string[], root: string): string[] {
  const alerts = alertsIn(ruleFiles);
  return readdirSync(TESTS)
    .filter((file) => alerts.has(basename(file, '.yaml')))
    .map((file) => {
      const { rule, file: rules } = alerts.get(basename(file, '.yaml'))!;
      const test = load(readFileSync(join(TESTS, file), 'utf8')) as PromtoolTest;
      expect(test.rule_files.map((path) => basename(path))).toEqual([`${rules.topic}.yaml`]);
      const { groups } = neededFor(rule.alert, rules);
      test.rule_files = [writeInto(root, `tests/rules/${file}`, toYaml({ groups }))];
      for (const { exp_alerts = [] } of test.tests.flatMap(({ alert_rule_test = [] }) => alert_rule_test)) {
        for (const expected of exp_alerts) {
          expected.exp_annotations = { ...expected.exp_annotations, ...derivedLinks(rule) };
        }
      }
      return writeInto(root, `tests/${file}`, toYaml(test));
    });
}

function derivedLinks({ alert, labels }: AlertingRule): Record<string, string> {
  const uid = dashboardFor(labels.category);
  return {
    runbook_url: `${links.runbooks}/${alert}`,
    ...(uid ? { dashboard_url: `${links.grafana}/d/${uid}` } : {}),
  };
}

describeWithTools(['promtool'], 'Prometheus accepts what is in dist', () => {
  const root = temporaryDirectory();
  const config = layOutPrometheus(readManifests(), root);

  it('has a configuration that promtool accepts', () => {
    expect(runTool('promtool', 'check', 'config', '--lint=all', config)).toEqual(ACCEPTED);
  });

  it('rejects a configuration with an unknown field', () => {
    const broken = writeInto(
      root,
      'broken.yml',
      readFileSync(config, 'utf8').replace('scrape_interval', 'scrape_intervall'),
    );
    expect(runTool('promtool', 'check', 'config', broken).code).not.toBe(0);
  });
});

/** Rule files that only a self-managed cluster has. */
function hiddenRules(root: string): string[] {
  const shown = layOutRules(readManifests(), join(root, 'dist')).map((file) => basename(file));
  return layOutRules(sightEditPlatform({ platform: 'kubeadm' }).manifests, join(root, 'all')).filter(
    (file) => !shown.includes(basename(file)),
  );
}

describe.each([
  ['in dist', (root: string) => layOutRules(readManifests(), root)],
  ['that only a self-managed cluster has', hiddenRules],
])('The rules %s', (title, layOut) => {
  describeWithTools(['promtool'], `promtool on the rules ${title}`, () => {
    const root = temporaryDirectory();
    const ruleFiles = layOut(root);

    it('have no error and no lint', () => {
      expect(runTool('promtool', 'check', 'rules', '--lint=all', '--lint-fatal', ...ruleFiles)).toEqual(ACCEPTED);
    });

    it('fire, stay quiet and recover as their tests say', async () => {
      const tests = adaptedTests(ruleFiles, root);
      expect(tests).toHaveLength(alertsIn(ruleFiles).size);
      // promtool runs its tests one after the other: two processes use two cores.
      const halves = [0, 1].map((half) => tests.filter((_, index) => index % 2 === half));
      const outcomes = await Promise.all(halves.map((half) => startTool('promtool', 'test', 'rules', ...half)));
      expect(outcomes.map(complaints)).toEqual(['', '']);
    }, 600_000);
  });
});

describeWithTools(['promtool'], 'A rule that changed', () => {
  it('fails its test', () => {
    const root = temporaryDirectory();
    const files = layOutRules(readManifests(), root);
    const nodes = files.find((file) => basename(file) === 'nodes.yaml')!;
    writeInto(root, 'etc/prometheus/rules/nodes.yaml', readFileSync(nodes, 'utf8').replace('for: 5m', 'for: 50m'));
    const [test] = adaptedTests([nodes], root).filter((file) => file.endsWith('NodeNotReady.yaml'));
    expect(runTool('promtool', 'test', 'rules', test!)).toMatchObject({ code: 1 });
  });
});

describeWithTools(['promtool'], "The example of a team's own rules", () => {
  it('fires, stays quiet and recovers as its tests say', () => {
    const example = join(ROOT, 'examples', 'payments');
    const root = temporaryDirectory();
    const { files } = RuleCatalogue.read({ rules: join(example, 'rules'), runbooks: join(example, 'runbooks') });
    for (const { topic, groups } of files) {
      writeInto(root, `rules/${topic}.yaml`, toYaml({ groups }));
    }
    const tests = join(example, 'rules', 'tests');
    const copies = readdirSync(tests).map((file) =>
      writeInto(root, `rules/tests/${file}`, readFileSync(join(tests, file), 'utf8')),
    );
    expect(copies.map((file) => basename(file, '.yaml')).sort()).toEqual(
      rulesOf(files)
        .filter(isAlertingRule)
        .map(({ alert }) => alert)
        .sort(),
    );
    expect(complaints(runTool('promtool', 'test', 'rules', ...copies))).toBe('');
  });
});

describe('The platform', () => {
  it('only decides which topics are loaded', () => {
    const topics = (manifests: readonly Manifest[]) =>
      layOutRules(manifests, temporaryDirectory()).map((file) => basename(file, '.yaml'));
    const all = RuleCatalogue.sightEdit().files.map(({ topic }) => topic);
    expect(topics(sightEditPlatform({ platform: 'kubeadm' }).manifests).sort()).toEqual(all);
    expect(topics(sightEditPlatform({ platform: 'eks' }).manifests).sort()).toEqual(
      all.filter((topic) => topic !== 'control-plane'),
    );
  });
});
