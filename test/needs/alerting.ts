import { type AlertRouting, Credentials, Endpoint, Prometheus, type Receiver, RuleCatalogue } from '../../index';
import { configFiles, type Manifest } from '../../testing/manifests';
import { find } from '../../testing/render';
import { serverConfig } from '../support/server-config';
import type { Proof, Section } from './need';
import { everybody, podsOf, withPlatform } from './platform';

const KEYS = new Credentials('orders-receivers');
const key = (name: string) => ({ credentials: KEYS, key: name });
const path = (name: string) => `/etc/alertmanager/secrets/orders-receivers/${name}`;
const ORDERS = ['team = "orders"'];

/** `alertmanager.yml`. */
const configOf = (manifests: readonly Manifest[]) => serverConfig(manifests, 'alertmanager-config', 'alertmanager.yml');
const receiverOf = (manifests: readonly Manifest[], name: string) =>
  configOf(manifests).receivers.find((receiver: Receiver) => receiver.name === name);

type Configs = Omit<Parameters<AlertRouting['addReceiver']>[0]['receiver'], 'name'>;

/** A receiver of a team's alerts. */
const receiver = (configs: Configs, expected: object): Proof => ({
  by: 'prop',
  make: withPlatform({}, ({ routing }) =>
    routing.addReceiver({ receiver: { name: 'orders', ...configs }, matchers: ORDERS }),
  ),
  shows: (manifests) => {
    expect(receiverOf(manifests, 'orders')).toMatchObject(expected);
    expect(configOf(manifests).route.routes).toContainEqual(
      expect.objectContaining({ receiver: 'orders', matchers: ORDERS }),
    );
    const mounted = JSON.stringify(podsOf(manifests).alertmanager.spec.volumes);
    expect(mounted).toContain('"secretName":"orders-receivers"');
  },
});

/** Needs about Alertmanager. */
export const alerting: Section = {
  id: 'C6',
  title: 'Alertmanager',
  needs: [
    {
      need: 'Teams, Opsgenie, Discord, Telegram, VictorOps, Webex…',
      proofs: [
        receiver(
          {
            msteamsv2_configs: [{ webhook_url_file: key('TEAMS') }],
            opsgenie_configs: [{ api_key_file: key('OPSGENIE') }],
            discord_configs: [{ webhook_url_file: key('DISCORD') }],
            telegram_configs: [{ bot_token_file: key('TELEGRAM'), chat_id: 42 }],
            victorops_configs: [{ api_key_file: key('VICTOROPS'), routing_key: 'orders' }],
            webex_configs: [{ room_id: 'orders', http_config: { authorization: { credentials_file: key('WEBEX') } } }],
          },
          {
            msteamsv2_configs: [{ webhook_url_file: path('TEAMS') }],
            opsgenie_configs: [{ api_key_file: path('OPSGENIE') }],
            discord_configs: [{ webhook_url_file: path('DISCORD') }],
            telegram_configs: [{ bot_token_file: path('TELEGRAM'), chat_id: 42 }],
            victorops_configs: [{ api_key_file: path('VICTOROPS'), routing_key: 'orders' }],
            webex_configs: [{ http_config: { authorization: { credentials_file: path('WEBEX') } } }],
          },
        ),
      ],
    },
    {
      need: 'Slack per team with own webhook',
      proofs: [
        receiver(
          { slack_configs: [{ channel: '#orders', api_url_file: key('ORDERS_SLACK') }] },
          { slack_configs: [{ channel: '#orders', api_url_file: path('ORDERS_SLACK') }] },
        ),
      ],
    },
    {
      need: 'routes per team',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({}, ({ routing }) =>
            routing.addReceiver({
              receiver: { name: 'orders', slack_configs: [{ channel: '#orders' }] },
              matchers: ORDERS,
              continue: false,
              groupBy: ['alertname', 'shop'],
              timing: { repeat_interval: '8h' },
            }),
          ),
          shows: (manifests) => {
            const [first] = configOf(manifests).route.routes.filter((route: Manifest) => route.receiver === 'orders');
            expect(first).toMatchObject({
              matchers: ORDERS,
              continue: false,
              group_by: ['alertname', 'shop'],
              repeat_interval: '8h',
            });
          },
        },
      ],
    },
    {
      need: '`teams` by own names',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({ alerts: { teams: { orders: { slack: ['#orders-team'] } } } }),
          shows: (manifests) => {
            expect(receiverOf(manifests, 'team-orders').slack_configs).toMatchObject([{ channel: '#orders-team' }]);
            expect(configOf(manifests).route.routes).toContainEqual(
              expect.objectContaining({ receiver: 'team-orders', matchers: ['category = "orders"'] }),
            );
          },
        },
      ],
    },
    {
      need: 'severities `warning`/`info`',
      proofs: [
        {
          by: 'prop',
          make: withPlatform(
            {
              alerts: {
                levels: { critical: { slack: ['#page'] }, warning: { slack: ['#work'] }, info: { slack: ['#fyi'] } },
              },
            },
            ({ prometheus }) =>
              prometheus.addRules(
                RuleCatalogue.general({ topics: ['nodes', 'prometheus'] }).withSeverities({
                  high: 'critical',
                  medium: 'warning',
                  low: 'info',
                }),
                { runbook: ({ alert }) => `https://wiki.example.com/${alert}` },
              ),
          ),
          shows: (manifests) => {
            for (const level of ['critical', 'warning', 'info']) {
              expect(configOf(manifests).route.routes).toContainEqual(
                expect.objectContaining({ receiver: `level-${level}`, matchers: [`severity = "${level}"`] }),
              );
            }
            const rules = serverConfig(manifests, 'prometheus-rules-nodes', 'nodes.yaml').groups.flatMap(
              (group: Manifest) => group.rules,
            );
            const severities = rules.flatMap((rule: Manifest) => rule.labels?.severity ?? []);
            expect([...new Set(severities)].sort()).toEqual(['critical', 'info', 'warning']);
          },
        },
        {
          by: 'recipe',
          page: 'alerts.md',
          under: 'Your severities',
          shows: (manifests) =>
            expect(
              receiverOf(
                manifests.filter(({ metadata }) => metadata.namespace === 'paging'),
                'level-page',
              ).slack_configs,
            ).toMatchObject([{ channel: '#page' }]),
        },
      ],
    },
    {
      need: 'nested routes, `mute_time_intervals`, own time intervals',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({}, ({ routing }) => {
            routing.addTimeInterval({ name: 'weekend', time_intervals: [{ weekdays: ['saturday', 'sunday'] }] });
            routing.addReceiver({
              receiver: { name: 'orders', slack_configs: [{ channel: '#orders' }] },
              receivers: [{ name: 'orders-page', pagerduty_configs: [{ routing_key_file: key('PAGE') }] }],
              matchers: ORDERS,
              muteTimeIntervals: ['weekend'],
              routes: [{ receiver: 'orders-page', matchers: ['severity = "critical"'] }],
            });
          }),
          shows: (manifests) => {
            const { route, time_intervals } = configOf(manifests);
            expect(time_intervals).toEqual([
              { name: 'weekend', time_intervals: [{ weekdays: ['saturday', 'sunday'] }] },
            ]);
            expect(route.routes).toContainEqual(
              expect.objectContaining({
                receiver: 'orders',
                mute_time_intervals: ['weekend'],
                routes: [{ receiver: 'orders-page', matchers: ['severity = "critical"'] }],
              }),
            );
          },
        },
      ],
    },
    { need: 'silences as code', proofs: [{ by: 'limit', row: 'Silences as code' }] },
    {
      need: 'own templates',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({}, ({ routing }) => {
            routing.addTemplate('orders', '{{ define "orders.title" }}{{ .CommonLabels.alertname }}{{ end }}');
            const slack_configs = [{ channel: '#orders', title: '{{ template "orders.title" . }}' }];
            routing.addReceiver({ receiver: { name: 'orders', slack_configs }, matchers: ORDERS });
          }),
          shows: (manifests) => {
            expect(configFiles(manifests, 'alertmanager-templates')['orders.tmpl']).toContain('define "orders.title"');
            expect(configOf(manifests).templates).toEqual(['/etc/alertmanager/templates/*.tmpl']);
            expect(receiverOf(manifests, 'orders').slack_configs).toMatchObject([
              { title: '{{ template "orders.title" . }}' },
            ]);
          },
        },
      ],
    },
    {
      need: 'raw config / existing config Secret / AlertmanagerConfig CR',
      proofs: [
        {
          by: 'refused',
          make: withPlatform({
            // JavaScript can pass what the types forbid.
            alerts: { config: JSON.parse('{ "route": { "receiver": "orders" } }') },
          }),
          message: 'config.route is {"receiver":"orders"}: remove it; addReceiver() adds routes',
        },
        { by: 'limit', row: 'A complete `alertmanager.yml` of your own, or one in a Secret' },
        { by: 'limit', row: '`AlertmanagerConfig` objects' },
      ],
    },
    {
      need: 'existing Alertmanager outside',
      proofs: [
        {
          by: 'prop',
          make: (chart) => {
            const server = new Prometheus(chart, 'prometheus', {
              externalUrl: 'https://prometheus.example.com',
              externalLabels: { cluster: 'orders' },
            });
            server.addAlertmanager(Endpoint.host('alerts.example.com'), {
              basic_auth: { username: 'orders', password_file: key('ALERTS') },
            });
          },
          shows: (manifests) => {
            const { alerting: settings } = serverConfig(manifests, 'prometheus-config', 'prometheus.yml');
            expect(settings.alertmanagers).toEqual([
              expect.objectContaining({
                scheme: 'https',
                static_configs: [{ targets: ['alerts.example.com:443'] }],
                basic_auth: {
                  username: 'orders',
                  password_file: '/etc/prometheus/secrets/orders-receivers/ALERTS',
                },
              }),
            ]);
            expect(JSON.stringify(find(manifests, 'NetworkPolicy').spec.egress)).toContain('"port":443');
          },
        },
      ],
    },
    {
      need: 'only webhooks/Teams, no built-in channel',
      proofs: [
        {
          by: 'prop',
          make: withPlatform({
            alerts: {
              channels: {},
              levels: everybody({ configs: { msteamsv2_configs: [{ webhook_url_file: key('TEAMS') }] } }),
            },
          }),
          shows: (manifests) => {
            expect(receiverOf(manifests, 'level-high')).toEqual({
              name: 'level-high',
              msteamsv2_configs: [{ webhook_url_file: path('TEAMS') }],
            });
            expect(Object.keys(configOf(manifests).global)).toEqual(['resolve_timeout']);
          },
        },
      ],
    },
  ],
};
