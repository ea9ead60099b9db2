import { load } from 'js-yaml';
import type { AlertmanagerConfig, Route } from '../../formats/alertmanager';
import { toYaml } from '../../formats/yaml';
import { RuleCatalogue } from '../../rules';
import type { Episode } from '../../scripts/noise/alert-state';
import { type Message, messagesOf } from '../../scripts/noise/alertmanager';
import { readBaseline } from '../../scripts/scenarios/series';
import { readScenarios, type Scenario } from '../../scripts/scenarios/stories';
import { type Firing, runScenarios } from '../../scripts/scenarios/trial';
import { cleanUp, temporaryDirectory } from '../../testing/cleanup';
import { layOutAlertmanager } from '../../testing/files';
import { readManifests } from '../../testing/manifests';
import { sightEditPlatform } from '../../testing/platform';
import { answers, freePorts, getJson, startServer, waitFor } from '../../testing/server';
import { layOutCredentials, type Sinks, startSinks, towards } from './support/sinks';

/** The stories of rules/scenarios/one-cause.yaml, with the alert that should page. */
const PAGES: Readonly<Record<string, string>> = {
  'node-dead': 'NodeNotReady',
  'database-dead': 'PostgresDown',
  'zone-dead': 'NodeNotReady',
};

const CLUSTER = 'sightedit-test';
const scenarios = readScenarios(readBaseline()).filter(({ kind }) => kind === 'one cause');

/** What fires in a story, in seconds since its start. */
function episodesOf({ clock }: Scenario, firings: readonly Firing[]): readonly Episode[] {
  return firings.map(({ alert, labels, first, last }) => ({
    labels: { ...labels, alertname: alert, cluster: CLUSTER },
    start: clock.start + first,
    end: last >= clock.length ? undefined : clock.start + last + clock.step,
  }));
}

/** Names of the alerts that somebody was paged for, from first to last. PagerDuty makes one incident of each group. */
function pagedIn(messages: readonly Message[]): readonly string[] {
  const paged = messages.filter(({ integration, firing }) => integration === 'pagerduty' && firing.length > 0);
  return [...new Set(paged.map(({ firing }) => firing[0]!.alertname!))];
}

/** The route with groups that wait a second. */
function quick(route: Route): Route {
  return {
    ...route,
    group_wait: '1s',
    group_interval: '2s',
    repeat_interval: '1h',
    routes: route.routes?.map(quick),
  };
}

/** An Alertmanager with the configuration of dist, and its alerts. */
async function startAlertmanagerOf(sinks: Sinks, change = (config: AlertmanagerConfig) => config) {
  const root = temporaryDirectory();
  const config = layOutAlertmanager(readManifests(), root, (text) => {
    const own = load(text) as AlertmanagerConfig;
    // The rules of the tree, whether or not dist is up to date.
    const { inhibit_rules } = sightEditPlatform().charts.alerting.routing.config;
    return toYaml(change({ ...towards(sinks, own), inhibit_rules, route: quick(own.route) }));
  });
  layOutCredentials(root, sinks);
  const [port] = (await freePorts(1)) as [number];
  const url = `http://127.0.0.1:${port}`;
  const server = await startServer('alertmanager', {
    command: 'alertmanager',
    args: [
      `--config.file=${config}`,
      `--storage.path=${root}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
      '--dispatch.start-delay=0s',
    ],
    ready: () => answers(`${url}/-/ready`),
  });
  return { url, server };
}

async function send(url: string, labels: readonly Readonly<Record<string, string>>[]): Promise<void> {
  const response = await fetch(`${url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(labels.map((own) => ({ labels: own, annotations: { summary: `Sample${own.alertname}` } }))),
  });
  expect(response.status).toBe(200);
}

/** Alerts that PagerDuty received, from first to last. */
function pagesIn({ received }: Sinks): readonly string[] {
  const names = received
    .filter(({ channel }) => channel.startsWith('pagerduty'))
    .flatMap(({ alerts }) => alerts.map((alert) => alert.replace(/^Sample/, '')));
  return [...new Set(names)];
}

const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Sends the alerts of a story in the order in which they fire, all of them until its end. */
async function tell(url: string, firings: readonly Firing[]): Promise<void> {
  const times = [...new Set(firings.map(({ first }) => first))].sort((one, other) => one - other);
  for (const time of times) {
    const until = firings.filter(({ first }) => first <= time);
    await send(
      url,
      until.map(({ alert, labels }) => ({ ...labels, alertname: alert, cluster: CLUSTER })),
    );
    await sleep(2);
  }
}

interface ListedAlert {
  labels: { alertname: string };
  status: { inhibitedBy: string[] };
}

describe('One cause is one page', () => {
  let firings: ReadonlyMap<string, readonly Firing[]>;
  let sinks: Sinks;

  beforeAll(async () => {
    firings = await runScenarios(scenarios, RuleCatalogue.sightEdit().files, { whole: true });
  }, 600_000);
  beforeEach(async () => {
    sinks = await startSinks();
  });
  afterEach(async () => {
    await cleanUp();
    await sinks.stop();
  });

  test('in every story that has a cause', () => {
    expect(scenarios.map(({ id }) => id).sort()).toEqual(Object.keys(PAGES).sort());
  });

  test.each(scenarios)('from the beginning of "$story" to its end', (scenario) => {
    const { config } = sightEditPlatform().charts.alerting.routing;
    const episodes = episodesOf(scenario, firings.get(scenario.id)!);
    const end = scenario.clock.start + scenario.clock.length;
    expect(pagedIn(messagesOf(config, episodes, end))).toEqual([PAGES[scenario.id]]);
    // Without inhibitions there are several.
    expect(pagedIn(messagesOf({ ...config, inhibit_rules: [] }, episodes, end)).length).toBeGreaterThan(1);
  });

  test.each(scenarios)('of a real Alertmanager: "$story"', async (scenario) => {
    const cause = PAGES[scenario.id]!;
    const all = firings.get(scenario.id)!;
    // What fires while the cause does; the rest is after the end of the story's fault.
    const before = Math.max(...all.filter(({ alert }) => alert === cause).map(({ last }) => last));
    const told = all.filter(({ first }) => first <= before);
    const { url } = await startAlertmanagerOf(sinks);
    await tell(url, told);
    await waitFor('the page', async () => pagesIn(sinks).length > 0);
    await sleep(6);
    expect(pagesIn(sinks)).toEqual([cause]);
    // Below it, Alertmanager lists the consequences; the page links to the list.
    const inhibited = await getJson<ListedAlert[]>(`${url}/api/v2/alerts?inhibited=true&active=false`);
    const names = new Set(inhibited.map(({ labels }) => labels.alertname));
    expect(names.size).toBeGreaterThanOrEqual(3);
    expect(inhibited.every(({ status }) => status.inhibitedBy.length > 0)).toBe(true);
  });

  test('and without inhibitions, a dead database is several', async () => {
    const { url } = await startAlertmanagerOf(sinks, (config) => ({ ...config, inhibit_rules: [] }));
    await tell(url, firings.get('database-dead')!);
    await waitFor('the pages', async () => pagesIn(sinks).length > 3);
  });
});
