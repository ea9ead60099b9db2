import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { dump, load } from 'js-yaml';
import type { AlertmanagerConfig, PrometheusConfig } from '../../../constructs';
import type { Configuration } from '../../../remediation/configuration';
import { KEYS, type Remediation } from '../../../remediation/record';
import { temporaryDirectory } from '../../../testing/cleanup';
import { argsOf, discoveredLabels, kubeconfigOf, replaced, tokenOf } from '../../../testing/deployed';
import { layOutAlertmanager, layOutPrometheus, layOutRules, writeInto } from '../../../testing/files';
import { type Kubernetes, makeNamespace, startKubernetes, WORKLOAD_CONTROLLERS } from '../../../testing/kubernetes';
import { configFiles, type Manifest, readManifests, WORKLOAD_KINDS } from '../../../testing/manifests';
import { answers, freePorts, getJson, startServer, waitFor } from '../../../testing/server';
import { nodeOptionsOf, type Overrides, type Replica, startWebhook, token } from '../../../testing/webhook';
import { type OtlpSink, startOtlpSink } from './otlp-sink';
import { buildLeakyService, leakyDeployment, type PodProcesses, startPodProcesses } from './pod-processes';
import { quickenRoutes, quickenRules, quickenWebhook } from './quicken';
import { layOutCredentials, type Sinks, SLACK_TOKEN, startSinks, towards } from './sinks';

/**
 * Divisor of every wait, range and cooldown in rules, routes and policies: a minute of production is a second here.
 */
export const FACTOR = 60;

const APPLICATION = 'sightedit';
const MONITORING = 'sightedit-monitoring';
export const TARGET = 'sightedit-backend';
const MEMORY_LIMIT = '128Mi';
/** 95 % of the limit. */
const LEAK_MEBIBYTES = 122;

/** More attempts than the drill makes: at its end the circuit stops it, not the budget. */
const RUNS_AN_HOUR = 8;

/** Scrape jobs whose targets exist: the application's pods and the servers of the drill. */
const JOBS = ['sightedit-pods', 'kube-state-metrics', 'prometheus', 'alertmanager', 'remediation-webhook'];

/** Rule topics about the servers of the drill. Others would rightly report a missing database, cache or node. */
const TOPICS = ['application', 'workloads', 'remediation', 'prometheus'];
/** Alerts of these topics about servers that the drill leaves out. */
const LEFT_OUT = ['ScrapeTargetMissing', 'PrometheusNotConnectedToAlertmanagers'];

/** A cluster with a workload that can leak, and everything from its metrics to its remediation. */
export interface Drill {
  readonly kubernetes: Kubernetes;
  readonly pods: PodProcesses;
  readonly sinks: Sinks;
  readonly traces: OtlpSink;
  readonly prometheus: string;
  readonly replicas: readonly Replica[];
  /** Makes every running process of the target leak. */
  injectFault(): Promise<void>;
  /** Result of an instant query. */
  query(
    promql: string,
  ): Promise<readonly { readonly metric: Readonly<Record<string, string>>; readonly value: number }[]>;
  /** Records of the target, oldest first. */
  records(): Promise<readonly Remediation[]>;
  stop(): Promise<void>;
}

/** Starts everything on loopback. */
export async function startDrill(): Promise<Drill> {
  const root = temporaryDirectory();
  const manifests = readManifests();
  const [traces, sinks] = await Promise.all([startOtlpSink(), startSinks()]);
  const kubernetes = await startKubernetes(WORKLOAD_CONTROLLERS);
  await makeNamespace(kubernetes, APPLICATION);
  // The platform's own servers are processes that are started below. The API server stores their objects.
  await apply(kubernetes, ...manifests.filter(({ kind }) => !WORKLOAD_KINDS.includes(kind)));
  const pods = await startPodProcesses(kubernetes, APPLICATION);
  await deployTarget(kubernetes);

  const [prometheusPort, alertmanagerPort] = (await freePorts(2)) as [number, number];
  const prometheus = `http://127.0.0.1:${prometheusPort}`;
  const alertmanager = `http://127.0.0.1:${alertmanagerPort}`;
  const replicas = await startWebhooks(kubernetes, manifests, { prometheus, alertmanager, sinks, traces });
  await startAlertmanager(kubernetes, manifests, root, { url: alertmanager, webhook: replicas[0]!, sinks, traces });
  const exporter = await startKubeStateMetrics(kubernetes, manifests, root);
  await startPrometheus(kubernetes, manifests, root, {
    'kube-state-metrics': [exporter],
    prometheus: [hostOf(prometheus)],
    alertmanager: [hostOf(alertmanager)],
    'remediation-webhook': replicas.map(({ url }) => hostOf(url)),
  });
  return {
    kubernetes,
    pods,
    sinks,
    traces,
    prometheus,
    replicas,
    injectFault: async () => {
      const ready = pods.running().filter((process) => process.ready);
      await Promise.all(
        ready.map(({ url }) => fetch(`${url}/leak?mebibytes=${LEAK_MEBIBYTES}`, { method: 'POST' }).catch(() => {})),
      );
    },
    query: async (promql) => {
      const url = `${prometheus}/api/v1/query?query=${encodeURIComponent(promql)}`;
      const { data } = await getJson<{
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      }>(url);
      return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    records: () => recordsIn(kubernetes),
    stop: async () => {
      await pods.stop();
      await Promise.all([traces.stop(), sinks.stop()]);
      await kubernetes.stop();
    },
  };
}

/** Records of the webhook, oldest first. */
export async function recordsIn(kubernetes: Kubernetes): Promise<readonly Remediation[]> {
  const args = ['get', 'remediations', `--namespace=${MONITORING}`, '--output=json'];
  const { stdout } = await kubernetes.kubectl(...args, '--sort-by=.metadata.creationTimestamp');
  return (JSON.parse(stdout) as { items: Remediation[] }).items;
}

export async function apply(kubernetes: Kubernetes, ...items: readonly object[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items };
  // A new namespace needs a moment for ServiceAccount tokens, and a custom resource until it is served.
  const { code, stderr } = await kubernetes.kubectlWith(list, 'apply');
  if (code !== 0) {
    throw new Error(stderr);
  }
}

async function deployTarget(kubernetes: Kubernetes): Promise<void> {
  const deployment = leakyDeployment({
    name: TARGET,
    namespace: APPLICATION,
    labels: { [KEYS.optIn]: 'enabled' },
    script: buildLeakyService(),
    replicas: 2,
    memoryLimit: MEMORY_LIMIT,
  });
  const disruptions = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: TARGET, namespace: APPLICATION },
    spec: { minAvailable: 1, selector: { matchLabels: { 'app.kubernetes.io/component': 'backend' } } },
  };
  await apply(kubernetes, deployment, disruptions);
}

/**
 * Starts two webhooks that act.
 *
 * @param change what differs from the deployed configuration, beyond the addresses of the servers
 */
export async function startWebhooks(
  kubernetes: Kubernetes,
  manifests: readonly Manifest[],
  {
    prometheus,
    alertmanager,
    sinks,
    traces,
  }: { prometheus: string; alertmanager: string; sinks: Sinks; traces: OtlpSink },
  change: (configuration: Configuration) => Partial<Configuration> = () => ({}),
): Promise<readonly Replica[]> {
  const file = configFiles(manifests, 'remediation-webhook-config')['remediation.json']!;
  const quick = quickenWebhook(JSON.parse(file) as Configuration, FACTOR);
  const configuration = { ...quick, loki: undefined, ...change(quick) };
  const directory = temporaryDirectory();
  const tokenFile = writeInto(directory, 'token', await tokenOf(kubernetes, 'remediation-webhook'));
  const overrides: Overrides = {
    mode: 'active',
    prometheus: [prometheus],
    alertmanagers: [alertmanager],
    slack: {
      channel: configuration.slack!.channel,
      tokenFile: writeInto(directory, 'slack', SLACK_TOKEN),
      url: `${sinks.httpUrl}/slack`,
    },
    otlp: traces.url,
    runbooks: undefined,
    // The hour of a budget is not divided, so the budget must suffice for the whole drill.
    policies: configuration.policies.map((policy) => ({ ...policy, budgetPerHour: RUNS_AN_HOUR })),
    limits: { budgetPerHour: RUNS_AN_HOUR, budgetPerActionPerHour: RUNS_AN_HOUR },
  };
  return Promise.all(
    [0, 1].map(() =>
      startWebhook(kubernetes, { configuration, tokenFile, nodeOptions: nodeOptionsOf(manifests) }, overrides),
    ),
  );
}

/** Starts Alertmanager, whose channels are the sinks. */
export async function startAlertmanager(
  kubernetes: Kubernetes,
  manifests: readonly Manifest[],
  root: string,
  { url, webhook, sinks, traces }: { url: string; webhook: Replica; sinks: Sinks; traces: OtlpSink },
): Promise<void> {
  layOutCredentials(root, sinks);
  const audience = '--audience=remediation-webhook';
  writeInto(root, 'etc/alertmanager/remediation-token/token', await token(kubernetes, 'alertmanager', audience));
  const config = layOutAlertmanager(manifests, root, (text) =>
    dump({
      ...quickenRoutes(towards(sinks, load(text) as AlertmanagerConfig), FACTOR),
      tracing: { client_type: 'http', endpoint: hostOf(traces.url), insecure: true, sampling_fraction: 1 },
    }).replaceAll(/http:\/\/remediation-webhook[^/]*/g, webhook.url),
  );
  await startServer('alertmanager', {
    command: 'alertmanager',
    args: [
      `--config.file=${config}`,
      `--storage.path=${root}/alertmanager-data`,
      `--web.listen-address=${hostOf(url)}`,
      '--cluster.listen-address=',
      '--dispatch.start-delay=0s',
    ],
    ready: () => answers(`${url}/-/ready`),
  });
}

/** @returns the address of its metrics */
async function startKubeStateMetrics(
  kubernetes: Kubernetes,
  manifests: readonly Manifest[],
  root: string,
): Promise<string> {
  const [port, telemetry] = (await freePorts(2)) as [number, number];
  await startServer('kube-state-metrics', {
    command: 'kube-state-metrics',
    args: [
      ...replaced(argsOf(manifests, 'kube-state-metrics', root), {
        '--port': `${port}`,
        '--telemetry-port': `${telemetry}`,
      }),
      '--host=127.0.0.1',
      '--telemetry-host=127.0.0.1',
      `--kubeconfig=${await kubeconfigOf(kubernetes, 'kube-state-metrics', root)}`,
    ],
    ready: () => answers(`http://127.0.0.1:${port}/metrics`),
  });
  return `127.0.0.1:${port}`;
}

async function startPrometheus(
  kubernetes: Kubernetes,
  manifests: readonly Manifest[],
  root: string,
  targets: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const file = layOutPrometheus(manifests, root);
  for (const rules of layOutRules(manifests, root)) {
    const wanted = TOPICS.includes(basename(rules, '.yaml'));
    writeFileSync(rules, wanted ? quickenRules(readFileSync(rules, 'utf8'), FACTOR, LEFT_OUT) : 'groups: []\n');
  }
  const account = 'var/run/secrets/kubernetes.io/serviceaccount/token';
  const credentials = writeInto(root, account, await tokenOf(kubernetes, 'prometheus'));
  const discovery = {
    api_server: kubernetes.url,
    authorization: { credentials_file: credentials },
    tls_config: { insecure_skip_verify: true },
  };
  const config = load(readFileSync(file, 'utf8')) as PrometheusConfig;
  const scrape_configs = config.scrape_configs
    .filter(({ job_name }) => JOBS.includes(job_name))
    .map((job) => {
      const addresses = targets[job.job_name];
      const { kubernetes_sd_configs, ...rest } = job;
      return addresses
        ? { ...rest, static_configs: [{ targets: addresses, labels: discoveredLabels(job) }] }
        : { ...job, kubernetes_sd_configs: kubernetes_sd_configs?.map((sd) => ({ ...sd, ...discovery })) };
    });
  const alertmanagers = [{ api_version: 'v2', static_configs: [{ targets: targets.alertmanager }] }];
  const global = { ...config.global, scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' };
  writeFileSync(file, dump({ ...config, global, scrape_configs, alerting: { ...config.alerting, alertmanagers } }));
  const [address] = targets.prometheus as [string];
  await startServer('prometheus', {
    command: 'prometheus',
    args: [
      ...replaced(argsOf(manifests, 'prometheus', root), { '--storage.tsdb.path': join(root, 'prometheus-data') }),
      `--web.listen-address=${address}`,
    ],
    env: { POD_NAME: 'prometheus-0' },
    ready: () => answers(`http://${address}/-/ready`),
  });
}

export function hostOf(url: string): string {
  return url.replace('http://', '');
}

/** Waits until the target is older than minimumAgeSeconds. */
export async function waitUntilSettled({ kubernetes }: Drill, seconds: number): Promise<void> {
  await waitFor(
    'the target to be old enough',
    async () => {
      const args = ['get', 'replicasets', `--namespace=${APPLICATION}`, '--output=json'];
      const { items } = JSON.parse((await kubernetes.kubectl(...args)).stdout) as {
        items: { metadata: { creationTimestamp: string } }[];
      };
      const newest = Math.max(...items.map(({ metadata }) => Date.parse(metadata.creationTimestamp)));
      return Date.now() - newest > seconds * 1000;
    },
    { timeoutSeconds: seconds + 60 },
  );
}
