import type { Receiver, WebhookConfig } from './alertmanager-config';
import type { Audience } from './audience';
import type { Channels, DeadMansSwitch, SlackChannel, SmsChannel } from './channels';

/** Keys of the Secret when a channel names none. */
export const DEFAULT_KEYS = {
  slackToken: 'SLACK_BOT_TOKEN',
  slackWebhook: 'SLACK_WEBHOOK_URL',
  smtp: 'SMTP_PASSWORD',
  pagerDuty: 'PAGERDUTY_INTEGRATION_KEY',
  sms: 'SMS_GATEWAY_URL',
  webhook: 'ALERT_WEBHOOK_URL',
  deadMansSwitch: 'DEAD_MANS_SWITCH_URL',
} as const;

/** Keys of the Secret that a set of channels needs. */
export function secretKeys(channels: Channels, deadMansSwitch?: DeadMansSwitch): readonly string[] {
  const { slack, email, pagerDuty, sms, webhook } = channels;
  return [
    slack && slackKey(slack),
    email?.username && (email.passwordKey ?? DEFAULT_KEYS.smtp),
    pagerDuty && (pagerDuty.routingKeyKey ?? DEFAULT_KEYS.pagerDuty),
    sms?.kind === 'gateway' && (sms.urlKey ?? DEFAULT_KEYS.sms),
    webhook && (webhook.urlKey ?? DEFAULT_KEYS.webhook),
    deadMansSwitch && (deadMansSwitch.urlKey ?? DEFAULT_KEYS.deadMansSwitch),
  ].filter((key): key is string => Boolean(key));
}

/** The key that Slack is reached with. */
export function slackKey(slack: SlackChannel): string {
  return slack.kind === 'app'
    ? (slack.tokenKey ?? DEFAULT_KEYS.slackToken)
    : (slack.urlKey ?? DEFAULT_KEYS.slackWebhook);
}

/**
 * The receiver that tells an audience through the channels there are.
 *
 * @param file gives the path of a key's file
 * @returns `undefined` when no channel of the audience has settings: nobody would hear
 */
export function audienceReceiver(
  name: string,
  audience: Audience,
  channels: Channels,
  file: (key: string) => string,
): Receiver | undefined {
  const sms = audience.sms && channels.sms ? smsConfigs(channels.sms, file) : {};
  const webhooks = [
    ...(sms.webhook_configs ?? []),
    ...(audience.webhook && channels.webhook
      ? [webhook(file(channels.webhook.urlKey ?? DEFAULT_KEYS.webhook), true)]
      : []),
  ];
  const receiver: Receiver = {
    name,
    slack_configs: channels.slack && audience.slack?.map(slackConfig),
    email_configs: channels.email && audience.email?.map(emailConfig),
    pagerduty_configs: channels.pagerDuty &&
      audience.pagerDuty && [
        {
          routing_key_file: file(channels.pagerDuty.routingKeyKey ?? DEFAULT_KEYS.pagerDuty),
          send_resolved: true,
          severity: audience.pagerDuty,
          description: template('monitoring.title'),
          details: {
            description: template('monitoring.description'),
            runbook: template('monitoring.runbook'),
            dashboard: template('monitoring.dashboard'),
            silence: template('monitoring.silence'),
          },
        },
      ],
    sns_configs: sms.sns_configs,
    webhook_configs: webhooks.length > 0 ? webhooks : undefined,
  };
  const { name: _, ...configs } = receiver;
  return Object.values(configs).some((entries) => entries && entries.length > 0) ? receiver : undefined;
}

/** The receiver outside the cluster that waits for Watchdog. */
export function deadMansSwitchReceiver(name: string, urlFile: string): Receiver {
  return { name, webhook_configs: [webhook(urlFile, false)] };
}

function template(name: string): string {
  return `{{ template "${name}" . }}`;
}

function slackConfig(channel: string) {
  return {
    channel,
    send_resolved: true,
    color: template('monitoring.slack.color'),
    title: template('monitoring.title'),
    title_link: template('monitoring.alertmanager'),
    text: template('monitoring.slack.text'),
    fallback: template('monitoring.title'),
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

/** A text message says that something broke; that it is mended again can wait for the other channels. */
function smsConfigs(sms: SmsChannel, file: (key: string) => string): Pick<Receiver, 'sns_configs' | 'webhook_configs'> {
  return sms.kind === 'gateway'
    ? { webhook_configs: [webhook(file(sms.urlKey ?? DEFAULT_KEYS.sms), false)] }
    : {
        sns_configs: [
          {
            topic_arn: sms.topicArn,
            send_resolved: false,
            sigv4: { region: sms.region },
            // SNS takes fewer than 100 characters of ASCII here; a title can be longer.
            subject: '{{ .GroupLabels.alertname }}',
            message: template('monitoring.sms'),
          },
        ],
      };
}

function webhook(urlFile: string, sendResolved: boolean): WebhookConfig {
  return { url_file: urlFile, send_resolved: sendResolved, http_config: { follow_redirects: false } };
}
