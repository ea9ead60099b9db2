import type { Inhibition } from '../../rules';
import type { Connection } from '../kit';
import {
  type AlertmanagerConfig,
  inhibitRules,
  type Receiver,
  type Route,
  type Timing,
  tracing,
} from './alertmanager-config';
import type { Channels, DeadMansSwitch } from './channels';
import { channelKeys } from './receivers';
import type { Levels, Teams } from './recipients';
import { type BusinessHours, businessHoursInterval, receiverName, routeTree } from './routes';

/** Your own receiver, and the alerts that it gets. */
export interface ExtraReceiver {
  readonly receiver: Receiver;
  /** Matchers of the alerts, e.g. `team = "payments"`. */
  readonly matchers: readonly string[];
  /** Send the alerts to their team and level as well. @default true */
  readonly continue?: boolean;
  /** Labels that group alerts into one notification. @default - `alertname`, `cluster` and `namespace` */
  readonly groupBy?: readonly string[];
  /** Grouping and repetition. @default - as level high */
  readonly timing?: Timing;
}

/** Input of `alertmanagerConfig()`. */
export interface AlertmanagerConfigProps {
  readonly channels: Channels;
  readonly levels: Levels<string>;
  readonly teams: Teams<string>;
  readonly deadMansSwitch?: DeadMansSwitch;
  readonly businessHours: BusinessHours;
  readonly inhibitions: readonly Inhibition[];
  /** Receivers of teams, levels, the fallback and the dead man's switch. */
  readonly receivers: readonly Receiver[];
  /** Receivers of Watchdog, in addition to the dead man's switch. */
  readonly heartbeats: readonly Receiver[];
  readonly extra: readonly ExtraReceiver[];
  readonly tracing?: Connection;
  /** Pattern of the template files. */
  readonly templates: string;
  /** Path of the file that holds a key of the Secret. */
  readonly file: (key: string) => string;
}

/** The server's configuration. */
export function alertmanagerConfig(props: AlertmanagerConfigProps): AlertmanagerConfig {
  const { channels, deadMansSwitch, levels, teams, receivers, heartbeats, extra } = props;
  const names = new Set(receivers.map(({ name }) => name));
  const reachable = Object.entries(teams).filter(([category]) => names.has(receiverName.team(category)));
  const keepsBusinessHours = Object.values(teams).some((team) => team?.businessHoursOnly);
  return {
    global: globalSettings(channels, props.file),
    templates: [props.templates],
    route: routeTree({
      levels,
      teams: Object.fromEntries(reachable),
      watchdog: [
        ...heartbeats.map(({ name }) => name),
        deadMansSwitch ? receiverName.deadMansSwitch : receiverName.nobody,
      ],
      extra: extra.map(extraRoute),
    }),
    time_intervals: keepsBusinessHours ? [businessHoursInterval(props.businessHours)] : undefined,
    tracing: props.tracing && tracing(props.tracing),
    inhibit_rules: inhibitRules(props.inhibitions),
    receivers: [...receivers, ...heartbeats, ...extra.map(({ receiver }) => receiver)],
  };
}

function globalSettings(channels: Channels, file: (key: string) => string): AlertmanagerConfig['global'] {
  const { slack, email } = channels;
  const keys = channelKeys(channels);
  const slackFile = keys.slack && file(keys.slack);
  return {
    resolve_timeout: '5m',
    slack_api_url_file: slack?.kind === 'webhook' ? slackFile : undefined,
    slack_app_token_file: slack?.kind === 'app' ? slackFile : undefined,
    smtp_smarthost: email?.smarthost,
    smtp_from: email?.from,
    smtp_auth_username: email?.username,
    smtp_auth_password_file: keys.email && file(keys.email),
    smtp_require_tls: email && true,
  };
}

function extraRoute({ receiver, matchers, continue: goesOn = true, groupBy, timing }: ExtraReceiver): Route {
  return { receiver: receiver.name, matchers, continue: goesOn, group_by: groupBy, ...timing };
}
