import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import prometheusClient from 'prom-client';
import { Escalation, Metrics } from '../../../remediation/audit';
import { temporaryDirectory } from '../../../testing/cleanup';
import { ago, NOW } from '../sample';
import { pass, standStill } from '../support/clock';

standStill();

const OWN_ALERTS = {
  RemediationActionFailed: { severity: 'high', category: 'meta' },
  RemediationCircuitOpen: { severity: 'critical', category: 'meta', team: 'platform' },
};
const ALERTMANAGERS = ['http://alertmanager-0:9093', 'http://alertmanager-1:9093'];

let metrics: Metrics;
let logged: { level: string; message: string; fields: unknown }[];
let posted: { url: string; body: unknown; headers: Record<string, string> }[];
/** How a server answers. */
let answer: (url: string) => Response | Error;
let tokenFile: string;

beforeAll(() => {
  tokenFile = join(temporaryDirectory(), 'token');
  writeFileSync(tokenFile, 'xoxb-fake\n');
});

beforeEach(() => {
  jest.spyOn(prometheusClient, 'collectDefaultMetrics').mockReturnValue(undefined);
  metrics = new Metrics([], 'test');
  logged = [];
  posted = [];
  answer = () => new Response('{"ok":true}');
  jest.spyOn(globalThis, 'fetch').mockImplementation(async (url, init) => {
    posted.push({
      url: String(url),
      body: JSON.parse(String(init!.body)),
      headers: init!.headers as Record<string, string>,
    });
    expect([init!.method, init!.signal instanceof AbortSignal]).toEqual(['POST', true]);
    const response = answer(String(url));
    if (response instanceof Error) {
      throw response;
    }
    return response;
  });
});

const escalation = (props: Partial<ConstructorParameters<typeof Escalation>[0]> = {}) =>
  new Escalation({
    alertmanagers: ALERTMANAGERS,
    externalLabels: { cluster: 'test', severity: 'none' },
    ownAlerts: OWN_ALERTS,
    metrics,
    log: (level, message, fields) => void logged.push({ level, message, fields }),
    ...props,
  });
const withSlack = (url?: string) => escalation({ slack: { channel: '#alerts', tokenFile, url } });
const count = async (channel: string, result: string) =>
  (await metrics.escalations.get()).values.find(({ labels }) => labels.channel === channel && labels.result === result)
    ?.value;

const ALERT = {
  name: 'RemediationCircuitOpen',
  labels: { policy: 'restart', target: 'Deployment sightedit/backend' },
  annotations: { summary: 'restart does not help' },
} as const;

describe('An alert of the server', () => {
  it('is raised at every Alertmanager, with the labels of its rule, for a quarter of an hour', async () => {
    await escalation().raiseAlert(ALERT);
    const body = [
      {
        labels: {
          ...{ cluster: 'test', alertname: 'RemediationCircuitOpen', severity: 'critical', category: 'meta' },
          ...{ team: 'platform', policy: 'restart', target: 'Deployment sightedit/backend' },
        },
        annotations: { summary: 'restart does not help' },
        startsAt: NOW.toISOString(),
        endsAt: ago(-900),
      },
    ];
    expect(posted.map(({ url, body: sent }) => [url, sent])).toEqual(
      ALERTMANAGERS.map((url) => [`${url}/api/v2/alerts`, body]),
    );
    expect(await count('alertmanager', 'sent')).toBe(2);
    expect(await count('alertmanager', 'failed')).toBe(0);
    expect(logged).toEqual([]);
  });

  it('links its runbook and a dashboard', async () => {
    const links = { runbooks: 'https://runbooks.example.com', dashboard: 'https://grafana.example.com/d/remediation' };
    await escalation({ links }).raiseAlert(ALERT);
    const [{ annotations }] = posted[0]!.body as [{ annotations: object }];
    expect(annotations).toEqual({
      summary: 'restart does not help',
      runbook_url: 'https://runbooks.example.com/RemediationCircuitOpen',
      dashboard_url: 'https://grafana.example.com/d/remediation',
    });
  });

  it.each([new TypeError('fetch failed'), new Response('bad labels', { status: 400 })])(
    'that one Alertmanager rejects is raised at the other one, counted and logged (%#)',
    async (failure) => {
      answer = (url) => (url.startsWith(ALERTMANAGERS[0]!) ? failure : new Response());
      await escalation().raiseAlert(ALERT);
      expect(posted).toHaveLength(2);
      expect(await count('alertmanager', 'sent')).toBe(1);
      expect(await count('alertmanager', 'failed')).toBe(1);
      expect(logged).toEqual([
        {
          level: 'error',
          message: expect.stringMatching(/fetch failed|alertmanager-0:9093\/api\/v2\/alerts answered 400: bad labels/),
          fields: { channel: 'alertmanager' },
        },
      ]);
    },
  );

  it('is logged with the beginning of a long response only', async () => {
    answer = () => new Response('x'.repeat(10_000), { status: 500 });
    await escalation().raiseAlert(ALERT);
    expect(logged[0]!.message.length).toBeLessThan(400);
  });
});

describe('A message to Slack', () => {
  it('is posted to the channel, with the token as it is in its file', async () => {
    await withSlack().postToSlack('hello');
    expect(posted).toEqual([
      {
        url: 'https://slack.com/api/chat.postMessage',
        body: { channel: '#alerts', text: 'hello', unfurl_links: false, unfurl_media: false },
        headers: { 'content-type': 'application/json; charset=utf-8', authorization: 'Bearer xoxb-fake' },
      },
    ]);
    expect(await count('slack', 'sent')).toBe(1);
  });

  it('goes to another place where one is named', async () => {
    await withSlack('http://slack.example.com/post').postToSlack('hello');
    expect(posted.map(({ url }) => url)).toEqual(['http://slack.example.com/post']);
  });

  it('is not posted without Slack', async () => {
    const silent = escalation();
    for (let index = 0; index < 10; index += 1) {
      await silent.postToSlack('hello');
    }
    await silent.summarise();
    expect(posted).toEqual([]);
  });

  it.each([
    () => new TypeError('fetch failed'),
    () => new Response('{"ok":false,"error":"channel_not_found"}'),
    () => new Response('no', { status: 503 }),
    () => new Response('no JSON'),
  ])('that Slack rejects is counted and logged, and throws nothing (%#)', async (failure) => {
    answer = failure;
    await withSlack().postToSlack('hello');
    expect(await count('slack', 'failed')).toBe(1);
    expect(await count('slack', 'sent')).toBe(0);
    expect(logged).toEqual([
      {
        level: 'error',
        message: expect.stringMatching(/fetch failed|channel_not_found|503|JSON/),
        fields: { channel: 'slack' },
      },
    ]);
  });

  it('cannot be posted without a token, and counts as failed', async () => {
    const slack = { channel: '#alerts', tokenFile: `${tokenFile}-missing` };
    await escalation({ slack }).postToSlack('hello');
    expect(posted).toEqual([]);
    expect(await count('slack', 'failed')).toBe(1);
  });

  it('is plain text: an alert cannot mention a channel in it', async () => {
    await withSlack().postToSlack('restart failed (alert <!channel> & <http://evil.example|more>)');
    expect((posted[0]!.body as { text: string }).text).toBe(
      'restart failed (alert &lt;!channel&gt; &amp; &lt;http://evil.example|more&gt;)',
    );
  });

  it('is one of at most six per minute; the rest is summarised as a number', async () => {
    const slack = withSlack();
    for (let index = 1; index <= 9; index += 1) {
      await slack.postToSlack(`message ${index}`);
      await pass(1);
    }
    const texts = () => posted.map(({ body }) => (body as { text: string }).text);
    expect(texts()).toEqual([1, 2, 3, 4, 5, 6].map((index) => `message ${index}`));
    await slack.summarise();
    expect(texts().slice(6)).toEqual([expect.stringMatching(/\b3 more/)]);
    await slack.summarise();
    expect(posted).toHaveLength(7);
  });

  it('is posted when an earlier one is older than a minute', async () => {
    const slack = withSlack();
    await slack.postToSlack('first');
    await pass(30);
    for (let index = 0; index < 6; index += 1) {
      await slack.postToSlack('more');
    }
    expect(posted).toHaveLength(6);
    await pass(29.999);
    await slack.postToSlack('held back');
    expect(posted).toHaveLength(6);
    await pass(0.001);
    await slack.postToSlack('posted');
    await slack.postToSlack('held back');
    expect(posted).toHaveLength(7);
  });

  it('with a summary is not posted when none was held back', async () => {
    const slack = withSlack();
    await slack.postToSlack('hello');
    await slack.summarise();
    expect(posted).toHaveLength(1);
  });
});
