import { load } from 'js-yaml';
import type { AlertmanagerConfig, Route } from '../../formats/alertmanager';
import { toYaml } from '../../formats/yaml';
import { temporaryDirectory } from '../../testing/cleanup';
import { layOutAlertmanager } from '../../testing/files';
import { readManifests } from '../../testing/manifests';
import { answers, freePorts, getJson, type Server, startServer, waitFor } from '../../testing/server';
import { layOutCredentials, type Notification, type Sinks, startSinks, towards } from './support/sinks';

/** The synthesized configuration with the addresses of the test's channels, and with seconds instead of minutes. */
function testConfig(text: string, sinks: Sinks, businessHours: 'open' | 'closed'): string {
  const config = load(text) as AlertmanagerConfig;
  // As in production, group_interval must exceed the time that members wait for each other: twice the peer timeout
  // below.
  const quick = (route: Route): Route => ({
    ...route,
    group_wait: '1s',
    group_interval: '25s',
    repeat_interval: '1h',
    routes: route.routes?.map(quick),
  });
  const now = new Date();
  const other = now.getUTCFullYear() - 1;
  return toYaml({
    ...towards(sinks, config),
    route: quick(config.route),
    time_intervals: config.time_intervals?.map(({ name }) => ({
      name,
      time_intervals: businessHours === 'open' ? [{ weekdays: ['sunday:saturday'] }] : [{ years: [`${other}`] }],
    })),
  });
}

/** Alertmanagers that gossip on loopback, like the pods of the StatefulSet. */
async function startCluster(replicas: number, sinks: Sinks, businessHours: 'open' | 'closed') {
  const root = temporaryDirectory();
  const config = layOutAlertmanager(readManifests(), root, (text) => testConfig(text, sinks, businessHours));
  layOutCredentials(root, sinks);
  const ports = await freePorts(replicas * 2);
  const gossip = ports.slice(replicas);
  const urls = ports.slice(0, replicas).map((port) => `http://127.0.0.1:${port}`);
  const servers = await Promise.all(
    urls.map((url, n) =>
      startServer(`alertmanager-${n}`, {
        command: 'alertmanager',
        args: [
          `--config.file=${config}`,
          `--storage.path=${root}/data-${n}`,
          `--web.listen-address=${url.replace('http://', '')}`,
          '--web.external-url=http://localhost:9093',
          '--web.route-prefix=/',
          `--cluster.listen-address=127.0.0.1:${gossip[n]}`,
          `--cluster.advertise-address=127.0.0.1:${gossip[n]}`,
          ...gossip.map((port) => `--cluster.peer=127.0.0.1:${port}`),
          '--cluster.peer-timeout=10s',
          // Gossip sends each entry three times to random members, so in a burst a member can miss one. The exchange of
          // the whole state then delivers it in time.
          '--cluster.pushpull-interval=1s',
          '--dispatch.start-delay=0s',
        ],
        ready: () => answers(`${url}/-/ready`),
      }),
    ),
  );
  // A member that has not settled delays its notifications, and the next member sends them instead.
  await waitFor('the members to settle', async () => {
    const members = await Promise.all(urls.map((url) => getJson<MemberStatus>(`${url}/api/v2/status`)));
    return members.every(({ cluster }) => cluster.status === 'ready' && cluster.peers.length === replicas);
  });
  return { urls, servers };
}

/** Status of a member. */
interface MemberStatus {
  cluster: { status: 'ready' | 'settling' | 'disabled'; peers: unknown[] };
}

interface TestAlert {
  labels: Record<string, string>;
  endsAt?: string;
}

/** Sends alerts to every member, like Prometheus. */
async function send(urls: readonly string[], alerts: readonly TestAlert[]): Promise<void> {
  const body = JSON.stringify(
    alerts.map(({ labels, endsAt }) => ({
      labels: { cluster: 'test', ...labels },
      annotations: {
        summary: `${labels.alertname} summary`,
        description: `${labels.alertname} description`,
        runbook_url: `https://runbooks.test/${labels.alertname}`,
        dashboard_url: `https://grafana.test/d/${labels.alertname}`,
      },
      endsAt,
    })),
  );
  for (const url of urls) {
    const response = await fetch(`${url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    if (!response.ok) {
      throw new Error(`${url} rejected the alerts: ${response.status} ${await response.text()}`);
    }
  }
}

const sample = (alertname: string, severity: string, category: string): TestAlert => ({
  labels: { alertname, severity, category, namespace: 'sightedit' },
});

/** The channels that received notifications of an alert, once per notification. */
function channelsOf(received: readonly Notification[], alert: string, status: Notification['status']): string[] {
  return received
    .filter((notification) => notification.status === status && notification.alerts.includes(alert))
    .map(({ channel }) => channel)
    .sort();
}

const CRITICAL = ['email oncall@sightedit.com', 'pagerduty critical', 'slack #alerts-critical', 'sms', 'webhook'];

/** Alerts, and the channels that should receive one notification of each. */
const RECIPIENTS: readonly { alert: TestAlert; channels: readonly string[] }[] = [
  {
    alert: sample('SampleCriticalApplication', 'critical', 'application'),
    channels: [...CRITICAL, 'email dev-team@sightedit.com', 'slack #development'],
  },
  {
    alert: sample('SampleCriticalSecurity', 'critical', 'security'),
    channels: [...CRITICAL, 'email security@sightedit.com', 'slack #security-alerts'],
  },
  {
    alert: sample('SampleHighDatabase', 'high', 'database'),
    channels: ['email dba@sightedit.com', 'pagerduty error', 'slack #alerts-critical', 'webhook'],
  },
  {
    alert: sample('SampleMediumInfrastructure', 'medium', 'infrastructure'),
    channels: ['email infrastructure@sightedit.com', 'slack #alerts-warning', 'slack #infrastructure', 'webhook'],
  },
  {
    alert: sample('SampleLowMeta', 'low', 'meta'),
    channels: ['email monitoring@sightedit.com', 'slack #infrastructure'],
  },
  { alert: sample('SampleHighBusiness', 'high', 'business'), channels: ['email business@sightedit.com'] },
  {
    alert: sample('SampleUnknownSeverity', 'urgent', 'application'),
    channels: [
      'email dev-team@sightedit.com',
      'email oncall@sightedit.com',
      'slack #alerts-critical',
      'slack #development',
    ],
  },
  {
    alert: sample('SampleUnknownCategory', 'medium', 'unheard-of'),
    channels: ['slack #alerts-warning', 'webhook'],
  },
];

const nameOf = ({ labels }: TestAlert) => labels.alertname!;
const expectedCount = RECIPIENTS.reduce((count, { channels }) => count + channels.length, 0);
const sleep = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Longer than a member waits for those before it, so a duplicate would have arrived. */
const QUIET_SECONDS = 24;

describe('Three Alertmanagers with the configuration of dist', () => {
  let sinks: Sinks;
  let urls: string[];
  let servers: Server[] = [];
  const about = (alert: string, status: Notification['status']) => channelsOf(sinks.received, alert, status);

  beforeAll(async () => {
    sinks = await startSinks();
    ({ urls, servers } = await startCluster(3, sinks, 'open'));
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await sinks?.stop();
  });

  it('notify each channel once', async () => {
    await send(
      urls,
      RECIPIENTS.map(({ alert }) => alert),
    );
    await waitFor('the notifications', async () => sinks.received.length >= expectedCount);
    await sleep(QUIET_SECONDS);
    const told = Object.fromEntries(RECIPIENTS.map(({ alert }) => [nameOf(alert), about(nameOf(alert), 'firing')]));
    expect(told).toEqual(
      Object.fromEntries(RECIPIENTS.map(({ alert, channels }) => [nameOf(alert), [...channels].sort()])),
    );
  });

  it('link to the runbook, the dashboard and a silence', () => {
    const texts = sinks.received
      .filter(({ alerts, channel }) => alerts.includes('SampleCriticalSecurity') && !/sms|webhook/.test(channel))
      .map(
        ({ channel, text }) => [channel, /quoted-printable/.test(text) ? decodeQuotedPrintable(text) : text] as const,
      );
    expect(texts).toHaveLength(5);
    for (const [channel, text] of texts) {
      expect([channel, text]).toEqual([
        channel,
        expect.stringContaining('https://runbooks.test/SampleCriticalSecurity'),
      ]);
      expect([channel, text]).toEqual([
        channel,
        expect.stringContaining('https://grafana.test/d/SampleCriticalSecurity'),
      ]);
      expect([channel, text]).toEqual([
        channel,
        expect.stringContaining('http://localhost:9093/#/silences/new?filter='),
      ]);
      expect(text).not.toContain('no value');
    }
  });

  it('notify that an alert is resolved, except by text message', async () => {
    const before = sinks.received.length;
    const endsAt = new Date().toISOString();
    await send(
      urls,
      RECIPIENTS.map(({ alert }) => ({ ...alert, endsAt })),
    );
    const texts = RECIPIENTS.filter(({ channels }) => channels.includes('sms')).length;
    await waitFor('the resolves', async () => sinks.received.length - before >= expectedCount - texts);
    await sleep(QUIET_SECONDS);
    const told = Object.fromEntries(RECIPIENTS.map(({ alert }) => [nameOf(alert), about(nameOf(alert), 'resolved')]));
    expect(told).toEqual(
      Object.fromEntries(
        RECIPIENTS.map(({ alert, channels }) => [
          nameOf(alert),
          channels.filter((channel) => channel !== 'sms').sort(),
        ]),
      ),
    );
  });

  it("send Watchdog to the dead man's switch only", async () => {
    const before = sinks.received.length;
    await send(urls, [{ labels: { alertname: 'Watchdog', severity: 'none', category: 'meta' } }]);
    await waitFor('the heartbeat', async () => sinks.received.length > before);
    await sleep(QUIET_SECONDS);
    expect(new Set(sinks.received.slice(before).map(({ channel }) => channel))).toEqual(new Set(['dead-mans-switch']));
  });

  it('inhibit alerts that a failed node explains, but not those of another node', async () => {
    const labels = (alertname: string, severity: string, node: string) => ({
      labels: { alertname, severity, category: 'infrastructure', node, sample: `Sample${node}${alertname}` },
    });
    await send(urls, [labels('NodeNotReady', 'critical', 'A')]);
    await sleep(4);
    const before = sinks.received.length;
    await send(urls, [labels('KubeletDown', 'high', 'A'), labels('KubeletDown', 'high', 'B')]);
    await waitFor('the other node', async () => sinks.received.length - before >= 4);
    await sleep(QUIET_SECONDS);
    const told = new Set(sinks.received.slice(before).flatMap(({ alerts }) => alerts));
    expect(told).toEqual(new Set(['SampleBKubeletDown']));
  });
});

describe('One Alertmanager outside of business hours', () => {
  let sinks: Sinks;
  let servers: Server[] = [];

  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await sinks?.stop();
  });

  it('does not notify the business team, but notifies the others', async () => {
    sinks = await startSinks();
    const cluster = await startCluster(1, sinks, 'closed');
    servers = cluster.servers;
    await send(cluster.urls, [
      sample('SampleCriticalBusiness', 'critical', 'business'),
      sample('SampleLowMeta', 'low', 'meta'),
    ]);
    await waitFor('the other team', async () => sinks.received.length >= 2);
    await sleep(4);
    expect(channelsOf(sinks.received, 'SampleCriticalBusiness', 'firing')).toEqual([]);
    expect(channelsOf(sinks.received, 'SampleLowMeta', 'firing')).toEqual([
      'email monitoring@sightedit.com',
      'slack #infrastructure',
    ]);
  });
});

function decodeQuotedPrintable(text: string): string {
  return text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
}
