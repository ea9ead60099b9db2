import type { Inhibition } from '../../rules';
import type { Connection, WithSecretKeys } from '../kit';
import { DuplicateNameError, refuseManaged, SettingError } from '../kit';
import {
  type AlertmanagerConfig,
  type AnyAlertmanagerConfig,
  inhibitRules,
  type Receiver,
  type Route,
  type TimeInterval,
  type Timing,
  tracing,
} from './alertmanager-config';
import type { Channels, DeadMansSwitch } from './channels';
import { channelKeys } from './receivers';
import type { Levels, Teams } from './recipients';
import { type BusinessHours, businessHoursInterval, receiverName, routeTree } from './routes';

/** Your own receiver, and the alerts that it gets. */
export interface ExtraReceiver {
  /**
   * Any receiver of Alertmanager: Opsgenie, Microsoft Teams, Discord, Telegram, Jira … A field that names a file takes a
   * key of a Secret.
   */
  readonly receiver: WithSecretKeys<Receiver>;
  /** Matchers of the alerts, e.g. `team = "payments"`. */
  readonly matchers: readonly string[];
  /** Send the alerts to their team and level as well. @default true */
  readonly continue?: boolean;
  /** Labels that group alerts into one notification. @default - `alertname`, `cluster` and `namespace` */
  readonly groupBy?: readonly string[];
  /** Grouping and repetition. @default - as level high */
  readonly timing?: Timing;
  /** Names of time intervals in which the receiver is not notified; see `addTimeInterval()`. @default - none */
  readonly muteTimeIntervals?: readonly string[];
  /** Names of time intervals in which alone the receiver is notified. @default - always */
  readonly activeTimeIntervals?: readonly string[];
  /** Routes below this one, as Alertmanager reads them. @default - none */
  readonly routes?: readonly Route[];
  /** Receivers that `routes` name. @default - none */
  readonly receivers?: readonly WithSecretKeys<Receiver>[];
}

/** Your own receiver, with the paths of its Secrets' files. */
export type ResolvedReceiver = Omit<ExtraReceiver, 'receiver' | 'receivers'> & {
  readonly receiver: Receiver;
  readonly receivers: readonly Receiver[];
};

/** Settings of `alertmanager.yml` that `AlertRouting` leaves to you. */
export type AlertmanagerSettings = Pick<
  AnyAlertmanagerConfig,
  'global' | 'inhibit_rules' | 'tracing' | 'event_recorder'
>;

const MANAGED = {
  route: 'addReceiver() adds routes',
  receivers: 'addReceiver() adds receivers',
  templates: 'addTemplate() adds templates',
  time_intervals: 'addTimeInterval() adds time intervals',
  mute_time_intervals: 'addTimeInterval() adds time intervals',
};

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
  readonly extra: readonly ResolvedReceiver[];
  readonly timeIntervals: readonly TimeInterval[];
  /** Your own settings. */
  readonly settings: AlertmanagerSettings;
  readonly tracing?: Connection;
  /** Pattern of the template files. */
  readonly templates: string;
  /** Path of the file that holds a key of the Secret. */
  readonly file: (key: string) => string;
}

/**
 * The server's configuration.
 *
 * @throws SettingError for a setting that is written twice, and for a route that names an unknown receiver or interval
 * @throws DuplicateNameError for two receivers or time intervals of one name
 */
export function alertmanagerConfig(props: AlertmanagerConfigProps): AlertmanagerConfig {
  const { channels, deadMansSwitch, levels, teams, receivers, heartbeats, extra, settings } = props;
  const names = new Set(receivers.map(({ name }) => name));
  const reachable = Object.entries(teams).filter(([category]) => names.has(receiverName.team(category)));
  const keepsBusinessHours = Object.values(teams).some((team) => team?.businessHoursOnly);
  const intervals = [
    ...(keepsBusinessHours ? [businessHoursInterval(props.businessHours)] : []),
    ...props.timeIntervals,
  ];
  const config = {
    global: globalSettings(channels, props.file, settings.global),
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
    time_intervals: intervals.length > 0 ? intervals : undefined,
    tracing:
      props.tracing || settings.tracing
        ? { ...(props.tracing && tracing(props.tracing)), ...settings.tracing }
        : undefined,
    inhibit_rules: [...inhibitRules(props.inhibitions), ...(settings.inhibit_rules ?? [])],
    receivers: [...receivers, ...heartbeats, ...extra.flatMap((each) => [each.receiver, ...each.receivers])],
    event_recorder: settings.event_recorder,
  };
  checkReferences(config);
  return config;
}

/** Alertmanager does not start with two receivers of one name, or with a route that names none. */
function checkReferences({ route, receivers, time_intervals = [] }: AlertmanagerConfig): void {
  const receiverNames = distinct('receiver name', receivers);
  const intervalNames = distinct('time interval', time_intervals);
  const check = (each: Route) => {
    if (each.receiver !== undefined && !receiverNames.has(each.receiver)) {
      throw new SettingError('routes.receiver', each.receiver, 'add a receiver of this name to receivers');
    }
    for (const name of [...(each.mute_time_intervals ?? []), ...(each.active_time_intervals ?? [])]) {
      if (!intervalNames.has(name)) {
        throw new SettingError('the time interval of a route', name, 'add it with addTimeInterval()');
      }
    }
    each.routes?.forEach(check);
  };
  check(route);
}

function distinct(kind: string, named: readonly { readonly name: string }[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { name } of named) {
    if (names.has(name)) {
      throw new DuplicateNameError(kind, name);
    }
    names.add(name);
  }
  return names;
}

/**
 * Refuses settings that the construct writes.
 *
 * @throws SettingError for the first of them
 */
export function checkSettings(settings: object): void {
  refuseManaged('config', settings, MANAGED);
}

function globalSettings(
  channels: Channels,
  file: (key: string) => string,
  settings: AlertmanagerConfig['global'] = {},
): AlertmanagerConfig['global'] {
  const own = channelSettings(channels, file);
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && name in settings) {
      const given = settings[name as keyof typeof settings];
      throw new SettingError(`config.global.${name}`, given, 'remove it; the channel of channels sets it');
    }
  }
  return { resolve_timeout: '5m', ...own, ...settings };
}

function channelSettings(channels: Channels, file: (key: string) => string): AlertmanagerConfig['global'] {
  const { slack, email } = channels;
  const keys = channelKeys(channels);
  const slackFile = keys.slack && file(keys.slack);
  return {
    slack_api_url_file: slack?.kind === 'webhook' ? slackFile : undefined,
    slack_app_token_file: slack?.kind === 'app' ? slackFile : undefined,
    smtp_smarthost: email?.smarthost,
    smtp_from: email?.from,
    smtp_auth_username: email?.username,
    smtp_auth_password_file: keys.email && file(keys.email),
    smtp_require_tls: email && true,
  };
}

function extraRoute({
  receiver,
  matchers,
  continue: goesOn = true,
  groupBy,
  timing,
  ...rest
}: ResolvedReceiver): Route {
  return {
    receiver: receiver.name,
    matchers,
    continue: goesOn,
    group_by: groupBy,
    ...timing,
    mute_time_intervals: rest.muteTimeIntervals,
    active_time_intervals: rest.activeTimeIntervals,
    routes: rest.routes,
  };
}
