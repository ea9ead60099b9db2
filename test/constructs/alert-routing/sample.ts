import {
  AlertRouting,
  type AlertRoutingProps,
  type Channels,
  Credentials,
  type Levels,
  type Receiver,
  type Route,
} from '../../../constructs';
import { manifestsOf, testChart } from '../../../testing/render';
import { serverConfig } from '../../support/server-config';

/** Levels with a Slack channel each. */
export const EVERYBODY: Levels = {
  critical: { slack: ['#critical'] },
  high: { slack: ['#high'] },
  medium: { slack: ['#medium'] },
  low: { slack: ['#low'] },
};

/** Levels that share one Slack channel, as an incoming webhook needs it. */
export const ONE_CHANNEL: Levels = {
  critical: { slack: ['#alerts'] },
  high: { slack: ['#alerts'] },
  medium: { slack: ['#alerts'] },
  low: { slack: ['#alerts'] },
};

/** Slack, through an app. */
export const SLACK = { kind: 'app' } as const;

/** Settings of every channel. */
export const EVERY_CHANNEL: Required<Channels> = {
  slack: SLACK,
  email: { smarthost: 'smtp.example.com:587', from: 'monitoring@example.com', username: 'monitoring' },
  pagerDuty: {},
  sms: { kind: 'gateway' },
  webhook: {},
};

/** Recipients by e-mail only. */
export const MAIL = { email: ['oncall@example.com'] } as const;

/** Recipients in every channel. */
export const EVERY_WAY = {
  slack: ['#critical'],
  email: ['oncall@example.com'],
  pagerDuty: 'critical',
  sms: true,
  webhook: true,
} as const;

/** The fewest props. */
export const PROPS = (): AlertRoutingProps => ({
  externalUrl: 'https://alerts.example.com',
  credentials: new Credentials('demo-credentials'),
  channels: { slack: SLACK },
  levels: EVERYBODY,
});

/** An AlertRouting with the fewest props, changed by a test, in a chart of its own. */
export function routing(props: Partial<AlertRoutingProps> = {}) {
  const chart = testChart();
  const made = new AlertRouting(chart, 'alertmanager', { ...PROPS(), ...props });
  return { chart, routing: made };
}

/** The manifests of `routing()`. */
export const rendered = (props?: Partial<AlertRoutingProps>) => manifestsOf(routing(props).chart);
/** `alertmanager.yml`. */
export const config = (manifests: ReturnType<typeof rendered>) =>
  serverConfig(manifests, 'alertmanager-config', 'alertmanager.yml');
/** A receiver by its name. */
export const receiverOf = (manifests: ReturnType<typeof rendered>, name: string): Receiver =>
  config(manifests).receivers.find((receiver: Receiver) => receiver.name === name);
/** The routes below the root. */
export const routesOf = (manifests: ReturnType<typeof rendered>): Route[] => config(manifests).route.routes;

/** Every `key: value` of a configuration whose key ends in a suffix. */
export function entriesOf(value: unknown, suffix: string): string[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, child]) =>
    key.endsWith(suffix) && typeof child === 'string' ? [`${key}: ${child}`] : entriesOf(child, suffix),
  );
}
