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
import { type Levels, PAGERDUTY_SEVERITIES, type Recipients, type Teams } from './recipients';
import type { BusinessHours } from './routes';

const CHANNELS = ['slack', 'email', 'pagerDuty', 'sms', 'webhook'] as const satisfies readonly (keyof Recipients)[];

/** The props that are checked. */
export interface CheckedAlertRouting {
  readonly externalUrl: string;
  readonly replicas?: number;
  readonly activeAlerts?: number;
  readonly storageSize?: string;
  readonly credentials: Credentials;
  readonly channels: Channels;
  readonly levels: Levels<string>;
  readonly teams?: Teams<string>;
  readonly fallback?: Recipients;
  readonly businessHours?: BusinessHours;
  readonly privateReceivers?: readonly { readonly cidrs: readonly string[]; readonly port: number }[];
}

/**
 * Checks the props of an AlertRouting, except whether the recipients have channels.
 *
 * @throws SettingError
 */
export function checkAlertRouting(props: CheckedAlertRouting): void {
  const { replicas, activeAlerts, storageSize, businessHours, privateReceivers = [] } = props;
  const { levels, teams = {}, fallback = {} } = props;
  httpUrl('externalUrl', props.externalUrl, 'https://alertmanager.example.com');
  if (replicas !== undefined) {
    checkCount('replicas', replicas);
  }
  if (activeAlerts !== undefined) {
    checkCount('activeAlerts', activeAlerts);
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
  checkChannels(props.channels);
  checkNames('levels', levels);
  checkNames('teams', teams);
  checkLevels(levels);
  checkTeams(teams);
  checkRecipients('fallback', fallback);
  checkSlack(props.channels, [...Object.values(levels), ...Object.values(teams), fallback]);
}

function checkChannels({ email, sms, webhook }: Channels): void {
  if (email) {
    checkCidrs('channels.email.cidrs', email.cidrs);
    const { host } = smarthost(email.smarthost);
    checkReachable('channels.email.smarthost', email.smarthost, host, email.cidrs);
    checkAddress('channels.email.from', email.from);
  }
  if (sms?.kind === 'sns') {
    const { topicArn, roleArn, region } = sms;
    checkPattern('channels.sms.topicArn', topicArn, TOPIC, 'arn:aws:sns:eu-west-1:111122223333:alerts');
    checkPattern('channels.sms.roleArn', roleArn, ROLE, 'arn:aws:iam::111122223333:role/alertmanager');
    checkPattern('channels.sms.region', region, /^[a-z0-9-]+$/, 'eu-west-1');
  }
  if (webhook?.maxAlerts !== undefined) {
    checkCount('channels.webhook.maxAlerts', webhook.maxAlerts);
  }
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
const TOPIC = /^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/;
const ROLE = /^arn:aws[\w-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/;

function checkPattern(setting: string, value: string, pattern: RegExp, example: string): void {
  if (!pattern.test(value)) {
    throw new SettingError(setting, value, `write e.g. ${example}`);
  }
}

/** A value that Alertmanager fills in when it sends the notification. */
const TEMPLATE = /\{\{.*\}\}/s;

/** An e-mail address, alone or after a name: `On call <oncall@example.com>`. */
const ADDRESS = /^([^\s@<>,;]+@[^\s@<>,;]+|[^@<>,;\p{Cc}]+ <[^\s@<>,;]+@[^\s@<>,;]+>)$/u;

function checkAddress(setting: string, address: string): void {
  if (!ADDRESS.test(address) && !TEMPLATE.test(address)) {
    throw new SettingError(setting, address, 'write one e-mail address, e.g. oncall@example.com');
  }
}

/**
 * Checks the name of a Slack channel.
 *
 * @throws SettingError
 */
export function checkSlackChannel(setting: string, channel: string): void {
  if (!/^[#@]?[^\s#@,]{1,80}$/.test(channel) && !TEMPLATE.test(channel)) {
    throw new SettingError(setting, channel, 'write the name of a channel without blanks, e.g. #alerts, or its id');
  }
}

/**
 * Checks the addresses of recipients.
 *
 * @param setting the setting that holds them, e.g. `levels.high`
 * @throws SettingError
 */
function checkRecipients(setting: string, { slack = [], email = [], pagerDuty }: Recipients): void {
  for (const channel of slack) {
    checkSlackChannel(`${setting}.slack`, channel);
  }
  for (const address of email) {
    checkAddress(`${setting}.email`, address);
  }
  if (pagerDuty !== undefined && !PAGERDUTY_SEVERITIES.includes(pagerDuty)) {
    throw new SettingError(`${setting}.pagerDuty`, pagerDuty, `write one of ${PAGERDUTY_SEVERITIES.join(', ')}`);
  }
}

/** Receivers that open an incident, which stays open until Alertmanager sends that the alert is resolved. */
const INCIDENTS = ['pagerduty_configs', 'opsgenie_configs', 'victorops_configs', 'jira_configs', 'incidentio_configs'];

/**
 * Checks the recipients of teams. Outside of its active intervals a route sends no resolved alerts either, and after 15
 * minutes Prometheus no longer repeats them: https://github.com/prometheus/alertmanager/issues/3664
 *
 * @throws SettingError for a team in business hours only whose incidents would stay open
 */
function checkTeams(teams: Teams<string>): void {
  for (const [name, team = {}] of Object.entries(teams)) {
    checkRecipients(`teams.${name}`, team);
    const opened = Object.entries(team.configs ?? {}).find(
      ([list, configs]) =>
        INCIDENTS.includes(list) &&
        (configs as readonly { send_resolved?: boolean }[]).some(({ send_resolved = true }) => send_resolved),
    );
    const channel = team.pagerDuty ? 'pagerDuty' : opened && `configs.${opened[0]}`;
    if (team.businessHoursOnly && channel) {
      throw new SettingError(
        `teams.${name}.businessHoursOnly`,
        true,
        `an incident that ends outside of business hours would stay open; remove businessHoursOnly or ${channel}`,
      );
    }
  }
}

/**
 * Checks the times of a receiver's route.
 *
 * @throws SettingError for an invalid duration, and for an interval of zero
 */
export function checkExtraReceiver({ timing = {} }: { readonly timing?: Timing }): void {
  checkTiming('timing', timing);
}

function checkTiming(setting: string, timing: Timing): void {
  for (const [name, duration] of Object.entries(timing)) {
    checkDuration(`${setting}.${name}`, duration);
    if (name !== 'group_wait' && !/[1-9]/.test(duration)) {
      throw new SettingError(`${setting}.${name}`, duration, 'write a time greater than zero');
    }
  }
}

/** Host and port of `host:port` or `[address]:port`; `undefined` for anything else. */
export function hostAndPort(value: string): { readonly host: string; readonly port: string } | undefined {
  const [, address, name, port] = /^(?:\[([^\]]*:[^\]]*)\]|([^:[\]]+)):(\d+)$/.exec(value) ?? [];
  const host = address ?? name;
  return host === undefined || port === undefined ? undefined : { host, port };
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
function checkSlack({ slack }: Channels, recipients: readonly (Recipients | undefined)[]): void {
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
function checkNames(prop: 'levels' | 'teams', recipients: object): void {
  const wrong = Object.keys(recipients).find((name) => !LABEL_WORD.test(name));
  if (wrong !== undefined) {
    throw new SettingError(prop, wrong, 'write a word of letters, digits, dashes and underscores');
  }
}

/**
 * @throws SettingError when there is no level, when an answer time is no number of minutes, and for an invalid duration
 *   or recipient
 */
function checkLevels(levels: Levels<string>): void {
  if (Object.keys(levels).length === 0) {
    throw new SettingError('levels', levels, 'name the recipients of at least one severity');
  }
  for (const [level, recipients] of Object.entries(levels)) {
    const { answerWithinMinutes = 0, timing = {} } = recipients;
    if (!(answerWithinMinutes >= 0)) {
      throw new SettingError(`levels.${level}.answerWithinMinutes`, answerWithinMinutes, 'write a number of minutes');
    }
    checkTiming(`levels.${level}.timing`, timing);
    checkRecipients(`levels.${level}`, recipients);
  }
}

/**
 * Host and port of a mail server. An IPv6 address stands in brackets, and is returned without.
 *
 * @throws SettingError when the port is missing, or when the host is no host
 */
export function smarthost(value: string): { readonly host: string; readonly port: number } {
  const { host, port } = hostAndPort(value) ?? {};
  if (host === undefined) {
    throw new SettingError('channels.email.smarthost', value, 'write host:port, e.g. smtp.example.com:587');
  }
  checkHost('channels.email.smarthost', host);
  checkPort('channels.email.smarthost', Number(port));
  return { host, port: Number(port) };
}
