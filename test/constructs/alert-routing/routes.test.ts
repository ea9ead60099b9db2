import type { Receiver } from '../../../constructs';
import { find, manifestsOf, NAMESPACE } from '../../../testing/render';
import { component } from '../kit/sample';
import { config, receiverOf, rendered, routesOf, routing } from './sample';

describe('routes', () => {
  const teams = { database: { slack: ['#dba'] }, business: { slack: ['#business'], businessHoursOnly: true } };
  const routes = routesOf(rendered({ teams, deadMansSwitch: {} }));
  const route = (receiver: string) => routes.find((candidate) => candidate.receiver === receiver);

  test('lead to receivers that exist, and every receiver has a route', () => {
    const manifests = rendered({ teams, deadMansSwitch: {} });
    const reached = [config(manifests).route, ...routesOf(manifests)].map(({ receiver }) => receiver);
    const names = config(manifests).receivers.map(({ name }: Receiver) => name);
    expect([...new Set(reached)].sort()).toEqual([...names].sort());
  });

  test('go to the team first and on to the level', () => {
    expect(route('team-database')).toMatchObject({ matchers: ['category = "database"'], continue: true });
    expect(routes.indexOf(route('team-database')!)).toBeLessThan(routes.indexOf(route('level-critical')!));
  });

  test('end with a team that keeps business hours', () => {
    const business = route('team-business')!;
    expect(business.continue).toBeUndefined();
    for (const each of [business, ...business.routes!]) {
      expect(each.active_time_intervals).toEqual(['business-hours']);
    }
  });

  test('take an alert of unknown severity to the fallback, also after a route of its team', () => {
    expect(routes.at(-1)).toEqual({ receiver: 'fallback', matchers: ['severity !~ "critical|high|medium|low"'] });
  });

  test.each([
    [{}, 'dead-mans-switch'],
    [undefined, 'nobody'],
  ])('take Watchdog first, with the dead man switch %j to %s', (deadMansSwitch, receiver) => {
    expect(routesOf(rendered({ deadMansSwitch }))[0]).toMatchObject({
      receiver,
      matchers: ['alertname = "Watchdog"'],
      repeat_interval: '1m',
    });
  });

  test('notify of critical alerts first, and repeat them soonest', () => {
    expect(route('level-critical')).toMatchObject({ group_wait: '10s', repeat_interval: '30m' });
    expect(route('level-low')).toMatchObject({ group_wait: '10m', repeat_interval: '24h' });
  });

  test('have business hours only if a team keeps them', () => {
    expect(config(rendered({ teams })).time_intervals).toMatchObject([
      { name: 'business-hours', time_intervals: [{ weekdays: ['monday:friday'], location: 'UTC' }] },
    ]);
    expect(config(rendered())).not.toHaveProperty('time_intervals');
  });
});

test.each([
  [
    '22:00',
    '06:00',
    [
      { weekdays: ['monday:friday'], times: [{ start_time: '22:00', end_time: '24:00' }], location: 'Asia/Tokyo' },
      { weekdays: ['tuesday:saturday'], times: [{ start_time: '00:00', end_time: '06:00' }], location: 'Asia/Tokyo' },
    ],
  ],
  [
    '14:00',
    '00:00',
    [{ weekdays: ['monday:friday'], times: [{ start_time: '14:00', end_time: '24:00' }], location: 'Asia/Tokyo' }],
  ],
])('hours from %s to %s end on the next day', (start, end, time_intervals) => {
  const teams = { business: { slack: ['#business'], businessHoursOnly: true } };
  const manifests = rendered({ teams, businessHours: { start, end, timeZone: 'Asia/Tokyo' } });
  expect(config(manifests).time_intervals).toEqual([{ name: 'business-hours', time_intervals }]);
});

test('an inhibition needs its equal labels on both sides', () => {
  const inhibitions = [{ source: 'NodeGone', targets: ['DiskFull', 'CPUBusy'], equal: ['node'] }];
  expect(config(rendered({ inhibitions })).inhibit_rules).toEqual([
    {
      name: 'NodeGone',
      source_matchers: ['alertname = "NodeGone"', 'node != ""'],
      target_matchers: ['alertname =~ "DiskFull|CPUBusy"', 'node != ""'],
      equal: ['node'],
    },
  ]);
});

describe('an extra receiver', () => {
  const receiver: Receiver = {
    name: 'payments',
    webhook_configs: [{ url: 'http://payments.shop.svc:8080', send_resolved: true }],
  };

  test.each([
    [undefined, true],
    [false, false],
  ])('gets alerts before teams and levels; with continue %s they go on: %s', (goesOn, expected) => {
    const { chart, routing: made } = routing({ teams: { database: { slack: ['#dba'] } } });
    made.addReceiver({ receiver, matchers: ['team = "payments"'], continue: goesOn });
    const manifests = manifestsOf(chart);
    expect(routesOf(manifests)[1]).toEqual({
      receiver: 'payments',
      matchers: ['team = "payments"'],
      continue: expected,
    });
    expect(receiverOf(manifests, 'payments')).toEqual(receiver);
  });

  test('has its own grouping and timing, or those of the others', () => {
    const { chart, routing: made } = routing();
    const timing = { group_wait: '1s', group_interval: '2m', repeat_interval: '3h' };
    made.addReceiver({ receiver, matchers: ['team = "payments"'], groupBy: ['...'], timing });
    made.addReceiver({ receiver: { name: 'plain' }, matchers: ['team = "plain"'], timing: { group_wait: '5s' } });
    const [, extra, plain] = routesOf(manifestsOf(chart));
    expect(extra).toMatchObject({ receiver: 'payments', group_by: ['...'], ...timing });
    expect(plain).toEqual({ receiver: 'plain', matchers: ['team = "plain"'], continue: true, group_wait: '5s' });
  });

  test('in the cluster is reached through a connection', () => {
    const { chart, routing: made } = routing();
    const connection = made.connectTo(component(chart, { name: 'payments' }).endpoint());
    expect(connection.url()).toBe(`http://payments.${NAMESPACE}.svc:8080`);
    expect(find(manifestsOf(chart), 'NetworkPolicy', 'payments').spec.ingress).toHaveLength(1);
  });
});

describe('a receiver of Watchdog', () => {
  const watchdogRoutes = (manifests: ReturnType<typeof rendered>) =>
    routesOf(manifests)
      .filter(({ matchers }) => matchers?.includes('alertname = "Watchdog"'))
      .map(({ receiver, continue: goesOn, group_wait, repeat_interval }) => ({
        receiver,
        goesOn: goesOn ?? false,
        group_wait,
        repeat_interval,
      }));
  const route = (name: string, goesOn: boolean) => ({
    receiver: name,
    goesOn,
    group_wait: '0s',
    repeat_interval: '1m',
  });

  test('gets it every minute, before the dead man’s switch', () => {
    const { chart, routing: made } = routing({ deadMansSwitch: {} });
    const heartbeat = { name: 'heartbeat', webhook_configs: [{ url: 'http://heartbeat', send_resolved: false }] };
    made.addHeartbeat(heartbeat);
    made.addHeartbeat({ name: 'another' });
    const manifests = manifestsOf(chart);
    expect(watchdogRoutes(manifests)).toEqual([
      route('heartbeat', true),
      route('another', true),
      route('dead-mans-switch', false),
    ]);
    expect(receiverOf(manifests, 'heartbeat')).toEqual(heartbeat);
  });

  test('gets it without a dead man’s switch, and people still do not', () => {
    const { chart, routing: made } = routing();
    made.addHeartbeat({ name: 'heartbeat' });
    expect(watchdogRoutes(manifestsOf(chart))).toEqual([route('heartbeat', true), route('nobody', false)]);
    expect(watchdogRoutes(rendered())).toEqual([route('nobody', false)]);
  });
});
