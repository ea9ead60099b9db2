import type { AlertRoutingProps, Channels, Levels, SlackChannel } from '../../../constructs';
import { find, podOf } from '../../../testing/render';
import {
  config,
  EVERY_CHANNEL,
  EVERY_WAY,
  EVERYBODY,
  entriesOf,
  MAIL,
  ONE_CHANNEL,
  receiverOf,
  rendered,
  SLACK,
} from './sample';

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
  ])('are never in the configuration as %s', (key) => {
    expect(entriesOf(config(every()), key).filter((entry) => entry.startsWith(`${key}: `))).toEqual([]);
  });

  test('are mounted exactly as the configuration reads them', () => {
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
    ['a webhook with a key of another name', { kind: 'webhook', urlKey: 'CHAT_URL' }, 'slack_api_url_file', 'CHAT_URL'],
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

  test.each(channels)('with settings is in the configuration: %s', (channel) => {
    expect(text(EVERY_CHANNEL)).toMatch(TRACES[channel]);
  });

  test.each(channels)('without settings is not in the configuration: %s', (channel) => {
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
        // SNS refuses subjects of 100 characters or more, and others than ASCII.
        subject: '{{ reReplaceAll "[^ -~]" "." (printf "%.99s" .GroupLabels.alertname) }}',
      },
    ]);
    expect(config(manifests).route.group_by).toContain('alertname');
    expect(find(manifests, 'ServiceAccount').metadata.annotations).toEqual({
      'eks.amazonaws.com/role-arn': 'arn:aws:iam::000000000000:role/demo',
    });
  });

  test.each<[string, Channels, string, object]>([
    ['a gateway of text messages', EVERY_CHANNEL, 'SMS_GATEWAY_URL', { max_alerts: 1, send_resolved: false }],
    ['a webhook', EVERY_CHANNEL, 'ALERT_WEBHOOK_URL', { max_alerts: 100, send_resolved: true }],
    [
      'a webhook with another number',
      { ...EVERY_CHANNEL, webhook: { maxAlerts: 7 } },
      'ALERT_WEBHOOK_URL',
      { max_alerts: 7, send_resolved: true },
    ],
  ])('of %s gets a bounded number of alerts', (_name, channels, key, expected) => {
    const { webhook_configs = [] } = receiverOf(rendered({ channels, levels }), 'level-critical');
    expect(webhook_configs.find(({ url_file }) => `${url_file}`.endsWith(key))).toMatchObject(expected);
  });

  test('of PagerDuty replaces the lists that Alertmanager would add, which have no bound', () => {
    const [pagerDuty] = receiverOf(rendered({ channels: EVERY_CHANNEL, levels }), 'level-critical').pagerduty_configs!;
    expect(pagerDuty!.details).toMatchObject({
      firing: '{{ template "monitoring.pagerduty.firing" . }}',
      resolved: '{{ template "monitoring.pagerduty.resolved" . }}',
    });
  });

  test.each<[string, Channels, number[]]>([
    ['Slack', { slack: SLACK }, [443]],
    ['Slack and e-mail', { slack: SLACK, email: EVERY_CHANNEL.email }, [443, 587]],
  ])('%s opens its ports and no others', (_name, left, ports) => {
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

  test('of e-mail requires TLS, and logs in only with a user name', () => {
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
