/**
 * The file that Alertmanager reads, as far as this program writes it.
 *
 * @see https://prometheus.io/docs/alerting/latest/configuration/
 */

/** `alertmanager.yml`. */
export interface AlertmanagerConfig {
  readonly global: {
    readonly resolve_timeout: string;
    readonly slack_api_url_file?: string;
    readonly slack_app_token_file?: string;
    readonly smtp_smarthost?: string;
    readonly smtp_from?: string;
    readonly smtp_auth_username?: string;
    readonly smtp_auth_password_file?: string;
    readonly smtp_require_tls?: boolean;
  };
  readonly templates: readonly string[];
  readonly route: Route;
  readonly time_intervals?: readonly TimeInterval[];
  readonly tracing?: Tracing;
  readonly inhibit_rules: readonly InhibitRule[];
  readonly receivers: readonly Receiver[];
}

export interface Timing {
  readonly group_wait?: string;
  readonly group_interval?: string;
  readonly repeat_interval?: string;
}

export interface Route extends Timing {
  readonly receiver?: string;
  readonly matchers?: readonly string[];
  readonly group_by?: readonly string[];
  readonly active_time_intervals?: readonly string[];
  readonly continue?: boolean;
  readonly routes?: readonly Route[];
}

export interface Tracing {
  readonly client_type: 'http';
  /** `host:port`; Alertmanager adds the path `/v1/traces`. */
  readonly endpoint: string;
  readonly insecure: boolean;
  readonly sampling_fraction: number;
}

export interface TimeInterval {
  readonly name: string;
  readonly time_intervals: readonly {
    readonly weekdays?: readonly string[];
    readonly times?: readonly { readonly start_time: string; readonly end_time: string }[];
    readonly location?: string;
  }[];
}

export interface InhibitRule {
  readonly name: string;
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal: readonly string[];
}

export interface Receiver {
  readonly name: string;
  readonly slack_configs?: readonly {
    readonly channel: string;
    readonly send_resolved: boolean;
    readonly color: string;
    readonly title: string;
    readonly title_link: string;
    readonly text: string;
    readonly fallback: string;
  }[];
  readonly email_configs?: readonly {
    readonly to: string;
    readonly send_resolved: boolean;
    readonly headers: { readonly [name: string]: string };
    readonly html: string;
    readonly text: string;
  }[];
  readonly pagerduty_configs?: readonly {
    readonly routing_key_file: string;
    readonly send_resolved: boolean;
    readonly severity: string;
    readonly description: string;
    readonly details: { readonly [name: string]: string };
  }[];
  readonly sns_configs?: readonly {
    readonly topic_arn: string;
    readonly send_resolved: boolean;
    readonly sigv4: { readonly region: string };
    readonly subject: string;
    readonly message: string;
  }[];
  readonly webhook_configs?: readonly WebhookConfig[];
}

export interface WebhookConfig {
  readonly url?: string;
  readonly url_file?: string;
  readonly send_resolved: boolean;
  readonly http_config?: {
    readonly authorization?: { readonly credentials_file: string };
    readonly follow_redirects?: boolean;
    readonly tls_config?: { readonly ca_file: string };
  };
}
