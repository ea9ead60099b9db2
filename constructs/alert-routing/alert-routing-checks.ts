import { type Credentials, httpUrl, SettingError } from '../kit';
import {
  checkCidrs,
  checkCount,
  checkCredentials,
  checkDuration,
  checkHost,
  checkHours,
  checkPort,
  checkReachable,
  parseBytes,
} from '../kit/checks';
import type { Timing } from './alertmanager-config';
import type { Channels } from './channels';
import type { Levels, Recipients } from './recipients';
import type { BusinessHours } from './routes';

const CHANNELS = ['slack', 'email', 'pagerDuty', 'sms', 'webhook'] as const satisfies readonly (keyof Recipients)[];

/** The props that are checked. */
export interface CheckedAlertRouting {
  readonly externalUrl: string;
  readonly replicas?: number;
  readonly storageSize?: string;
  readonly credentials: Credentials;
  readonly channels: Channels;
  readonly businessHours?: BusinessHours;
  readonly privateReceivers?: readonly { readonly cidrs: readonly string[]; readonly port: number }[];
}

/**
 * Checks the props of an AlertRouting, except the recipients.
 *
 * @throws SettingError
 */
export function checkAlertRouting(props: CheckedAlertRouting): void {
  const { replicas, storageSize, businessHours, privateReceivers = [] } = props;
  httpUrl('externalUrl', props.externalUrl, 'https://alertmanager.example.com');
  if (replicas !== undefined) {
    checkCount('replicas', replicas);
  }
  if (storageSize !== undefined) {
    parseBytes('storageSize', storageSize);
  }
  checkCredentials('credentials', props.credentials);
  if (businessHours) {
    checkHours('businessHours', businessHours);
  }
  for (const { cidrs, port } of privateReceivers) {
    checkCidrs('privateReceivers.cidrs', cidrs);
    checkPort('privateReceivers.port', port);
  }
  checkEmail(props.channels);
}

function checkEmail({ email }: Channels): void {
  if (email) {
    const setting = 'channels.email.smarthost';
    checkCidrs('channels.email.cidrs', email.cidrs);
    const { host } = smarthost(email.smarthost);
    checkReachable(setting, email.smarthost, host, email.cidrs);
  }
}

/** `host:port`. An IPv6 address has brackets. */
export const HOST_AND_PORT = /^(?:\[([^\]]*:[^\]]*)\]|([^:[\]]+)):(\d+)$/;

/**
 * Checks the times of a receiver's route.
 *
 * @throws SettingError for an invalid duration, and for an interval of zero
 */
export function checkExtraReceiver({ timing = {} }: { readonly timing?: Timing }): void {
  for (const [name, duration] of Object.entries(timing)) {
    checkDuration(`timing.${name}`, duration);
    if (name !== 'group_wait' && !/[1-9]/.test(duration)) {
      throw new SettingError(`timing.${name}`, duration, 'write a time greater than zero');
    }
  }
}

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
 * @throws SettingError when the port is missing, or when the host is no host
 */
export function smarthost(value: string): { readonly host: string; readonly port: number } {
  const [, bracketed, name, port] = HOST_AND_PORT.exec(value) ?? [];
  const host = bracketed ?? name;
  if (host === undefined) {
    throw new SettingError('channels.email.smarthost', value, 'write host:port, e.g. smtp.example.com:587');
  }
  checkHost('channels.email.smarthost', host);
  checkPort('channels.email.smarthost', Number(port));
  return { host, port: Number(port) };
}
