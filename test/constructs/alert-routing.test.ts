import {
  AlertRouting,
  type AlertRoutingProps,
  type Channels,
  Credentials,
  Endpoint,
  type Levels,
  type Receiver,
  type Route,
  SettingError,
  type SlackChannel,
} from '../../constructs';
import { containerOf, find, findAll, manifestsOf, NAMESPACE, podOf, testChart } from '../../testing/render';
import { testProps } from '../support/props';
import { serverConfig } from '../support/server-config';
import { component } from './kit/sample';

const EVERYBODY: Levels = {
  critical: { slack: ['#critical'] },
  high: { slack: ['#high'] },
  medium: { slack: ['#medium'] },
  low: { slack: ['#low'] },
};

/** Levels that share one Slack channel, as an incoming webhook wants it. */
const ONE_CHANNEL: Levels = {
  critical: { slack: ['#alerts'] },
  high: { slack: ['#alerts'] },
  medium: { slack: ['#alerts'] },
  low: { slack: ['#alerts'] },
};

const SLACK = { kind: 'app' } as const;

const EVERY_CHANNEL: Required<Channels> = {
  slack: SLACK,
  email: { smarthost: 'smtp.example.com:587', from: 'monitoring@example.com', username: 'monitoring' },
  pagerDuty: {},
  sms: { kind: 'gateway' },
  webhook: {},
};

/** An audience that is told by e-mail alone. */
const MAIL = { email: ['oncall@example.com'] } as const;

/** An audience that is told through every channel. */
const EVERY_WAY = {
  slack: ['#critical'],
  email: ['oncall@example.com'],
  pagerDuty: 'critical',
  sms: true,
  webhook: true,
} as const;

const PROPS = (): AlertRoutingProps => ({
  externalUrl: 'https://alerts.example.com',
  credentials: new Credentials('demo-credentials'),
  channels: { slack: SLACK },
  levels: EVERYBODY,
});

/** Routing with the fewest props and what a test changes. */
function routing(props: Partial<AlertRoutingProps> = {}) {
  const chart = testChart();
  const made = new AlertRouting(chart, 'alertmanager', { ...PROPS(), ...props });
  return { chart, routing: made };
}

const rendered = (props?: Partial<AlertRoutingProps>) => manifestsOf(routing(props).chart);
const config = (manifests: ReturnType<typeof rendered>) =>
  serverConfig(manifests, 'alertmanager-config', 'alertmanager.yml');
const receiverOf = (manifests: ReturnType<typeof rendered>, name: string): Receiver =>
  config(manifests).receivers.find((receiver: Receiver) => receiver.name === name);
const routesOf = (manifests: ReturnType<typeof rendered>): Route[] => config(manifests).route.routes;

/** Every `key: value` of a configuration whose key ends in a suffix. */
function entriesOf(value: unknown, suffix: string): string[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, child]) =>
    key.endsWith(suffix) && typeof child === 'string' ? [`${key}: ${child}`] : entriesOf(child, suffix),
  );
}

/** What is said of an incoming webhook when several Slack channels are named. */
const ONE_WEBHOOK = (channels: string) =>
  `alerting.channels.slack.kind is "webhook": an incoming webhook posts to one channel, and ${channels} are named; ` +
  'write app, or name one channel';

describe('AlertRouting', () => {
  testProps<AlertRoutingProps>({
    make: (scope, props) => new AlertRouting(scope, 'alertmanager', props),
    minimal: PROPS,
    full: () => ({
      name: 'notifier',
      externalUrl: 'https://notifier.example.com',
      replicas: 2,
      storageSize: '4Gi',
      storageClass: 'fast',
      credentials: new Credentials('notifier-credentials'),
      channels: EVERY_CHANNEL,
      levels: { ...EVERYBODY, critical: EVERY_WAY },
      teams: { database: { slack: ['#dba'] }, business: { email: ['business@example.com'], businessHoursOnly: true } },
      fallback: { slack: ['#fallback'] },
      privateReceivers: [{ cidrs: ['10.20.0.0/16'], port: 8443 }],
      deadMansSwitch: { urlKey: 'LISTENER_URL' },
      businessHours: { start: '08:00', end: '16:00', timeZone: 'Europe/Berlin' },
      inhibitions: [{ source: 'DemoDown', targets: ['DemoSlow'], equal: ['instance'] }],
      tracing: Endpoint.host('traces.example.com', 4318, 'http', ['10.30.0.0/16']),
    }),
    traces: {
      name: 'name: notifier',
      externalUrl: '--web.external-url=https://notifier.example.com',
      replicas: 'replicas: 2',
      storageSize: 'storage: 4Gi',
      storageClass: 'storageClassName: fast',
      credentials: 'secretName: notifier-credentials',
      channels: 'smtp_smarthost: smtp.example.com:587',
      levels: 'to: oncall@example.com',
      teams: "channel: '#dba'",
      fallback: "channel: '#fallback'",
      privateReceivers: 'cidr: 10.20.0.0/16',
      deadMansSwitch: 'url_file: /etc/alertmanager/credentials/LISTENER_URL',
      businessHours: 'location: Europe/Berlin',
      inhibitions: 'name: DemoDown',
      tracing: 'endpoint: traces.example.com:4318',
    },
  });

  describe('replicas', () => {
    test('gossip on TCP and UDP, on both sides of the policy', () => {
      const policy = find(rendered(), 'NetworkPolicy').spec;
      const gossip = [
        { port: 9094, protocol: 'TCP' },
        { port: 9094, protocol: 'UDP' },
      ];
      const pods = [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'alertmanager' } } }];
      expect(policy.ingress).toContainEqual({ from: pods, ports: gossip });
      expect(policy.egress).toContainEqual({ to: pods, ports: gossip });
    });

    test('name each other, and advertise the address of their pod', () => {
      const { args } = containerOf(rendered(), 'alertmanager');
      expect(args.filter((arg: string) => arg.startsWith('--cluster'))).toEqual([
        '--cluster.listen-address=0.0.0.0:9094',
        '--cluster.advertise-address=$(POD_IP):9094',
        ...[0, 1, 2].map((n) => `--cluster.peer=alertmanager-${n}.alertmanager-headless.${NAMESPACE}.svc:9094`),
      ]);
    });

    test('gossip with nobody when there is one', () => {
      const manifests = rendered({ replicas: 1 });
      const { args } = containerOf(manifests, 'alertmanager');
      expect(args.filter((arg: string) => arg.startsWith('--cluster'))).toEqual(['--cluster.listen-address=']);
      expect(find(manifests, 'NetworkPolicy').spec.ingress).toEqual([]);
    });

    test('are reached by clients on their API and not on the port for gossip', () => {
      expect(find(rendered(), 'Service', 'alertmanager').spec.ports).toMatchObject([{ name: 'http', port: 9093 }]);
    });
  });

  describe('secrets', () => {
    const every = () =>
      rendered({
        channels: EVERY_CHANNEL,
        levels: { ...EVERYBODY, critical: EVERY_WAY },
        deadMansSwitch: {},
      });

    test('are read from files, every one of them', () => {
      const files = new Set(entriesOf(config(every()), '_file'));
      expect([...files].sort()).toEqual([
        'routing_key_file: /etc/alertmanager/credentials/PAGERDUTY_INTEGRATION_KEY',
        'slack_app_token_file: /etc/alertmanager/credentials/SLACK_BOT_TOKEN',
        'smtp_auth_password_file: /etc/alertmanager/credentials/SMTP_PASSWORD',
        'url_file: /etc/alertmanager/credentials/ALERT_WEBHOOK_URL',
        'url_file: /etc/alertmanager/credentials/DEAD_MANS_SWITCH_URL',
        'url_file: /etc/alertmanager/credentials/SMS_GATEWAY_URL',
      ]);
    });

    test.each([
      'slack_api_url',
      'slack_app_token',
      'smtp_auth_password',
      'routing_key',
      'service_key',
      'api_key',
      'app_token',
      'url',
      'api_url',
    ])('never stand in the configuration as %s', (key) => {
      expect(entriesOf(config(every()), key).filter((entry) => entry.startsWith(`${key}: `))).toEqual([]);
    });

    test('that the configuration reads are those that are mounted', () => {
      const manifests = every();
      const volume = podOf(manifests, 'alertmanager').spec.volumes.find(
        ({ name }: { name: string }) => name === 'credentials',
      );
      const mounted = volume.secret.items.map(({ path }: { path: string }) => `/etc/alertmanager/credentials/${path}`);
      const read = entriesOf(config(manifests), '_file').map((entry) => entry.split(': ')[1]);
      expect([...new Set(read)].sort()).toEqual(mounted);
      expect(volume.secret.optional).toBe(true);
    });

    test.each<[string, SlackChannel, string, string]>([
      ['an app', { kind: 'app' }, 'slack_app_token_file', 'SLACK_BOT_TOKEN'],
      [
        'an app with a key of another name',
        { kind: 'app', tokenKey: 'CHAT_TOKEN' },
        'slack_app_token_file',
        'CHAT_TOKEN',
      ],
      ['a webhook', { kind: 'webhook' }, 'slack_api_url_file', 'SLACK_WEBHOOK_URL'],
      [
        'a webhook with a key of another name',
        { kind: 'webhook', urlKey: 'CHAT_URL' },
        'slack_api_url_file',
        'CHAT_URL',
      ],
    ])('of Slack, by %s, are one key in one file', (_name, slack, setting, key) => {
      const manifests = rendered({ channels: { slack }, levels: ONE_CHANNEL });
      expect(entriesOf(config(manifests), '_file')).toEqual([`${setting}: /etc/alertmanager/credentials/${key}`]);
      const { volumes } = podOf(manifests, 'alertmanager').spec;
      const { secret } = volumes.find(({ name }: { name: string }) => name === 'credentials');
      expect(secret.items).toEqual([{ key, path: key }]);
    });
  });

  describe('a channel', () => {
    const TRACES: { readonly [channel in keyof Channels]-?: RegExp } = {
      slack: /slack/,
      email: /smtp|email_configs/,
      pagerDuty: /pagerduty/,
      sms: /SMS_GATEWAY_URL|sns_configs/,
      webhook: /ALERT_WEBHOOK_URL/,
    };
    const levels: Levels = { critical: EVERY_WAY, high: EVERY_WAY, medium: EVERY_WAY, low: EVERY_WAY };
    const channels = Object.keys(EVERY_CHANNEL) as (keyof Channels)[];
    const text = (left: Channels) => JSON.stringify(config(rendered({ channels: left, levels })));

    test.each(channels)('that is given is in the configuration: %s', (channel) => {
      expect(text(EVERY_CHANNEL)).toMatch(TRACES[channel]);
    });

    test.each(channels)('that is left out is left out of the configuration: %s', (channel) => {
      expect(text({ ...EVERY_CHANNEL, [channel]: undefined })).not.toMatch(TRACES[channel]);
    });

    test('of text messages by SNS assumes its role and publishes to its topic', () => {
      const manifests = rendered({
        channels: {
          slack: SLACK,
          sms: {
            kind: 'sns',
            topicArn: 'arn:aws:sns:eu-west-1:000000000000:demo',
            region: 'eu-west-1',
            roleArn: 'arn:aws:iam::000000000000:role/demo',
          },
        },
        levels: { ...EVERYBODY, critical: { sms: true } },
      });
      expect(receiverOf(manifests, 'level-critical').sns_configs).toMatchObject([
        {
          topic_arn: 'arn:aws:sns:eu-west-1:000000000000:demo',
          sigv4: { region: 'eu-west-1' },
          send_resolved: false,
          // SNS refuses a subject of 100 characters or more.
          subject: '{{ .GroupLabels.alertname }}',
        },
      ]);
      expect(config(manifests).route.group_by).toContain('alertname');
      expect(find(manifests, 'ServiceAccount').metadata.annotations).toEqual({
        'eks.amazonaws.com/role-arn': 'arn:aws:iam::000000000000:role/demo',
      });
    });

    test.each<[string, Channels, number[]]>([
      ['Slack', { slack: SLACK }, [443]],
      ['Slack and e-mail', { slack: SLACK, email: EVERY_CHANNEL.email }, [443, 587]],
    ])('of %s opens the way out and no other', (_name, left, ports) => {
      const [, ...rules] = find(rendered({ channels: left, replicas: 1 }), 'NetworkPolicy').spec.egress;
      expect(rules.map((rule: { ports: { port: number }[] }) => rule.ports[0]?.port)).toEqual(ports);
    });

    test('of e-mail in a private range opens that range on the port of the server and nothing else', () => {
      const email = { smarthost: 'mail.internal:25', cidrs: ['10.30.0.0/16'], from: 'monitoring@example.com' };
      const manifests = rendered({
        channels: { email },
        levels: { critical: MAIL, high: MAIL, medium: MAIL, low: MAIL },
        replicas: 1,
      });
      const [, ...rules] = find(manifests, 'NetworkPolicy').spec.egress;
      expect(rules).toEqual([{ to: [{ ipBlock: { cidr: '10.30.0.0/16' } }], ports: [{ port: 25, protocol: 'TCP' }] }]);
    });

    test('of e-mail keeps to TLS, and logs in only with a name', () => {
      const email = { smarthost: 'smtp.example.com:25', from: 'monitoring@example.com' };
      const { global } = config(rendered({ channels: { slack: SLACK, email } }));
      expect(global.smtp_require_tls).toBe(true);
      expect(global).not.toHaveProperty('smtp_auth_password_file');
    });
  });

  describe('receivers in private ranges', () => {
    const ways = (props: Partial<AlertRoutingProps>): object[] =>
      find(rendered({ ...props, replicas: 1 }), 'NetworkPolicy').spec.egress;

    test('open those ranges, each on its own port, and nothing else', () => {
      const without = ways({});
      const opened = ways({
        privateReceivers: [
          { cidrs: ['10.20.0.0/16', '10.21.0.0/16'], port: 8443 },
          { cidrs: ['192.168.7.1/32'], port: 8080 },
        ],
      });
      expect(opened).toEqual([
        ...without,
        {
          to: [{ ipBlock: { cidr: '10.20.0.0/16' } }, { ipBlock: { cidr: '10.21.0.0/16' } }],
          ports: [{ port: 8443, protocol: 'TCP' }],
        },
        { to: [{ ipBlock: { cidr: '192.168.7.1/32' } }], ports: [{ port: 8080, protocol: 'TCP' }] },
      ]);
    });
  });

  describe('a setting that cannot work', () => {
    const error = (props: Partial<AlertRoutingProps>): SettingError => {
      try {
        routing(props);
      } catch (thrown) {
        if (thrown instanceof SettingError) {
          return thrown;
        }
        throw thrown;
      }
      throw new Error('nothing was thrown, expected a SettingError');
    };

    test.each<[string, Partial<AlertRoutingProps>, string]>([
      [
        'a level without a channel',
        { levels: { ...EVERYBODY, low: {} } },
        'alerting.levels.low is {}: these alerts would reach nobody; ' +
          'name a Slack channel, an e-mail address or another channel',
      ],
      [
        'a level whose channels have no settings',
        { levels: { ...EVERYBODY, critical: { pagerDuty: 'critical', sms: true } } },
        'alerting.levels.critical is {"pagerDuty":"critical","sms":true}: these alerts would reach nobody; ' +
          'give alerting.channels settings for one of pagerDuty, sms',
      ],
      [
        'a team that alone hears of its alerts and has no channel',
        { teams: { business: { email: ['business@example.com'], businessHoursOnly: true } } },
        'alerting.teams.business is {"email":["business@example.com"],"businessHoursOnly":true}: ' +
          'these alerts would reach nobody; give alerting.channels settings for one of email',
      ],
      [
        'a fallback without a channel',
        { fallback: { webhook: true } },
        'alerting.fallback is {"webhook":true}: these alerts would reach nobody; ' +
          'give alerting.channels settings for one of webhook',
      ],
      [
        'a mail server without a port',
        { channels: { slack: SLACK, email: { smarthost: 'smtp.example.com', from: 'monitoring@example.com' } } },
        'alerting.channels.email.smarthost is "smtp.example.com": write host:port, e.g. smtp.sightedit.com:587',
      ],
      [
        'a level whose list of Slack channels is empty',
        { levels: { ...EVERYBODY, low: { slack: [] } } },
        'alerting.levels.low is {"slack":[]}: these alerts would reach nobody; ' +
          'name a Slack channel, an e-mail address or another channel',
      ],
      [
        'an incoming webhook of Slack with a channel for each level',
        { channels: { slack: { kind: 'webhook' } } },
        ONE_WEBHOOK('#critical, #high, #medium, #low'),
      ],
      [
        'an incoming webhook of Slack with a channel for a team',
        { channels: { slack: { kind: 'webhook' } }, levels: ONE_CHANNEL, teams: { database: { slack: ['#dba'] } } },
        ONE_WEBHOOK('#alerts, #dba'),
      ],
      [
        'an incoming webhook of Slack with a channel for what is unknown',
        { channels: { slack: { kind: 'webhook' } }, levels: ONE_CHANNEL, fallback: { slack: ['#alerts', '#lost'] } },
        ONE_WEBHOOK('#alerts, #lost'),
      ],
    ])('is refused with its mend: %s', (_name, props, message) => {
      expect(error(props).message).toBe(message);
    });

    test('is not an incoming webhook of Slack whose one channel is named often', () => {
      const manifests = rendered({
        channels: { slack: { kind: 'webhook' } },
        levels: ONE_CHANNEL,
        teams: { database: { slack: ['#alerts'] } },
        fallback: { slack: ['#alerts'] },
      });
      expect([...new Set(entriesOf(config(manifests), 'channel'))]).toEqual(['channel: #alerts']);
    });

    test('that is a mere wish is passed over: a team whose channel is missing is told by level', () => {
      const manifests = rendered({ teams: { database: { email: ['dba@example.com'] } } });
      expect(receiverOf(manifests, 'team-database')).toBeUndefined();
      expect(JSON.stringify(routesOf(manifests))).not.toContain('database');
    });
  });

  describe('routes', () => {
    const teams = { database: { slack: ['#dba'] }, business: { slack: ['#business'], businessHoursOnly: true } };
    const routes = routesOf(rendered({ teams, deadMansSwitch: {} }));
    const route = (receiver: string) => routes.find((candidate) => candidate.receiver === receiver);

    test('lead to receivers that exist, and every receiver is led to', () => {
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

    test('take an alert of unknown severity to the fallback even when a team has let it pass', () => {
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

    test('tell critical alerts first and soonest again', () => {
      expect(route('level-critical')).toMatchObject({ group_wait: '10s', repeat_interval: '30m' });
      expect(route('level-low')).toMatchObject({ group_wait: '10m', repeat_interval: '24h' });
    });

    test('have business hours only where a team keeps them', () => {
      expect(config(rendered({ teams })).time_intervals).toMatchObject([
        { name: 'business-hours', time_intervals: [{ weekdays: ['monday:friday'], location: 'UTC' }] },
      ]);
      expect(config(rendered())).not.toHaveProperty('time_intervals');
    });
  });

  test('an inhibition guards against labels that are missing on both sides', () => {
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

  describe("a receiver of one's own", () => {
    const receiver: Receiver = {
      name: 'payments',
      webhook_configs: [{ url: 'http://payments.shop.svc:8080', send_resolved: true }],
    };

    test.each([
      [undefined, true],
      [false, false],
    ])('sees alerts before teams and levels do; with continue %s they go on: %s', (goesOn, expected) => {
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

    test('groups and waits as it says, or else as the others do', () => {
      const { chart, routing: made } = routing();
      const timing = { group_wait: '1s', group_interval: '2m', repeat_interval: '3h' };
      made.addReceiver({ receiver, matchers: ['team = "payments"'], groupBy: ['...'], timing });
      made.addReceiver({ receiver: { name: 'plain' }, matchers: ['team = "plain"'], timing: { group_wait: '5s' } });
      const [, extra, plain] = routesOf(manifestsOf(chart));
      expect(extra).toMatchObject({ receiver: 'payments', group_by: ['...'], ...timing });
      expect(plain).toEqual({ receiver: 'plain', matchers: ['team = "plain"'], continue: true, group_wait: '5s' });
    });

    test('inside the cluster is reached once it is connected to', () => {
      const { chart, routing: made } = routing();
      const connection = made.connectTo(component(chart, { name: 'payments' }).endpoint());
      expect(connection.url()).toBe(`http://payments.${NAMESPACE}.svc:8080`);
      expect(find(manifestsOf(chart), 'NetworkPolicy', 'payments').spec.ingress).toHaveLength(1);
    });
  });

  describe('a listener for Watchdog', () => {
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

    test('hears it before the one that ends it, every minute', () => {
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

    test('hears it where there is no dead man’s switch, and humans still do not', () => {
      const { chart, routing: made } = routing();
      made.addHeartbeat({ name: 'heartbeat' });
      expect(watchdogRoutes(manifestsOf(chart))).toEqual([route('heartbeat', true), route('nobody', false)]);
      expect(watchdogRoutes(rendered())).toEqual([route('nobody', false)]);
    });
  });

  describe('a receiver of traces', () => {
    const traced = (endpoint: Endpoint) => rendered({ tracing: endpoint });

    test('gets every notification by OTLP over HTTP, and the policy lets it', () => {
      const manifests = traced(Endpoint.host('traces.example.com', 4318, 'http', ['10.30.0.0/16']));
      expect(config(manifests).tracing).toEqual({
        client_type: 'http',
        endpoint: 'traces.example.com:4318',
        insecure: true,
        sampling_fraction: 1,
      });
      expect(find(manifests, 'NetworkPolicy').spec.egress).toContainEqual({
        to: [{ ipBlock: { cidr: '10.30.0.0/16' } }],
        ports: [{ port: 4318, protocol: 'TCP' }],
      });
    });

    test('is spoken to in TLS where its endpoint says so', () => {
      expect(config(traced(Endpoint.host('traces.example.com'))).tracing).toMatchObject({
        endpoint: 'traces.example.com:443',
        insecure: false,
      });
    });

    test('is not needed', () => {
      expect(config(rendered())).not.toHaveProperty('tracing');
    });
  });

  test('the pods roll out anew when the configuration changes, since Alertmanager does not watch it', () => {
    const checksum = (props: Partial<AlertRoutingProps>) =>
      podOf(rendered(props), 'alertmanager').metadata.annotations['checksum/config'];
    expect(checksum({})).not.toBe(checksum({ fallback: { slack: ['#elsewhere'] } }));
  });

  test('no Secret is written', () => {
    expect(findAll(rendered(), 'Secret')).toEqual([]);
  });
});
