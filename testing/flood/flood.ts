import { load } from 'js-yaml';
import { AlertRouting, Credentials } from '../../constructs';
import type { AlertmanagerConfig, Receiver } from '../../formats/alertmanager';
import { receiversOf } from '../../scripts/alerts/routing';
import { configFiles, type Manifest } from '../manifests';
import { peakMemory } from '../process-usage';
import { containerOf, manifestsOf, testChart } from '../render';
import { answers, waitFor } from '../server';
import { type AlertmanagerCluster, startCluster } from './cluster';
import { type Delivery, type Rejection, startVendors, type Vendors } from './vendors';

/** Alerts of one rule in one namespace, which Alertmanager sends as one notification. */
interface Group {
  readonly labels: { readonly alertname: string; readonly severity: string; readonly category: string };
  readonly namespace: string;
  readonly alerts: number;
}

const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;
const CATEGORIES = ['application', 'business', 'database', 'infrastructure', 'meta', 'security'] as const;

/**
 * Half of the alerts are of one rule; the others are spread over 100 groups of every severity and category.
 *
 * @param alerts a multiple of 200
 */
export function groupsOf(alerts: number): readonly Group[] {
  const others = Array.from({ length: 100 }, (_, index) => ({
    labels: {
      alertname: `Flood${index}`,
      severity: SEVERITIES[index % SEVERITIES.length]!,
      category: CATEGORIES[index % CATEGORIES.length]!,
    },
    namespace: `shop-${index % 7}`,
    alerts: alerts / 200,
  }));
  const storm = { alertname: 'FloodStorm', severity: 'critical', category: 'application' };
  return [{ labels: storm, namespace: 'shop', alerts: alerts / 2 }, ...others];
}

/** What each channel should have been told, and what was. */
export interface ChannelRow {
  readonly channel: string;
  /** Groups whose whole number of alerts the channel was told, of those that it should be. */
  readonly told: number;
  readonly expected: number;
  /** Groups that the channel was told are resolved. Text messages announce none. */
  readonly resolved: number;
  readonly messages: number;
  readonly largestBytes: number;
}

/** Outcome of a flood. */
export interface FloodReport {
  readonly alerts: number;
  readonly limitMib: number;
  /** Peak of each member, in MiB, and that of a member before the flood. */
  readonly peakMib: readonly number[];
  readonly idleMib: number;
  readonly channels: readonly ChannelRow[];
  readonly rejections: readonly Rejection[];
  /** Lines of the members' logs about notifications that were cut or refused. */
  readonly complaints: readonly string[];
  readonly deliveries: readonly Delivery[];
}

export interface FloodProps {
  readonly manifests: readonly Manifest[];
  /** A multiple of 200. */
  readonly alerts: number;
  readonly groupWaitSeconds: number;
  readonly groupIntervalSeconds: number;
  readonly progress: (text: string) => void;
}

/** Sends a flood of alerts through three Alertmanagers, waits until every channel was told, then resolves them. */
export async function runFlood(props: FloodProps): Promise<FloodReport> {
  const { manifests, alerts, progress } = props;
  const { limitMib, goMemoryLimit } = memoryOf(manifests);
  const vendors = await startVendors();
  const cluster = await startCluster({ ...props, vendors, goMemoryLimit, sns: snsConfig() });
  try {
    const idleMib = peakMemory(cluster.servers[0]!.pid);
    const peaks = () => cluster.servers.map(({ pid }) => peakMemory(pid));
    const groups = groupsOf(alerts);
    const expected = expectations(manifests, groups);
    progress(`sending ${alerts} alerts in ${groups.length} groups to three members`);
    await send(cluster, groups, undefined);
    await waitFor('every channel', async () => missing(vendors, expected, false) === 0, { timeoutSeconds: 240 }).catch(
      () => progress(`${missing(vendors, expected, false)} groups were not told`),
    );
    progress(`told; peak ${peaks().join(', ')} MiB; resolving`);
    await send(cluster, groups, new Date().toISOString());
    await waitFor('the resolves', async () => missing(vendors, expected, true) === 0, { timeoutSeconds: 240 }).catch(
      () => progress(`${missing(vendors, expected, true)} groups were not resolved`),
    );
    return {
      alerts,
      limitMib,
      idleMib,
      peakMib: peaks(),
      channels: [...expected].map(([channel, wanted]) => rowOf(vendors, channel, wanted)),
      rejections: vendors.rejections,
      complaints: cluster.servers.flatMap((server) => server.log().split('\n').filter(isComplaint)),
      deliveries: vendors.deliveries,
    };
  } finally {
    await Promise.all(cluster.servers.map((server) => server.stop()));
    await vendors.stop();
  }
}

/** A notification that was cut or refused. One that took too long on a busy machine is sent again. */
function isComplaint(line: string): boolean {
  return /[Tt]runcated|unrecoverable|unexpected status code|error response/.test(line);
}

/** Memory limit of the Alertmanager of the manifests, in MiB, and that of Go. */
function memoryOf(manifests: readonly Manifest[]): { readonly limitMib: number; readonly goMemoryLimit: string } {
  const { resources, env } = containerOf(manifests, 'alertmanager');
  const [, mib] = /^(\d+)Mi$/.exec(resources.limits.memory) ?? [];
  const goMemoryLimit = env.find(({ name }: { name: string }) => name === 'GOMEMLIMIT')?.value;
  if (mib === undefined || goMemoryLimit === undefined) {
    throw new Error(`Alertmanager has the memory limit ${resources.limits.memory} and GOMEMLIMIT ${goMemoryLimit}`);
  }
  return { limitMib: Number(mib), goMemoryLimit };
}

/** The receiver that `AlertRouting` writes for Amazon SNS, which `dist/` does not use. */
function snsConfig(): NonNullable<Receiver['sns_configs']>[number] {
  const chart = testChart();
  new AlertRouting(chart, 'alertmanager', {
    externalUrl: 'https://alertmanager.example.com',
    credentials: new Credentials('flood'),
    channels: {
      sms: {
        kind: 'sns',
        topicArn: 'arn:aws:sns:eu-west-1:111122223333:flood',
        region: 'eu-west-1',
        roleArn: 'arn:aws:iam::111122223333:role/flood',
      },
    },
    levels: { critical: { sms: true } },
  });
  const text = configFiles(manifestsOf(chart), 'alertmanager-config')['alertmanager.yml']!;
  const config = load(text) as AlertmanagerConfig;
  return config.receivers.find(({ name }) => name === 'level-critical')!.sns_configs![0]!;
}

/** The groups that each channel should be told, by the routes and receivers of the manifests. */
function expectations(manifests: readonly Manifest[], groups: readonly Group[]): Map<string, Group[]> {
  const text = configFiles(manifests, 'alertmanager-config')['alertmanager.yml']!;
  const { route, receivers } = load(text) as AlertmanagerConfig;
  const channels = new Map<string, Group[]>();
  for (const group of groups) {
    for (const name of receiversOf(route, { ...group.labels })) {
      for (const channel of channelsOf(receivers.find((receiver) => receiver.name === name)!)) {
        channels.set(channel, [...(channels.get(channel) ?? []), group]);
      }
    }
  }
  return new Map([...channels].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function channelsOf(receiver: Receiver): readonly string[] {
  return [
    ...(receiver.slack_configs ?? []).map(({ channel }) => `slack ${channel}`),
    ...(receiver.email_configs ?? []).map(({ to }) => `email ${to}`),
    ...(receiver.pagerduty_configs ?? []).map(({ severity }) => `pagerduty ${severity}`),
    ...(receiver.webhook_configs ?? []).map(({ url_file }) => (`${url_file}`.includes('SMS') ? 'sms' : 'webhook')),
    ...(receiver.name === 'level-critical' ? ['sns'] : []),
  ];
}

/** Whether a message is about a group. The names of alerts end where a word ends. */
function isAbout({ text }: Delivery, { labels: { alertname } }: Group): boolean {
  return new RegExp(`\\b${alertname}\\b`).test(text);
}

/** Channels that announce firing alerts only. */
const FIRING_ONLY = ['sms', 'sns'];

function toldOf(vendors: Vendors, channel: string, wanted: readonly Group[], resolved: boolean): number {
  const deliveries = vendors.deliveries.filter((delivery) => delivery.channel === channel);
  return wanted.filter((group) =>
    deliveries.some(
      (delivery) =>
        delivery.resolved === resolved && (resolved || delivery.alerts === group.alerts) && isAbout(delivery, group),
    ),
  ).length;
}

function missing(vendors: Vendors, expected: Map<string, Group[]>, resolved: boolean): number {
  return [...expected]
    .filter(([channel]) => !resolved || !FIRING_ONLY.includes(channel))
    .reduce((sum, [channel, wanted]) => sum + wanted.length - toldOf(vendors, channel, wanted, resolved), 0);
}

function rowOf(vendors: Vendors, channel: string, wanted: readonly Group[]): ChannelRow {
  const deliveries = vendors.deliveries.filter((delivery) => delivery.channel === channel);
  return {
    channel,
    told: toldOf(vendors, channel, wanted, false),
    expected: wanted.length,
    resolved: toldOf(vendors, channel, wanted, true),
    messages: deliveries.length,
    largestBytes: Math.max(0, ...deliveries.map(({ bytes }) => bytes)),
  };
}

const BATCH = 256;

/** Sends alerts to every member in batches, like Prometheus. */
async function send(
  { urls }: AlertmanagerCluster,
  groups: readonly Group[],
  endsAt: string | undefined,
): Promise<void> {
  const alerts = groups.flatMap((group) => Array.from({ length: group.alerts }, (_, n) => alertOf(group, n, endsAt)));
  for (let first = 0; first < alerts.length; first += BATCH) {
    const body = JSON.stringify(alerts.slice(first, first + BATCH));
    await Promise.all(
      urls.map(async (url) => {
        const headers = { 'content-type': 'application/json' };
        const response = await fetch(`${url}/api/v2/alerts`, { method: 'POST', headers, body });
        if (!response.ok) {
          throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
        }
      }),
    );
  }
  await Promise.all(urls.map((url) => answers(`${url}/-/healthy`)));
}

/** Annotations as long as the longest of `rules/`, with markup that a label's value could bring in. */
function alertOf({ labels, namespace }: Group, n: number, endsAt: string | undefined) {
  const pod = `backend-${n}-7c9f <!channel> & <https://evil.example.com|click>`;
  return {
    labels: { ...labels, cluster: 'flood', environment: 'production', region: 'eu-1', namespace, pod, job: 'flood' },
    annotations: {
      summary: `${labels.alertname}: pod ${pod} is not ready`,
      description: `Pod ${pod} has not been ready for ten minutes, where every pod should be. `.repeat(3),
      runbook_url: `https://runbooks.example.com/${labels.alertname}`,
      dashboard_url: `https://grafana.example.com/d/pods?var-namespace=${namespace}&var-pod=${n}`,
    },
    generatorURL: 'https://prometheus.example.com/graph?g0.expr=kube_pod_status_ready+%3D%3D+0',
    endsAt,
  };
}
