import { type AlertRouting, type AlertRoutingProps, Credentials, DuplicateNameError } from '../../../constructs';
import { configFiles } from '../../../testing/manifests';
import { find, manifestsOf, podOf } from '../../../testing/render';
import { settingError } from '../../support/setting-error';
import { config, PROPS, receiverOf, rendered, routing } from './sample';

const credentials = new Credentials('opsgenie');
const ORDERS = { matchers: ['team = "orders"'] };

/** The manifests of an AlertRouting that a test adds to. */
function added(add: (made: AlertRouting) => void, props: Partial<AlertRoutingProps> = {}) {
  const { chart, routing: made } = routing(props);
  add(made);
  return manifestsOf(chart);
}

const problem = (add: (made: AlertRouting) => void) => settingError(() => config(added(add))).message;

describe('Your own receivers', () => {
  test('read their keys from Secrets', () => {
    const manifests = added((made) =>
      made.addReceiver({
        ...ORDERS,
        receiver: { name: 'orders', opsgenie_configs: [{ api_key_file: { credentials, key: 'api-key' } }] },
      }),
    );
    expect(receiverOf(manifests, 'orders').opsgenie_configs).toEqual([
      { api_key_file: '/etc/alertmanager/secrets/opsgenie/api-key' },
    ]);
    const secrets = podOf(manifests, 'alertmanager').spec.volumes.flatMap(
      ({ secret }: { secret?: { secretName: string } }) => secret?.secretName ?? [],
    );
    expect(secrets).toEqual(['demo-credentials', 'opsgenie']);
  });

  test('are recipients of a level beside its channels', () => {
    const levels = {
      ...PROPS().levels,
      high: { slack: ['#high'], configs: { slack_configs: [{ channel: '#more' }] } },
    };
    const { slack_configs } = receiverOf(rendered({ levels }), 'level-high');
    expect(slack_configs?.map(({ channel }) => channel)).toEqual(['#high', '#more']);
  });

  test('are refused with a literal secret', () => {
    const receiver = { name: 'orders', opsgenie_configs: [{ api_key: 'demo' }] };
    // @ts-expect-error The types have no field for the key itself.
    expect(problem((made) => made.addReceiver({ ...ORDERS, receiver }))).toContain(
      'receiver.opsgenie_configs.api_key is "(hidden)"',
    );
  });

  test('are refused at a private address unless its range is open', () => {
    const receiver = { name: 'orders', webhook_configs: [{ url: 'http://10.0.0.7:8080/alerts' }] };
    const add = (made: AlertRouting) => made.addReceiver({ ...ORDERS, receiver });
    expect(problem(add)).toBe(
      'receiver is "http://10.0.0.7:8080/alerts": 10.0.0.7 is a private address; name its ranges in privateReceivers',
    );
    expect(() => added(add, { privateReceivers: [{ cidrs: ['10.0.0.0/8'], port: 8080 }] })).not.toThrow();
  });

  test('in the cluster leave the way to their component', () => {
    const policy = (url: string) =>
      find(
        added((made) => made.addReceiver({ ...ORDERS, receiver: { name: 'orders', webhook_configs: [{ url }] } })),
        'NetworkPolicy',
      ).spec.egress;
    expect(policy('http://orders.orders.svc:8080/alerts')).toHaveLength(policy('https://hooks.example.com/').length);
    expect(policy('https://hooks.example.com:8443/')).toHaveLength(policy('https://hooks.example.com/').length + 1);
  });
});

describe('Routes of your own', () => {
  test.each<[string, Parameters<AlertRouting['addReceiver']>[0], string]>([
    [
      'an unknown receiver',
      { ...ORDERS, receiver: { name: 'orders' }, routes: [{ receiver: 'nobody-known' }] },
      'routes.receiver is "nobody-known": add a receiver of this name to receivers',
    ],
    [
      'an unknown time interval',
      { ...ORDERS, receiver: { name: 'orders' }, routes: [{ mute_time_intervals: ['nights'] }] },
      'the time interval of a route is "nights": add it with addTimeInterval()',
    ],
    [
      'an unknown active time interval',
      { ...ORDERS, receiver: { name: 'orders' }, activeTimeIntervals: ['days'] },
      'the time interval of a route is "days": add it with addTimeInterval()',
    ],
  ])('are refused with %s', (_, extra, message) => {
    expect(problem((made) => made.addReceiver(extra))).toBe(message);
  });

  test.each<[string, (made: AlertRouting) => void]>([
    ['receivers of one name', (made) => made.addReceiver({ ...ORDERS, receiver: { name: 'level-high' } })],
    [
      'receivers of one name below a route',
      (made) => made.addReceiver({ ...ORDERS, receiver: { name: 'orders' }, receivers: [{ name: 'fallback' }] }),
    ],
    [
      'time intervals of one name',
      (made) => {
        made.addTimeInterval({ name: 'nights', time_intervals: [] });
        made.addTimeInterval({ name: 'nights', time_intervals: [] });
      },
    ],
    [
      'templates of one name',
      (made) => {
        made.addTemplate('orders', '');
        made.addTemplate('orders', '');
      },
    ],
  ])('are refused with two %s', (_, add) => {
    expect(() => config(added(add))).toThrow(DuplicateNameError);
  });

  test('may use templates of their own', () => {
    const manifests = added((made) => made.addTemplate('orders', '{{ define "orders" }}{{ end }}'));
    expect(configFiles(manifests, 'alertmanager-templates')).toMatchObject({
      'orders.tmpl': '{{ define "orders" }}{{ end }}',
      'monitoring.tmpl': expect.any(String),
    });
  });
});

describe('Settings of alertmanager.yml', () => {
  test.each([
    [
      { global: { slack_app_token_file: '/demo' } },
      'config.global.slack_app_token_file is "/demo"',
      'the channel of channels sets it',
    ],
    [{ route: {} }, 'config.route is {}', 'addReceiver() adds routes'],
    [{ templates: [] }, 'config.templates is []', 'addTemplate() adds templates'],
    [{ time_intervals: [] }, 'config.time_intervals is []', 'addTimeInterval() adds time intervals'],
  ])('refuse %j, which the construct writes', (settings, setting, fix) => {
    const given = { config: settings as AlertRoutingProps['config'] };
    expect(settingError(() => config(rendered(given))).message).toBe(`${setting}: remove it; ${fix}`);
  });

  test('are merged over the construct’s', () => {
    const { global } = config(rendered({ config: { global: { resolve_timeout: '1m' } } }));
    expect(global).toEqual({
      resolve_timeout: '1m',
      slack_app_token_file: '/etc/alertmanager/credentials/SLACK_BOT_TOKEN',
    });
  });
});
