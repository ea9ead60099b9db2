import { LokiStack } from '../../constructs';
import type { LokiRules } from '../../formats/loki';
import { parseYaml } from '../../formats/yaml';
import { RuleCatalogue, rulesOf as rulesIn } from '../../rules';
import { type Recording, record } from '../../scripts/recording';
import { temporaryDirectory } from '../../testing/cleanup';
import type { Series } from '../../testing/logql/evaluate';
import type { LogLine } from '../../testing/logql/lines';
import { firing, linesOf, type Query, type RuleTest, seconds, testedRules } from '../../testing/logql/rule-tests';
import { manifestsOf, testChart } from '../../testing/render';
import { getJson, waitFor } from '../../testing/server';
import { goneSeries, missingOf } from '../support/metric-lists';
import { describeLoki, type Loki, push, reportSkipped, rulesOf, startLoki } from './support/loki';
import { lokiProcess } from './support/stored-lines';

const catalogue = RuleCatalogue.sightEdit();
const rules = testedRules();

/** The tests, each in a cluster of its own, at whose end it is now: they share all other labels. */
const clusters = new Map(rules.flatMap((rule) => rule.tests).map((test, n) => [test, `test-${n}`]));

/** The time at which a test begins. Its last line is not in the future: Loki refuses lines more than ten minutes ahead. */
function beginOf(test: RuleTest, now: number): number {
  const lines = linesOf(test, 0).map(({ at }) => at);
  return now - Math.ceil(Math.max(...lines, ...test.expect.map(({ at }) => seconds(at))));
}

/** An expression about the lines of one test. */
function within(cluster: string, expr: string): string {
  return expr.replaceAll(/\{(?=(?:namespace|stream)=)/g, `{cluster="${cluster}", `);
}

/** Names of the attributes that become the labels of a line. */
const ATTRIBUTES: { readonly [label: string]: string } = {
  service_name: 'service.name',
  k8s_pod_name: 'k8s.pod.name',
  k8s_node_name: 'k8s.node.name',
};
const OF_LINES = ['stream', 'level'];

/** Sends lines in the order of their times: Loki refuses lines far behind the newest of their stream. */
async function send(url: string, lines: readonly LogLine[]): Promise<void> {
  const groups = new Map<string, LogLine[]>();
  for (const line of lines) {
    const key = JSON.stringify(line.labels);
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  for (const group of groups.values()) {
    const entries = Object.entries(group[0]!.labels);
    const resource = entries.filter(([label]) => !OF_LINES.includes(label));
    const attributes = Object.fromEntries(entries.filter(([label]) => OF_LINES.includes(label)));
    const accepted = await push(
      url,
      Object.fromEntries(resource.map(([label, value]) => [ATTRIBUTES[label] ?? label, value])),
      // Lines of one time and text are one line.
      group.map(({ at, text }, n) => ({
        body: text,
        nanoseconds: BigInt(at) * 1_000_000_000n - BigInt(n),
        attributes,
      })),
    );
    expect(accepted).toBe(true);
  }
}

describeLoki('the rules over logs', (check) => {
  let loki: Loki;
  const now = Math.floor(Date.now() / 1000);

  const queryIn =
    (cluster: string): Query =>
    async (expr, at) => {
      const parameters = new URLSearchParams({ query: within(cluster, expr), time: `${at}` });
      const { data } = await getJson<{
        data: { result: readonly { metric: Series['labels']; value: readonly [number, string] }[] };
      }>(`${loki.url}/loki/api/v1/query?${parameters}`);
      // absent_over_time() has the labels of the selector.
      return data.result.map(({ metric: { cluster: _cluster, ...labels }, value }) => ({
        labels,
        value: Number(value[1]),
      }));
    };

  check(
    'are all healthy in the ruler',
    async () => {
      const chart = testChart();
      const stack = new LokiStack(chart, 'loki');
      for (const { topic, content } of catalogue.renderLogs({ runbook: ({ alert }) => `runbooks/${alert}.md` })) {
        const { groups } = parseYaml(content) as LokiRules;
        stack.addRules(topic.slice('logs/'.length), { groups: groups.map((group) => ({ ...group, interval: '5s' })) });
      }
      const process = await lokiProcess(manifestsOf(chart), temporaryDirectory());
      loki = await startLoki('loki', process);
      for (const [test, cluster] of clusters) {
        const lines = linesOf(test, beginOf(test, now));
        await send(
          loki.url,
          lines.map((line) => ({ ...line, labels: { ...line.labels, cluster } })),
        );
      }
      const expected = rulesIn(catalogue.logs).length;
      await waitFor('every rule to be evaluated', async () => {
        const found = await rulesOf(loki.url);
        return found.length === expected && found.every(({ health }) => health !== 'unknown');
      });
      expect((await rulesOf(loki.url)).filter(({ health }) => health !== 'ok')).toEqual([]);
    },
    240_000,
  );

  for (const rule of rules) {
    check(
      `${rule.rule.alert} fires, stays quiet and recovers as its tests say`,
      async () => {
        for (const test of rule.tests) {
          const begin = beginOf(test, now);
          const query = queryIn(clusters.get(test)!);
          const found = await Promise.all(
            test.expect.map(async ({ at }) => ({ at, alerts: await firing(rule, query, begin + seconds(at)) })),
          );
          expect({ test: test.name, found }).toEqual({ test: test.name, found: test.expect });
        }
      },
      120_000,
    );
  }
});

describeLoki('the recording of Loki (if it fails: npm run metrics:record -- loki)', (check) => {
  let recordings: readonly Recording[];

  check(
    'has every metric that the running Loki exposes',
    async () => {
      recordings = await record('loki');
      const found = recordings.map(missingOf);
      expect(found).toEqual(found.map(({ job }) => ({ job, missing: [] })));
    },
    240_000,
  );

  check('has no metric in use that it no longer exposes', async () => {
    expect(recordings.map(goneSeries)).toEqual([[]]);
  });
});

// Jest runs no hooks of a file whose tests are all skipped.
reportSkipped();
