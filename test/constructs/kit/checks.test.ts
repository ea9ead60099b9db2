import { Credentials, type SettingError } from '../../../constructs';
import {
  checkCidrs,
  checkCount,
  checkCredentials,
  checkDuration,
  checkExternalLabels,
  checkedNamespaces,
  checkGoDuration,
  checkHost,
  checkHours,
  checkName,
  checkNamespace,
  checkObjectName,
  checkPodLabels,
  checkPort,
  checkPortName,
  checkQuantity,
  checkReachable,
  parseBytes,
  secondsOf,
} from '../../../constructs/kit/checks';
import { httpUrl } from '../../../constructs/kit/url';
import { settingError } from '../../support/setting-error';

/** A check of a prop called `prop`. */
type Check<T> = (setting: string, value: T) => unknown;

/** Runs a check on values that it accepts, and on values that it refuses with a message each. */
function testCheck<T>(name: string, check: Check<T>, accepted: readonly T[], refused: readonly [T, string][]): void {
  describe(name, () => {
    test.each(accepted.map((value) => [value]))('accepts %j', (value) => {
      expect(() => check('prop', value)).not.toThrow();
    });

    test.each(refused)('refuses %j', (value, message) => {
      const error: SettingError = settingError(() => check('prop', value));
      expect(error.message).toBe(message);
    });
  });
}

const NAME = 'write at most 50 lower-case letters, digits and dashes, a letter first';
testCheck(
  'checkName()',
  checkName,
  ['prometheus', 'p', 'eu-1-prometheus', 'a'.repeat(50)],
  [
    ['Prom', `prop is "Prom": ${NAME}`],
    ['', `prop is "": ${NAME}`],
    ['1st', `prop is "1st": ${NAME}`],
    ['prom-', `prop is "prom-": ${NAME}`],
    ['prom.eu', `prop is "prom.eu": ${NAME}`],
    ['a'.repeat(51), `prop is "${'a'.repeat(51)}": ${NAME}`],
  ],
);

const DNS_LABEL = 'write a DNS label: lower-case letters, digits and dashes';
testCheck<string | undefined>(
  'checkNamespace()',
  checkNamespace,
  ['orders', '1st', 'a'.repeat(63)],
  [
    [undefined, `prop is not set: ${DNS_LABEL}`],
    ['', `prop is "": ${DNS_LABEL}`],
    ['Orders', `prop is "Orders": ${DNS_LABEL}`],
    ['a'.repeat(64), `prop is "${'a'.repeat(64)}": ${DNS_LABEL}`],
    ['*', 'prop is "*": name each namespace: the rights are granted in each of them'],
  ],
);

testCheck<readonly string[]>(
  'checkedNamespaces()',
  checkedNamespaces,
  [['orders'], ['orders', 'payments']],
  [
    [[], 'prop is []: name a namespace: the rights are granted in each of them'],
    [['orders', '*'], 'prop is "*": name each namespace: the rights are granted in each of them'],
    [['orders', 'Pay'], `prop is "Pay": ${DNS_LABEL}`],
  ],
);

test('checkedNamespaces() returns each namespace once', () => {
  expect(checkedNamespaces('prop', ['orders', 'payments', 'orders'])).toEqual(['orders', 'payments']);
});

const OBJECT = 'write lower-case letters, digits, dashes and dots, at most 253';
testCheck(
  'checkObjectName()',
  checkObjectName,
  ['credentials', 'ca.example.com', '0-file'],
  [
    ['My Secret', `prop is "My Secret": ${OBJECT}`],
    ['', `prop is "": ${OBJECT}`],
    ['a..b', `prop is "a..b": ${OBJECT}`],
    ['a_b', `prop is "a_b": ${OBJECT}`],
    ['a'.repeat(254), `prop is "${'a'.repeat(254)}": ${OBJECT}`],
  ],
);

const PORT_NAME = 'write at most 15 lower-case letters, digits and single dashes';
testCheck(
  'checkPortName()',
  checkPortName,
  ['http', 'gossip-tcp', '2http'],
  [
    ['HTTP', `prop is "HTTP": ${PORT_NAME}`],
    ['80', `prop is "80": ${PORT_NAME}`],
    ['a--b', `prop is "a--b": ${PORT_NAME}`],
    ['sixteen-letters-', `prop is "sixteen-letters-": ${PORT_NAME}`],
    ['metrics-of-redis', `prop is "metrics-of-redis": ${PORT_NAME}`],
  ],
);

const VALUE = 'write at most 63 letters, digits, dashes, dots and underscores';
testCheck<Record<string, string>>(
  'checkPodLabels()',
  checkPodLabels,
  [{ app: 'orders' }, { 'app.kubernetes.io/name': 'Orders_API.v1' }, { app: '' }],
  [
    [{}, 'prop is {}: name a label: without one, every pod of the namespace is selected'],
    [{ 'my label': 'x' }, 'prop is "my label": write the key of a label, e.g. app.kubernetes.io/name'],
    [{ '/name': 'x' }, 'prop is "/name": write the key of a label, e.g. app.kubernetes.io/name'],
    [{ app: 'a b' }, `prop.app is "a b": ${VALUE}`],
    [{ app: '-' }, `prop.app is "-": ${VALUE}`],
  ],
);

const LABEL = 'write a label name of letters, digits and underscores, no digit first and no two underscores first';
testCheck<Record<string, string>>(
  'checkExternalLabels()',
  checkExternalLabels,
  [{}, { cluster: 'eu 1' }, { _cluster: 'a$$b' }, { cluster: '$HOME' }, { cluster: 'prod$eu-1' }],
  [
    [{ 'k8s-cluster': 'x' }, `prop is "k8s-cluster": ${LABEL}`],
    [{ '1st': 'x' }, `prop is "1st": ${LABEL}`],
    [{ __name__: 'x' }, `prop is "__name__": ${LABEL}`],
    [{ cluster: '' }, 'prop.cluster is "": write a value: Prometheus drops empty labels'],
    [{ cluster: 'prod\n' }, 'prop.cluster is "prod\\n": write one line of text'],
    [{ cluster: 'prod\u0000' }, 'prop.cluster is "prod\\u0000": write one line of text'],
    [{ cluster: 'prod\ud800' }, 'prop.cluster is "prod\\ud800": write one line of text'],
  ],
);

const RANGE = 'write a range of addresses, e.g. 10.0.0.0/8';
testCheck<readonly string[] | undefined>(
  'checkCidrs()',
  checkCidrs,
  [undefined, ['10.0.0.0/8'], ['10.8.0.1/32', '0.0.0.0/0'], ['2001:db8::/32', '::/0', '2001:DB8::1/128']],
  [
    [[], 'prop is []: name a range: an empty list would allow every address'],
    [['banana'], `prop is "banana": ${RANGE}`],
    [['10.0.0.1'], `prop is "10.0.0.1": ${RANGE}`],
    [['10.0.0.0/33'], `prop is "10.0.0.0/33": ${RANGE}`],
    [['10.0.0.0/08'], `prop is "10.0.0.0/08": ${RANGE}`],
    [['::ffff:10.0.0.0/104'], `prop is "::ffff:10.0.0.0/104": ${RANGE}`],
    [['10.0/8'], `prop is "10.0/8": ${RANGE}`],
    [['010.0.0.0/8'], `prop is "010.0.0.0/8": ${RANGE}`],
    [['10.0.0.0/8', ''], `prop is "": ${RANGE}`],
    [['fe80::1%eth0/64'], `prop is "fe80::1%eth0/64": ${RANGE}`],
    [['10.1.2.3/8'], 'prop is "10.1.2.3/8": write 10.0.0.0/8: the address has bits beyond the prefix'],
    [['2001:db8::1/32'], 'prop is "2001:db8::1/32": write 2001:db8::/32: the address has bits beyond the prefix'],
  ],
);

testCheck(
  'checkPort()',
  checkPort,
  [1, 443, 65_535],
  [
    [0, 'prop is 0: write a port from 1 to 65535'],
    [65_536, 'prop is 65536: write a port from 1 to 65535'],
    [80.5, 'prop is 80.5: write a port from 1 to 65535'],
    [Number.NaN, 'prop is NaN: write a port from 1 to 65535'],
  ],
);

const HOST = 'write a host name or an address, without scheme, port and path';
testCheck(
  'checkHost()',
  checkHost,
  ['example.com', 'redis', 'a.b.example.com.', '203.0.113.7', '2001:db8::1', 'my_host.example.com'],
  [
    ['https://example.com', `prop is "https://example.com": ${HOST}`],
    ['example.com:443', `prop is "example.com:443": ${HOST}`],
    ['example.com/path', `prop is "example.com/path": ${HOST}`],
    ['exam ple.com', `prop is "exam ple.com": ${HOST}`],
    ['', `prop is "": ${HOST}`],
  ],
);

const service = (host: string) =>
  `prop is "${host}": ${host} is a Service of the cluster, and only the Internet would be reached; ` +
  'use ExternalWorkload or the endpoint of its component, or name its ranges in cidrs';
const away = (host: string) =>
  `prop is "${host}": ${host} is a private address, and only the Internet would be reached; name its ranges in cidrs`;
testCheck<string>(
  'checkReachable() without ranges',
  (setting, host) => checkReachable(setting, host, host, undefined),
  ['example.com', 'internal.example.com', 'svc.example.com', '203.0.113.7', 'hooks.slack.com.', '8.8.8.8'],
  [
    ...['redis.orders.svc', 'redis.orders.svc.cluster.local', 'redis', 'REDIS.orders.SVC.'].map(
      (host): [string, string] => [host, service(host)],
    ),
    ...[
      'mimir.internal',
      'nas.local',
      'localhost',
      'db.abc.eu-west-1.rds.amazonaws.com',
      'cache.abc.euw1.cache.amazonaws.com',
      '10.1.2.3',
      '127.0.0.1',
      '169.254.169.254',
      '100.64.0.1',
      '192.168.1.1',
    ].map((host): [string, string] => [host, away(host)]),
    ...['fd00::1', '2001:db8::1'].map((host): [string, string] => [
      host,
      away(host).replace('a private address', 'an IPv6 address'),
    ]),
  ],
);

test('checkReachable() accepts every host with ranges', () => {
  for (const host of ['redis.orders.svc', 'mimir.internal', '10.1.2.3']) {
    expect(() => checkReachable('prop', host, host, ['10.0.0.0/8'])).not.toThrow();
  }
});

const QUANTITY = 'write a Kubernetes quantity, e.g. 50Gi';
testCheck<string>(
  'checkQuantity()',
  (setting, value) => checkQuantity(setting, value, '50Gi'),
  ['50Gi', '100m', '0.5', '1e3', '20G', '.5Gi'],
  [
    ['64 MB', `prop is "64 MB": ${QUANTITY}`],
    ['64MB', `prop is "64MB": ${QUANTITY}`],
    ['', `prop is "": ${QUANTITY}`],
    ['0', `prop is "0": ${QUANTITY}`],
    ['-1Gi', `prop is "-1Gi": ${QUANTITY}`],
    ['Gi', `prop is "Gi": ${QUANTITY}`],
  ],
);

const SIZE = 'write a quantity such as 50Gi (Mi, Gi or Ti)';
testCheck(
  'parseBytes()',
  parseBytes,
  ['512Mi', '50Gi', '2Ti'],
  [
    ['50G', `prop is "50G": ${SIZE}`],
    ['50', `prop is "50": ${SIZE}`],
    ['0Gi', `prop is "0Gi": ${SIZE}`],
    ['1.5Gi', `prop is "1.5Gi": ${SIZE}`],
  ],
);

const COUNT = 'write a whole number greater than zero';
testCheck(
  'checkCount()',
  checkCount,
  [1, 250_000],
  [
    [0, `prop is 0: ${COUNT}`],
    [-1, `prop is -1: ${COUNT}`],
    [0.5, `prop is 0.5: ${COUNT}`],
    [Number.POSITIVE_INFINITY, `prop is Infinity: ${COUNT}`],
  ],
);

const DURATION = 'write a duration, e.g. 30s, 5m or 1h30m';
testCheck(
  'checkDuration()',
  checkDuration,
  ['30s', '5m', '1h30m', '0', '0s', '100ms', '2w', '1d12h'],
  [
    ['soon', `prop is "soon": ${DURATION}`],
    ['', `prop is "": ${DURATION}`],
    ['30', `prop is "30": ${DURATION}`],
    ['1.5h', `prop is "1.5h": ${DURATION}`],
    ['30m1h', `prop is "30m1h": ${DURATION}`],
    ['NaNm', `prop is "NaNm": ${DURATION}`],
  ],
);

test.each([
  ['1h30m', 5400],
  ['1d', 86_400],
  ['500ms', 0.5],
  ['1m1s', 61],
])('secondsOf() takes %s for %d seconds', (duration, seconds) => {
  expect(secondsOf(duration)).toBe(seconds);
});

const GO_DURATION = 'write a duration in hours, minutes or seconds, e.g. 1h or 30m';
testCheck(
  'checkGoDuration()',
  checkGoDuration,
  ['1h', '30m', '1.5h', '1h30m', '0'],
  [
    ['1d', `prop is "1d": ${GO_DURATION}`],
    ['60', `prop is "60": ${GO_DURATION}`],
    ['', `prop is "": ${GO_DURATION}`],
  ],
);

const hours = (changes: object) => ({ start: '09:00', end: '17:00', timeZone: 'UTC', ...changes });
const TIME = 'write HH:MM from 00:00 to 24:00, e.g. 09:00';
const ZONE = 'write the IANA name of a time zone, e.g. Europe/Berlin or UTC';
testCheck(
  'checkHours()',
  checkHours,
  [
    hours({}),
    hours({ start: '00:00', end: '24:00' }),
    hours({ start: '22:00', end: '06:00' }),
    hours({ start: '22:00', end: '00:00' }),
    ...['Europe/Berlin', 'America/Port-au-Prince', 'Asia/Kolkata', 'Etc/GMT+5', 'US/Eastern'].map((timeZone) =>
      hours({ timeZone }),
    ),
  ],
  [
    [hours({ start: '9:00' }), `prop.start is "9:00": ${TIME}`],
    [hours({ start: '9am' }), `prop.start is "9am": ${TIME}`],
    [hours({ end: '24:30' }), `prop.end is "24:30": ${TIME}`],
    [hours({ end: '17:60' }), `prop.end is "17:60": ${TIME}`],
    [
      hours({ end: '09:00' }),
      'prop.end is "09:00": write another time than the start; the whole day is 00:00 to 24:00',
    ],
    [hours({ start: '24:00' }), 'prop.start is "24:00": write 00:00 for midnight at the start'],
    [hours({ timeZone: 'Berlin' }), `prop.timeZone is "Berlin": ${ZONE}`],
    [hours({ timeZone: 'europe/berlin' }), `prop.timeZone is "europe/berlin": ${ZONE}`],
    [hours({ timeZone: 'Asia/kolkata' }), `prop.timeZone is "Asia/kolkata": ${ZONE}`],
    [hours({ timeZone: '+01:00' }), `prop.timeZone is "+01:00": ${ZONE}`],
    [hours({ timeZone: '' }), `prop.timeZone is "": ${ZONE}`],
  ],
);

testCheck<Credentials | undefined>(
  'checkCredentials()',
  checkCredentials,
  [undefined, new Credentials('orders')],
  [
    // What a JavaScript program may pass.
    ['orders' as unknown as Credentials, 'prop is "orders": write new Credentials(\'orders\')'],
    [{} as Credentials, "prop is {}: write new Credentials('name-of-the-secret')"],
  ],
);

const URL_FIX = 'write a URL, e.g. https://x.example.com';
testCheck<string>(
  'httpUrl()',
  (setting, value) => httpUrl(setting, value, 'https://x.example.com'),
  ['https://x.example.com', 'http://localhost:3000/path?query'],
  [
    ['prometheus', `prop is "prometheus": ${URL_FIX}`],
    ['localhost:3000', `prop is "localhost:3000": ${URL_FIX}`],
    ['ftp://x.example.com', `prop is "ftp://x.example.com": ${URL_FIX}`],
    [
      'https://user:not-a-secret@x.example.com/push',
      'prop is "https://x.example.com/push": remove user and password: manifests are no place for secrets',
    ],
  ],
);
