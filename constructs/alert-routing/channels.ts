/** Slack. */
export type SlackChannel =
  | {
      /** A Slack app with the scope `chat:write`, which posts to every channel that it was invited to. */
      readonly kind: 'app';
      /** Key of the app's bot token in the Secret. @default SLACK_BOT_TOKEN */
      readonly tokenKey?: string;
    }
  | {
      /** An incoming webhook. It posts only to the channel that it was created for. */
      readonly kind: 'webhook';
      /** Key of the webhook's URL in the Secret. @default SLACK_WEBHOOK_URL */
      readonly urlKey?: string;
    };

/** E-mail, by SMTP with STARTTLS. */
export interface EmailChannel {
  /** `host:port` of the server. */
  readonly smarthost: string;
  /** Ranges that hold the server's addresses, if they are private. @default - the Internet */
  readonly cidrs?: readonly string[];
  /** Sender's address. */
  readonly from: string;
  /** User name at the mail server. @default - the server needs no login */
  readonly username?: string;
  /** Key of the password in the Secret; used with `username`. @default SMTP_PASSWORD */
  readonly passwordKey?: string;
}

/** PagerDuty, by Events API v2. */
export interface PagerDutyChannel {
  /** Key of the integration's routing key in the Secret. @default PAGERDUTY_INTEGRATION_KEY */
  readonly routingKeyKey?: string;
}

/** Text messages. Alertmanager has no receiver for them: Amazon SNS sends them, or a gateway with a webhook. */
export type SmsChannel =
  | {
      /**
       * Service that sends the messages. It gets one alert of a group; the field `truncatedAlerts` counts the others.
       */
      readonly kind: 'gateway';
      /** Key of the gateway's URL in the Secret. @default SMS_GATEWAY_URL */
      readonly urlKey?: string;
    }
  | {
      /** Service that sends the messages. */
      readonly kind: 'sns';
      /** ARN of the topic that the phones subscribe to. */
      readonly topicArn: string;
      /** AWS region of the topics. */
      readonly region: string;
      /** ARN of the role that the ServiceAccount assumes to publish. */
      readonly roleArn: string;
    };

/** Your own webhook. It gets Alertmanager's payload. */
export interface WebhookChannel {
  /** Key of the URL in the Secret. @default ALERT_WEBHOOK_URL */
  readonly urlKey?: string;
  /** Alerts in one notification; the field `truncatedAlerts` counts the others of the group. @default 100 */
  readonly maxAlerts?: number;
}

/** A service outside the cluster that expects Watchdog every minute, and pages when it stops. */
export interface DeadMansSwitch {
  /** Key of the URL in the Secret. @default DEAD_MANS_SWITCH_URL */
  readonly urlKey?: string;
}

/** Settings of the channels. One that is left out is not in the configuration. */
export interface Channels {
  /** Slack. */
  readonly slack?: SlackChannel;
  /** E-mail. */
  readonly email?: EmailChannel;
  /** PagerDuty. */
  readonly pagerDuty?: PagerDutyChannel;
  /** Text messages. */
  readonly sms?: SmsChannel;
  /** A webhook that receives every alert. */
  readonly webhook?: WebhookChannel;
}
