import { SettingError } from '../kit';
import type { Channels } from './channels';
import type { Levels, Recipients } from './recipients';

const CHANNELS = ['slack', 'email', 'pagerDuty', 'sms', 'webhook'] as const satisfies readonly (keyof Recipients)[];

/** The error for recipients that no channel reaches. */
export function unreachable(setting: string, recipients: Recipients): SettingError {
  const wanted = CHANNELS.filter((channel) => {
    const value = recipients[channel];
    return Array.isArray(value) ? value.length > 0 : value;
  });
  const fix =
    wanted.length === 0
      ? 'name a Slack channel, an e-mail address or another channel'
      : `add settings for one of ${wanted.map((channel) => `channels.${channel}`).join(', ')}`;
  return new SettingError(setting, recipients, `these alerts would reach nobody; ${fix}`);
}

/**
 * An incoming webhook of Slack posts to the one channel that it was created for, whatever a message says.
 * https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 *
 * @throws SettingError when the recipients name several Slack channels and an incoming webhook serves them
 */
export function checkSlack({ slack }: Channels, recipients: readonly (Recipients | undefined)[]): void {
  const names = new Set(recipients.flatMap((each) => each?.slack ?? []));
  if (slack?.kind === 'webhook' && names.size > 1) {
    const named = [...names].join(', ');
    throw new SettingError(
      'channels.slack.kind',
      'webhook',
      `an incoming webhook posts to one channel, and ${named} are named; write app, or name one channel`,
    );
  }
}

/** A word that needs no quoting in a matcher, a regular expression or the name of a receiver. */
const LABEL_WORD = /^[A-Za-z0-9_-]+$/;

/**
 * Checks the words of levels or teams.
 *
 * @throws SettingError for a word that a route cannot match
 */
export function checkNames(prop: 'levels' | 'teams', recipients: object): void {
  const wrong = Object.keys(recipients).find((name) => !LABEL_WORD.test(name));
  if (wrong !== undefined) {
    throw new SettingError(prop, wrong, 'write a word of letters, digits, dashes and underscores');
  }
}

/** @throws SettingError when there is no level, or when an answer time is no number of minutes */
export function checkLevels(levels: Levels<string>): void {
  if (Object.keys(levels).length === 0) {
    throw new SettingError('levels', levels, 'name the recipients of at least one severity');
  }
  for (const [level, { answerWithinMinutes = 0 }] of Object.entries(levels)) {
    if (!(answerWithinMinutes >= 0)) {
      throw new SettingError(`levels.${level}.answerWithinMinutes`, answerWithinMinutes, 'write a number of minutes');
    }
  }
}

/**
 * Host and port of a mail server.
 *
 * @throws SettingError when the port is missing
 */
export function smarthost(value: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^([^:]+):(\d+)$/.exec(value) ?? [];
  if (host === undefined) {
    throw new SettingError('channels.email.smarthost', value, 'write host:port, e.g. smtp.example.com:587');
  }
  return { host, port: Number(port) };
}
