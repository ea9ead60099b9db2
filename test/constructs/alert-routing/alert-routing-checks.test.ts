import type { AlertRoutingProps } from '../../../constructs';
import { settingError } from '../../support/setting-error';
import { config, EVERYBODY, entriesOf, ONE_CHANNEL, receiverOf, rendered, routesOf, routing, SLACK } from './sample';

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

  test('is not a team whose channel has no settings: its alerts go to their level', () => {
    const manifests = rendered({ teams: { database: { email: ['dba@example.com'] } } });
    expect(receiverOf(manifests, 'team-database')).toBeUndefined();
    expect(JSON.stringify(routesOf(manifests))).not.toContain('database');
  });
});
