import { CATEGORIES } from '../../rules';
import type { WithSecretKeys } from '../kit';
import { unreachable } from './alert-routing-checks';
import type { Receiver, WebhookConfig } from './alertmanager-config';
import type { Channels, DeadMansSwitch, SlackChannel, SmsChannel } from './channels';
import { LEVELS, type Levels, type ReceiverConfigs, type Recipients, type Teams } from './recipients';
import { inOrder, receiverName } from './routes';

type SmsGateway = Extract<SmsChannel, { kind: 'gateway' }>;

/** Keys of the Secret, for channels that name none. */
const DEFAULT_KEYS = {
  slackToken: 'SLACK_BOT_TOKEN',
  slackWebhook: 'SLACK_WEBHOOK_URL',
  smtp: 'SMTP_PASSWORD',
  pagerDuty: 'PAGERDUTY_INTEGRATION_KEY',
  sms: 'SMS_GATEWAY_URL',
  webhook: 'ALERT_WEBHOOK_URL',
  deadMansSwitch: 'DEAD_MANS_SWITCH_URL',
} as const;

/** Alerts in a notification of the webhook, about 1 KB each. */
const WEBHOOK_ALERTS = 100;

/** The key of each channel in the Secret. `undefined`: the channel is not configured or needs no key. */
export function channelKeys({ slack, email, pagerDuty, sms, webhook }: Channels, deadMansSwitch?: DeadMansSwitch) {
  return {
    slack: slack && slackKey(slack),
    email: email?.username ? (email.passwordKey ?? DEFAULT_KEYS.smtp) : undefined,
    pagerDuty: pagerDuty && (pagerDuty.routingKeyKey ?? DEFAULT_KEYS.pagerDuty),
    sms: sms?.kind === 'gateway' ? gatewayKey(sms) : undefined,
    webhook: webhook && (webhook.urlKey ?? DEFAULT_KEYS.webhook),
    deadMansSwitch: deadMansSwitch && (deadMansSwitch.urlKey ?? DEFAULT_KEYS.deadMansSwitch),
  };
}

function slackKey(slack: SlackChannel): string {
  return slack.kind === 'app'
    ? (slack.tokenKey ?? DEFAULT_KEYS.slackToken)
    : (slack.urlKey ?? DEFAULT_KEYS.slackWebhook);
}

function gatewayKey({ urlKey }: SmsGateway): string {
  return urlKey ?? DEFAULT_KEYS.sms;
}

/** Input of `routedReceivers()`. */
export interface RoutedReceiversProps {
  readonly channels: Channels;
  readonly levels: Levels<string>;
  readonly teams: Teams<string>;
  readonly fallback: Recipients;
  readonly deadMansSwitch?: DeadMansSwitch;
  /** Path of the file that holds a key of the Secret. */
  readonly file: (key: string) => string;
  /** The lists of a receiver with the paths of its Secrets' files. */
  readonly resolve: (configs: WithSecretKeys<ReceiverConfigs>) => ReceiverConfigs;
}

/**
 * The receivers that the routes lead to. A team that no channel reaches is left out: the alerts go to their level.
 *
 * @throws SettingError when alerts of a level, of unknown severity, or of a team with `businessHoursOnly` would reach
 *   nobody
 */
export function routedReceivers(props: RoutedReceiversProps): readonly Receiver[] {
  const { levels, teams, fallback, channels, deadMansSwitch, file } = props;
  const receiverOf = (name: string, recipients: Recipients) => recipientsReceiver(name, recipients, props);
  const required = (setting: string, name: string, recipients: Recipients) => {
    const receiver = receiverOf(name, recipients);
    if (!receiver) {
      throw unreachable(setting, recipients);
    }
    return receiver;
  };
  const { deadMansSwitch: switchKey } = channelKeys(channels, deadMansSwitch);
  return [
    ...inOrder(Object.keys(levels), LEVELS).map((level) =>
      required(`levels.${level}`, receiverName.level(level), levels[level]!),
    ),
    ...inOrder(Object.keys(teams), CATEGORIES).flatMap((category) => {
      const team = teams[category];
      const name = receiverName.team(category);
      if (!team) {
        return [];
      }
      return team.businessHoursOnly ? [required(`teams.${category}`, name, team)] : (receiverOf(name, team) ?? []);
    }),
    required('fallback', receiverName.fallback, fallback),
    switchKey
      ? { name: receiverName.deadMansSwitch, webhook_configs: [webhookConfig(file(switchKey), { alerts: 1 })] }
      : { name: receiverName.nobody },
  ];
}

/** `undefined` when no channel of the recipients has settings. */
function recipientsReceiver(
  name: string,
  recipients: Recipients,
  { channels, file, resolve }: Pick<RoutedReceiversProps, 'channels' | 'file' | 'resolve'>,
): Receiver | undefined {
  const { slack, email, pagerDuty, sms, webhook } = recipients;
  const keys = channelKeys(channels);
  const text = sms && channels.sms ? smsConfigs(channels.sms, file) : {};
  const configs: ReceiverConfigs = {
    slack_configs: channels.slack && slack?.map(slackConfig),
    email_configs: channels.email && email?.map(emailConfig),
    pagerduty_configs:
      keys.pagerDuty && pagerDuty
        ? [
            {
              routing_key_file: file(keys.pagerDuty),
              send_resolved: true,
              severity: pagerDuty,
              description: template('monitoring.title'),
              details: {
                // Alertmanager's own `firing` and `resolved` list every alert of the group, and beyond 512 KB it
                // replaces all details by an error: config.go and pagerduty.go of notify/pagerduty.
                firing: template('monitoring.pagerduty.firing'),
                resolved: template('monitoring.pagerduty.resolved'),
                description: template('monitoring.description'),
                runbook: template('monitoring.runbook'),
                dashboard: template('monitoring.dashboard'),
                consequences: template('monitoring.consequences'),
                silence: template('monitoring.silence'),
              },
            },
          ]
        : undefined,
    sns_configs: text.sns_configs,
    webhook_configs: nonEmpty([
      ...(text.webhook_configs ?? []),
      ...(webhook && keys.webhook
        ? [webhookConfig(file(keys.webhook), { alerts: channels.webhook?.maxAlerts ?? WEBHOOK_ALERTS, resolved: true })]
        : []),
    ]),
  };
  const all = recipients.configs ? joined(configs, resolve(recipients.configs)) : configs;
  return Object.values(all).some((entries) => entries && entries.length > 0) ? { name, ...all } : undefined;
}

/** The lists of both, one after the other. */
function joined(own: ReceiverConfigs, more: ReceiverConfigs): ReceiverConfigs {
  const names = [...new Set([...Object.keys(own), ...Object.keys(more)])] as (keyof ReceiverConfigs)[];
  return Object.fromEntries(names.map((name) => [name, nonEmpty([...(own[name] ?? []), ...(more[name] ?? [])])]));
}

function template(name: string): string {
  return `{{ template "${name}" . }}`;
}

function slackConfig(channel: string) {
  return {
    channel,
    send_resolved: true,
    color: template('monitoring.slack.color'),
    title: template('monitoring.slack.title'),
    title_link: template('monitoring.alertmanager'),
    text: template('monitoring.slack.text'),
    fallback: template('monitoring.slack.title'),
  };
}

function emailConfig(to: string) {
  return {
    to,
    send_resolved: true,
    headers: { Subject: template('monitoring.title') },
    html: template('monitoring.email.html'),
    text: template('monitoring.email.text'),
  };
}

/** Text messages announce firing alerts only; the other channels announce that they are resolved. */
function smsConfigs(sms: SmsChannel, file: (key: string) => string): Pick<Receiver, 'sns_configs' | 'webhook_configs'> {
  return sms.kind === 'gateway'
    ? // One text message, whose number of alerts is that of the payload and its field `truncatedAlerts`.
      { webhook_configs: [webhookConfig(file(gatewayKey(sms)), { alerts: 1 })] }
    : {
        sns_configs: [
          {
            topic_arn: sms.topicArn,
            send_resolved: false,
            sigv4: { region: sms.region },
            // A subject must have fewer than 100 ASCII characters:
            // https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
            subject: '{{ reReplaceAll "[^ -~]" "." (printf "%.99s" .GroupLabels.alertname) }}',
            message: template('monitoring.sms'),
          },
        ],
      };
}

function webhookConfig(
  urlFile: string,
  { alerts, resolved = false }: { readonly alerts: number; readonly resolved?: boolean },
): WebhookConfig {
  return {
    url_file: urlFile,
    send_resolved: resolved,
    max_alerts: alerts,
    http_config: { follow_redirects: false },
  };
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined;
}
