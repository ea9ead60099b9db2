import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AlertmanagerConfig } from '../../formats/alertmanager';
import { RuleCatalogue } from '../../rules';
import type { Episode } from '../../scripts/noise/alert-state';
import { messagesOf } from '../../scripts/noise/alertmanager';
import { healthyMonth } from '../../scripts/noise/month';
import { isQuiet, noiseOf, WEEKLY_LIMIT } from '../../scripts/noise/report';
import { START } from '../../scripts/noise/world';
import { cleanUp } from '../../testing/cleanup';
import { sightEditPlatform } from '../../testing/platform';
import { startAlertmanager } from './support/alertmanager';

/** Events have a distance of a unit or more from every flush, so that a slow machine changes no order. */
const UNIT = 2;
const END = 30;

const seconds = (units: number) => `${units * UNIT}s`;
const route = (receiver: string, alerts: string) => ({ receiver, matchers: [`alertname =~ "${alerts}"`] });

/** Flushes at 1, 5, 9, … units after the first alert of a group. */
function config(url: string): AlertmanagerConfig {
  const receiver = (name: string, send_resolved: boolean) => ({
    name,
    webhook_configs: [{ url: `${url}/${name}`, send_resolved }],
  });
  return {
    global: {},
    templates: [],
    route: {
      receiver: 'everything',
      group_by: ['alertname'],
      group_wait: seconds(1),
      group_interval: seconds(4),
      repeat_interval: seconds(10),
      routes: [
        { ...route('firing-only', 'Flapping|Group'), continue: true },
        { ...route('closed', 'Group'), active_time_intervals: ['never'], continue: true },
        { ...route('by-host', 'Group'), group_by: ['host'], group_wait: seconds(2) },
        { ...route('parent', 'Target|Source'), routes: [{ ...route('child', 'Target'), group_by: ['...'] }] },
      ],
    },
    inhibit_rules: [
      { source_matchers: ['alertname = "Source"'], target_matchers: ['alertname = "Target"'], equal: ['host'] },
    ],
    receivers: [
      receiver('everything', true),
      receiver('firing-only', false),
      receiver('closed', true),
      receiver('by-host', true),
      receiver('parent', true),
      receiver('child', true),
    ],
    time_intervals: [{ name: 'never', time_intervals: [{ times: [otherTime()] }] }],
  };
}

/** A time of the day that the test does not see. */
function otherTime(): { start_time: string; end_time: string } {
  const hour = String((new Date().getUTCHours() + 12) % 24).padStart(2, '0');
  return { start_time: `${hour}:00`, end_time: `${hour}:30` };
}

/** Alerts with their start and their end, in units. */
const STORY: readonly (readonly [alertname: string, host: string, start: number, end?: number])[] = [
  ['Group', 'a', 0, 7],
  ['Group', 'b', 3, 11],
  ['Group', 'a', 15.5, 18],
  ['Repeating', 'a', 0],
  ['Flapping', 'a', 0, 2],
  ['Flapping', 'a', 3.3, 6.5],
  ['Flapping', 'a', 7.5, 12],
  ['Source', 'a', 0, 12],
  ['Target', 'a', 2],
  ['Target', 'b', 2.3, 7.7],
];

/** A message as text: its receiver, its status and its alerts. */
interface Sent {
  readonly receiver: string;
  readonly status: string;
  readonly alerts: readonly string[];
}

const nameOf = (labels: Readonly<Record<string, string>>) => `${labels.alertname} ${labels.host}`;

/** The messages of each receiver, in order. Groups of one receiver may be flushed at the same time. */
function byReceiver(messages: readonly Sent[]): Readonly<Record<string, readonly string[]>> {
  const lines = messages.map(({ receiver, status, alerts }) => [
    receiver,
    `${status}: ${[...alerts].sort().join(', ')}`,
  ]);
  return Object.fromEntries(
    [...new Set(lines.map(([receiver]) => receiver!))]
      .sort()
      .map((receiver) => [receiver, lines.flatMap(([own, line]) => (own === receiver ? [line!] : [])).sort()]),
  );
}

test('The simulated Alertmanager sends what a real one sends', async () => {
  const received: Sent[] = [];
  const sink = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const { receiver, status, alerts } = JSON.parse(Buffer.concat(chunks).toString()) as {
        receiver: string;
        status: string;
        alerts: { status: string; labels: Record<string, string> }[];
      };
      received.push({
        receiver,
        status,
        alerts: alerts.map((alert) => `${nameOf(alert.labels)} ${alert.status}`),
      });
      response.end();
    });
  });
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
  const real = config(`http://127.0.0.1:${(sink.address() as AddressInfo).port}`);
  try {
    const { url } = await startAlertmanager(real);
    const start = Date.now();
    const events = STORY.flatMap(([alertname, host, from, to]) => [
      { at: from, labels: { alertname, host }, isOver: false },
      ...(to === undefined ? [] : [{ at: to, labels: { alertname, host }, isOver: true }]),
    ]).sort((one, other) => one.at - other.at);
    for (const { at, labels, isOver } of events) {
      await sleep(Math.max(0, start + at * UNIT * 1000 - Date.now()));
      const now = new Date().toISOString();
      const response = await fetch(`${url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([{ labels, ...(isOver ? { endsAt: now } : { startsAt: now }) }]),
      });
      expect(response.status).toBe(200);
    }
    await sleep(start + END * UNIT * 1000 - Date.now());
  } finally {
    await cleanUp();
    sink.closeAllConnections();
    await new Promise((resolve) => sink.close(resolve));
  }
  const episodes = STORY.map(
    ([alertname, host, from, to]): Episode => ({
      labels: { alertname, host },
      start: from * UNIT,
      end: to === undefined ? undefined : to * UNIT,
    }),
  );
  const simulated = messagesOf(real, episodes, END * UNIT).map(
    ({ receiver, firing, resolved }): Sent => ({
      receiver,
      status: firing.length > 0 ? 'firing' : 'resolved',
      alerts: [
        ...firing.map((labels) => `${nameOf(labels)} firing`),
        ...resolved.map((labels) => `${nameOf(labels)} resolved`),
      ],
    }),
  );
  expect(byReceiver(received)).toEqual(byReceiver(simulated));
  // The story has every kind of message.
  expect(Object.keys(byReceiver(simulated))).toEqual(['by-host', 'child', 'everything', 'firing-only', 'parent']);
});

/** The first week of the month. The whole one takes `npm run noise`. */
const WEEK_DAYS = 7;

test('A healthy week pages nobody, and no team gets five notifications in it', async () => {
  const alertmanager = sightEditPlatform().charts.alerting.routing.config;
  const { episodes, messages } = await healthyMonth({
    size: 5,
    days: WEEK_DAYS,
    step: 120,
    rules: RuleCatalogue.sightEdit().files,
    alertmanager,
  });
  const noise = noiseOf(messages, episodes, START);
  expect(noise.rows.filter(({ notifications }) => notifications >= WEEKLY_LIMIT)).toEqual([]);
  expect([noise.pages, isQuiet(noise)]).toEqual([0, true]);
}, 900_000);

test('An alert that fires in a healthy day counts', async () => {
  const alertmanager = sightEditPlatform().charts.alerting.routing.config;
  const [file] = RuleCatalogue.sightEdit().files;
  const loud = {
    alert: 'Loud',
    expr: 'sum(up{job="sightedit-pods"}) > 0',
    for: '10m',
    labels: { severity: 'critical', category: 'application' },
    annotations: {},
  };
  const { episodes, messages } = await healthyMonth({
    size: 5,
    days: 1,
    step: 120,
    rules: [{ ...file!, groups: [{ name: 'loud', rules: [loud] }] }],
    alertmanager,
  });
  const noise = noiseOf(messages, episodes, START);
  expect(episodes).toHaveLength(1);
  // A page every half hour.
  expect(noise.pages).toBeGreaterThan(40);
  expect(isQuiet(noise)).toBe(false);
}, 300_000);
