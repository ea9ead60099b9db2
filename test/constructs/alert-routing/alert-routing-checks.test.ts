import { type AlertRoutingProps, Credentials } from '../../../constructs';
import { settingError } from '../../support/setting-error';
import {
  config,
  EVERY_CHANNEL,
  EVERYBODY,
  entriesOf,
  ONE_CHANNEL,
  receiverOf,
  rendered,
  routesOf,
  routing,
  SLACK,
} from './sample';

/** The message for an incoming webhook and several Slack channels. */
const ONE_WEBHOOK = (channels: string) =>
  `channels.slack.kind is "webhook": an incoming webhook posts to one channel, and ${channels} are named; ` +
  'write app, or name one channel';

describe('a setting that cannot work', () => {
  test.each<[string, Partial<AlertRoutingProps>, string]>([
    [
      'a level without a channel',
      { levels: { ...EVERYBODY, low: {} } },
      'levels.low is {}: these alerts would reach nobody; ' +
        'name a Slack channel, an e-mail address or another channel',
    ],
    [
      'a level whose channels have no settings',
      { levels: { ...EVERYBODY, critical: { pagerDuty: 'critical', sms: true } } },
      'levels.critical is {"pagerDuty":"critical","sms":true}: these alerts would reach nobody; ' +
        'add settings for one of channels.pagerDuty, channels.sms',
    ],
    [
      'a team without a channel that is the only recipient of its alerts',
      { teams: { business: { email: ['business@example.com'], businessHoursOnly: true } } },
      'teams.business is {"email":["business@example.com"],"businessHoursOnly":true}: ' +
        'these alerts would reach nobody; add settings for one of channels.email',
    ],
    [
      'a fallback without a channel',
      { fallback: { webhook: true } },
      'fallback is {"webhook":true}: these alerts would reach nobody; ' + 'add settings for one of channels.webhook',
    ],
    [
      'a mail server without a port',
      { channels: { slack: SLACK, email: { smarthost: 'smtp.example.com', from: 'monitoring@example.com' } } },
      'channels.email.smarthost is "smtp.example.com": write host:port, e.g. smtp.example.com:587',
    ],
    [
      'a level whose list of Slack channels is empty',
      { levels: { ...EVERYBODY, low: { slack: [] } } },
      'levels.low is {"slack":[]}: these alerts would reach nobody; ' +
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
      'an incoming webhook of Slack with several channels for unknown severities',
      { channels: { slack: { kind: 'webhook' } }, levels: ONE_CHANNEL, fallback: { slack: ['#alerts', '#lost'] } },
      ONE_WEBHOOK('#alerts, #lost'),
    ],
    ...(
      [
        ['a blank', '#our alerts'],
        ['nothing', ''],
        ['two channels', '#a,#b'],
      ] as const
    ).map(([name, channel]): [string, Partial<AlertRoutingProps>, string] => [
      `a Slack channel with ${name}`,
      { levels: { ...EVERYBODY, low: { slack: [channel] } } },
      `levels.low.slack is "${channel}": write the name of a channel without blanks, e.g. #alerts, or its id`,
    ]),
    ...['oncall', 'oncall@', 'a@example.com, b@example.com', 'On call oncall@example.com', ''].map(
      (address): [string, Partial<AlertRoutingProps>, string] => [
        `the e-mail address "${address}"`,
        { channels: EVERY_CHANNEL, teams: { database: { email: [address] } } },
        `teams.database.email is "${address}": write one e-mail address, e.g. oncall@example.com`,
      ],
    ),
    [
      'a sender without @',
      { channels: { slack: SLACK, email: { smarthost: 'smtp.example.com:587', from: 'monitoring' } } },
      'channels.email.from is "monitoring": write one e-mail address, e.g. oncall@example.com',
    ],
    [
      'a mail server with an IPv6 address and no brackets',
      { channels: { slack: SLACK, email: { smarthost: 'fd00::25:587', from: 'monitoring@example.com' } } },
      'channels.email.smarthost is "fd00::25:587": write host:port, e.g. smtp.example.com:587',
    ],
    [
      'a severity that PagerDuty does not know',
      { channels: EVERY_CHANNEL, fallback: { pagerDuty: 'high' as 'error' } },
      'fallback.pagerDuty is "high": write one of critical, error, warning, info',
    ],
    [
      'a topic that is none',
      {
        channels: {
          slack: SLACK,
          sms: { kind: 'sns', topicArn: 'alerts', region: 'eu-west-1', roleArn: 'arn:aws:iam::111122223333:role/a' },
        },
      },
      'channels.sms.topicArn is "alerts": write e.g. arn:aws:sns:eu-west-1:111122223333:alerts',
    ],
    [
      'a webhook that gets no alert',
      { channels: { slack: SLACK, webhook: { maxAlerts: 0 } } },
      'channels.webhook.maxAlerts is 0: write a whole number greater than zero',
    ],
    [
      'an interval of zero for a level',
      { levels: { ...EVERYBODY, low: { slack: ['#low'], timing: { group_interval: '0s' } } } },
      'levels.low.timing.group_interval is "0s": write a time greater than zero',
    ],
    [
      'PagerDuty in business hours only',
      {
        channels: EVERY_CHANNEL,
        teams: { business: { email: ['a@example.com'], pagerDuty: 'error', businessHoursOnly: true } },
      },
      'teams.business.businessHoursOnly is true: an incident that ends outside of business hours would stay open; ' +
        'remove businessHoursOnly or pagerDuty',
    ],
    [
      'another service with incidents in business hours only',
      {
        teams: {
          business: {
            configs: { opsgenie_configs: [{ api_key_file: { credentials: new Credentials('o'), key: 'k' } }] },
            businessHoursOnly: true,
          },
        },
      },
      'teams.business.businessHoursOnly is true: an incident that ends outside of business hours would stay open; ' +
        'remove businessHoursOnly or configs.opsgenie_configs',
    ],
  ])('is refused with its fix: %s', (_name, props, message) => {
    expect(settingError(() => routing(props)).message).toBe(message);
  });

  test('is not an incoming webhook of Slack whose one channel is named several times', () => {
    const manifests = rendered({
      channels: { slack: { kind: 'webhook' } },
      levels: ONE_CHANNEL,
      teams: { database: { slack: ['#alerts'] } },
      fallback: { slack: ['#alerts'] },
    });
    expect([...new Set(entriesOf(config(manifests), 'channel'))]).toEqual(['channel: #alerts']);
  });

  test.each<[string, Partial<AlertRoutingProps>]>([
    ['an address after a name', { levels: { ...EVERYBODY, low: { email: ['On call <oncall@example.com>'] } } }],
    ['an address from a label', { levels: { ...EVERYBODY, low: { email: ['{{ .CommonLabels.owner }}'] } } }],
    ['a channel from a label', { levels: { ...EVERYBODY, low: { slack: ['#{{ .CommonLabels.team }}'] } } }],
    ['the id of a channel', { levels: { ...EVERYBODY, low: { slack: ['C024BE91L'] } } }],
    [
      'a mail server with an IPv6 address',
      {
        channels: {
          ...EVERY_CHANNEL,
          email: { smarthost: '[fd00::25]:587', from: 'a@example.com', cidrs: ['fd00::/8'] },
        },
      },
    ],
    [
      'a service with incidents that gets no resolved alerts',
      {
        teams: {
          business: {
            configs: {
              opsgenie_configs: [
                { api_key_file: { credentials: new Credentials('o'), key: 'k' }, send_resolved: false },
              ],
            },
            businessHoursOnly: true,
          },
        },
      },
    ],
  ])('is not %s', (_name, props) => {
    expect(() => rendered({ channels: EVERY_CHANNEL, ...props })).not.toThrow();
  });

  test('is not a team whose channel has no settings: its alerts go to their level', () => {
    const manifests = rendered({ teams: { database: { email: ['dba@example.com'] } } });
    expect(receiverOf(manifests, 'team-database')).toBeUndefined();
    expect(JSON.stringify(routesOf(manifests))).not.toContain('database');
  });
});
