import {
  Credentials,
  Endpoint,
  type LokiRule,
  type LokiRules,
  type LokiStackProps,
  type S3Access,
} from '../../../constructs';
import { synthError } from '../../../testing/render';
import { settingError } from '../../support/setting-error';
import { configOf, S3, secret, stack } from './sample';

/** The message that a stack with some props ends with. */
const messageOf = (props: object) => settingError(() => stack(props as LokiStackProps)).message;
const config = (section: string, settings: object) => ({ config: { [section]: settings } });

/** Mistakes that Loki takes without an error, or with one that nobody sees, and the message of each. */
const TRAPS: readonly [what: string, props: object, message: string][] = [
  [
    'no writable temporary directory: nothing is deleted',
    { pod: { env: [{ name: 'TMPDIR', value: '/nowhere' }] } },
    'pod.env.TMPDIR is "/nowhere": leave it out: without a writable temporary directory, nothing is ever deleted, and no ' +
      'error says so',
  ],
  [
    'the same for one component',
    { mode: 'distributed', objectStorage: S3, roles: { compactor: { env: [{ name: 'TMPDIR', value: '/x' }] } } },
    'roles.compactor.env.TMPDIR is "/x": leave it out: without a writable temporary directory, nothing is ever deleted, ' +
      'and no error says so',
  ],
  [
    'retention that is switched off',
    config('compactor', { retention_enabled: false }),
    'config.compactor.retention_enabled is false: remove it; write the prop retention, which sets all fields that ' +
      'deleting needs',
  ],
  [
    'retention_period beside it',
    config('limits_config', { retention_period: '1h' }),
    'config.limits_config.retention_period is "1h": remove it; write the prop retention, which sets all fields that ' +
      'deleting needs',
  ],
  [
    'retention of less than a day for a stream',
    { retention: { days: 7, streams: [{ selector: '{level="debug"}', days: 0.5 }] } },
    'retention.streams.days is 0.5: write a whole number greater than zero',
  ],
  ['retention of zero days', { retention: { days: 0 } }, 'retention.days is 0: write a whole number greater than zero'],
  [
    'retention of a stream by what is no index label',
    { retention: { days: 7, streams: [{ selector: '{pod="shop-1"}', days: 1 }] } },
    'retention.streams.selector is "{pod=\\"shop-1\\"}": pod is no index label, so nothing would match; write one of ' +
      'service_name, cluster, namespace, app, component, container, level, stream, or add it to indexLabels',
  ],
  ...['stream="security"', '{}', '{stream}', '{stream="security" |= "x"}'].map((selector): [string, object, string] => [
    `retention of ${selector}`,
    { retention: { days: 7, streams: [{ selector, days: 1 }] } },
    `retention.streams.selector is ${JSON.stringify(selector)}: write matchers of index labels, e.g. {stream="security"}`,
  ]),
  [
    'max_query_lookback that hides lines that are kept',
    config('limits_config', { max_query_lookback: '24h' }),
    'config.limits_config.max_query_lookback is "24h": remove it; write the prop retention, which sets all fields that ' +
      'deleting needs',
  ],
  [
    'no store for delete requests',
    config('compactor', { delete_request_store: '' }),
    'config.compactor.delete_request_store is "": remove it; write the prop retention, which sets all fields that ' +
      'deleting needs',
  ],
  [
    'retention by the table manager',
    config('table_manager', { retention_deletes_enabled: true }),
    'config.table_manager is {"retention_deletes_enabled":true}: remove it; Loki accepts and ignores it with an index of ' +
      'this kind; write the prop retention, which sets all fields that deleting needs',
  ],
  [
    'a write-ahead log of the ruler below the working directory',
    config('ruler', { wal: { dir: 'ruler-wal' } }),
    'config.ruler.wal.dir is "ruler-wal": remove it; only /loki and /tmp are writable',
  ],
  [
    'rules at the root of their directory',
    config('ruler', { storage: { type: 'local', local: { directory: '/etc/loki' } } }),
    'config.ruler.storage is {"type":"local","local":{"directory":"/etc/loki"}}: remove it; call addRules()',
  ],
  [
    'a second, ignored section of the ruler’s storage',
    config('ruler_storage', { backend: 's3' }),
    'config.ruler_storage is {"backend":"s3"}: remove it; Loki accepts and ignores it beside ruler.storage; call addRules()',
  ],
  [
    'an Alertmanager that is no URL',
    config('ruler', { alertmanager_url: '::bad' }),
    'config.ruler.alertmanager_url is "::bad": remove it; call addAlertmanager()',
  ],
  [
    'the old form of remote write',
    config('ruler', { remote_write: { client: {} } }),
    'config.ruler.remote_write is {"client":{}}: remove it; call addRemoteWrite()',
  ],
  [
    'invented names of services',
    config('limits_config', { discover_service_name: ['app'] }),
    'config.limits_config.discover_service_name is ["app"]: remove it; write the prop indexLabels',
  ],
  [
    'an index label for each pod',
    { indexLabels: { resource: ['service.name', 'k8s.pod.name'] } },
    'indexLabels is "k8s.pod.name": leave it out: each value would be a stream of its own; as structured metadata it can ' +
      'be queried too',
  ],
  [
    'no index label',
    { indexLabels: { resource: [] } },
    'indexLabels.resource is []: name an attribute: Loki refuses a line without an index label',
  ],
  [
    'more index labels than a stream may have',
    { indexLabels: { resource: Array.from({ length: 20 }, (_, n) => `label_${n}`) } },
    'indexLabels is 22: name at most 15 attributes',
  ],
  [
    'several replicas without a bucket',
    { mode: 'replicated' },
    'mode is "replicated": name a bucket in objectStorage: with volumes, each replica would have a part of the lines',
  ],
  [
    'several replicas of a monolithic Loki',
    { pod: { replicas: 3 } },
    'pod.replicas is 3: write the prop mode: monolithic has one replica, and replicated three',
  ],
  [
    'several compactors',
    { mode: 'distributed', objectStorage: S3, roles: { compactor: { replicas: 2 } } },
    'roles.compactor.replicas is 2: two compactors would delete under each other: leave it out, and raise resources instead',
  ],
  [
    'fewer ingesters than copies of a line',
    { mode: 'distributed', objectStorage: S3, roles: { ingester: { replicas: 2 } } },
    'roles.ingester.replicas is 2: write at least 3: each line is in three ingesters',
  ],
  [
    'fewer zones than copies of a line',
    { mode: 'distributed', objectStorage: S3, zones: ['a', 'b'] },
    'zones is ["a","b"]: name three zones: each line is kept in three of them',
  ],
  [
    'zones of replicas',
    { objectStorage: S3, zones: ['a', 'b', 'c'] },
    'zones is ["a","b","c"]: leave it out: replicated spreads its replicas over zones without it',
  ],
  [
    'components of one process',
    { roles: { querier: {} } },
    'roles is ["querier"]: leave it out: monolithic has one component; write pod',
  ],
  [
    'replicas of every component',
    { mode: 'distributed', objectStorage: S3, pod: { replicas: 5 } },
    'pod.replicas is 5: write the replicas of a component, e.g. roles.querier.replicas',
  ],
  [
    'keys in the settings',
    config('storage_config', { aws: { s3: 's3://id:secret@eu-central-1/logs' } }),
    'config.storage_config.aws is {"s3":"s3://id:secret@eu-central-1/logs"}: remove it; write the prop objectStorage',
  ],
  [
    'a password in the settings',
    config('chunk_store_config', { chunk_cache_config: { redis: { password: 'hunter2' } } }),
    'config.chunk_store_config.chunk_cache_config.redis.password is "(hidden)": the manifest would show it; write the ' +
      'field that names a file, with a key of a Secret',
  ],
  [
    'a password in a URL',
    config('frontend', { downstream_url: 'http://user:hunter2@loki:3100' }),
    'config.frontend.downstream_url is "(hidden)": remove the password from the URL; write basic_auth.password_file',
  ],
  [
    'keys in the prop',
    {
      objectStorage: {
        ...S3,
        access: { kind: 'keys', accessKeyId: 'AKIA', secretAccessKey: secret('secret') } as unknown as S3Access,
      },
    },
    'objectStorage.access.accessKeyId is "(hidden)": the manifest would show it; write a key of a Secret: { credentials, key }',
  ],
  [
    'a query that lives longer than its connection',
    config('limits_config', { query_timeout: '30m' }),
    'config.limits_config.query_timeout is "30m": remove it; write limits.queryTimeoutSeconds, which sets the HTTP timeouts too',
  ],
  [
    'a switch of deleting that does nothing',
    config('limits_config', { allow_deletes: true }),
    'config.limits_config.allow_deletes is true: remove it; Loki accepts and ignores it; write limits_config.deletion_mode',
  ],
  [
    'a schema that begins in the future',
    config('schema_config', { configs: [] }),
    'config.schema_config is {"configs":[]}: remove it; the construct writes schema v13, which retention and structured ' +
      'metadata need',
  ],
  [
    'reports to the vendor',
    config('analytics', { reporting_enabled: true }),
    'config.analytics is {"reporting_enabled":true}: remove it; Loki must not phone home',
  ],
  [
    'a web interface',
    config('ui', { enabled: true }),
    'config.ui is {"enabled":true}: remove it; the image has no web interface: use Grafana',
  ],
  [
    'too many lines for one process',
    { gigabytesPerDay: 80, retention: { days: 1 } },
    "gigabytesPerDay is 80: monolithic carries at most 50 GB a day; write mode: 'replicated'",
  ],
  [
    'too many lines for three',
    { gigabytesPerDay: 400, objectStorage: S3 },
    "gigabytesPerDay is 400: replicated carries at most 300 GB a day; write mode: 'distributed'",
  ],
  ['no lines', { gigabytesPerDay: 0 }, 'gigabytesPerDay is 0: write a number greater than zero'],
  [
    'a volume that fills up',
    { gigabytesPerDay: 10, storageSize: '20Gi' },
    'storageSize is "20Gi": 10 GB a day, kept for 31 days, need 130Gi; give the volume that much, lower retention.days, or ' +
      'name a bucket in objectStorage',
  ],
  ['a limit of nothing', { limits: { streams: 0 } }, 'limits.streams is 0: write a whole number greater than zero'],
  [
    'an unknown mode',
    { mode: 'simple-scalable' },
    'mode is "simple-scalable": write one of monolithic, replicated, distributed',
  ],
  [
    'a link to nowhere',
    { grafanaUrl: 'grafana' },
    'grafanaUrl is "grafana": write a URL, e.g. https://grafana.example.com',
  ],
];

describe('LokiStack refuses', () => {
  test.each(TRAPS)('%s', (_what, props, message) => {
    expect(messageOf(props)).toBe(message);
  });

  test('a second mount at the temporary directory', () => {
    const source = () => ({ emptyDir: {} });
    const { chart } = stack({ pod: { mounts: [{ name: 'mine', path: '/tmp', source }] } });
    expect(synthError(chart)).toContain('duplicate mount path "/tmp" of loki: change one of them');
  });

  test('an endpoint that speaks another protocol', () => {
    const redis = Endpoint.host('redis.example.com', 6379, 'redis');
    const { loki } = stack();
    const scheme = 'is "redis://redis.example.com:6379": the scheme of the endpoint must be';
    expect(settingError(() => loki.addAlertmanager(redis)).message).toBe(`addAlertmanager ${scheme} http or https`);
    expect(settingError(() => loki.addRemoteWrite(redis)).message).toBe(`addRemoteWrite ${scheme} http or https`);
    expect(messageOf({ caches: { chunks: redis } })).toBe(`caches.chunks ${scheme} memcached`);
    expect(messageOf({ objectStorage: { ...S3, server: redis } })).toBe(`objectStorage.server ${scheme} http or https`);
  });

  test('the same receiver twice', () => {
    const { loki } = stack();
    const server = Endpoint.host('alerts.example.com');
    for (const add of [() => loki.addAlertmanager(server), () => loki.addRemoteWrite(server)]) {
      add();
      expect(add).toThrow(expect.objectContaining({ name: 'DuplicateNameError' }));
    }
  });

  test('a bucket that cannot be one', () => {
    expect(messageOf({ objectStorage: { ...S3, kind: 'swift' } })).toBe(
      'objectStorage.kind is "swift": write one of s3, gcs, azure',
    );
    expect(messageOf({ objectStorage: { ...S3, bucket: 's3://logs' } })).toBe(
      'objectStorage.bucket is "s3://logs": write letters, digits, dots, dashes and underscores',
    );
    expect(messageOf({ objectStorage: { ...S3, access: { kind: 'password' } } })).toBe(
      'objectStorage.access.kind is "password": write one of role, pod-identity, keys',
    );
    expect(messageOf({ objectStorage: { ...S3, access: { kind: 'role', arn: 'loki' } } })).toBe(
      'objectStorage.access.arn is "loki": write a role, arn:aws:iam::<account>:role/<name>',
    );
    expect(messageOf({ objectStorage: { ...S3, cidrs: [] } })).toBe(
      'objectStorage.cidrs is []: name a range: an empty list would allow every address',
    );
  });
});

describe('the fields that deleting needs', () => {
  const retention = {
    days: 31,
    streams: [
      { selector: '{stream="security"}', days: 365 },
      { selector: '{level="debug", app=~`shop.*`}', days: 7 },
    ],
  };
  const { limits_config, compactor } = configOf({ retention });

  test('are written together', () => {
    expect(compactor).toMatchObject({ retention_enabled: true, delete_request_store: 'filesystem' });
    expect(limits_config.retention_period).toBe('744h');
  });

  test('let queries see the lines that are kept longest', () => {
    expect(limits_config.max_query_lookback).toBe('8760h');
    expect(limits_config.max_query_length).toBe('8761h');
  });

  test('give the first selector that matches the highest priority', () => {
    expect(limits_config.retention_stream).toEqual([
      { selector: '{stream="security"}', priority: 2, period: '8760h' },
      { selector: '{level="debug", app=~`shop.*`}', priority: 1, period: '168h' },
    ]);
  });

  test('do not open an API that deletes lines', () => {
    expect(limits_config.deletion_mode).toBe('disabled');
    expect(
      configOf({ config: { limits_config: { deletion_mode: 'filter-and-delete' } } }).limits_config.deletion_mode,
    ).toBe('filter-and-delete');
  });

  test('name the bucket where there is one', () => {
    expect(configOf({ objectStorage: S3 }).compactor.delete_request_store).toBe('s3');
  });
});

describe('index labels', () => {
  const { otlp_config, discover_service_name } = configOf().limits_config;

  test('are those that are named, without the defaults of Loki', () => {
    expect(discover_service_name).toEqual([]);
    expect(otlp_config.resource_attributes.ignore_defaults).toBe(true);
    expect(otlp_config.resource_attributes.attributes_config[0]).toEqual({
      action: 'index_label',
      attributes: ['service.name', 'cluster', 'namespace', 'app', 'component', 'container'],
    });
    expect(otlp_config.log_attributes).toEqual([{ action: 'index_label', attributes: ['level', 'stream'] }]);
  });

  test.each([
    'service.instance.id',
    'container.id',
    'trace_id',
    'user.id',
    'enduser.id',
    'client.address',
    'source_ip',
    'url.path',
    'pod',
    'session_id',
  ])('do not include %s', (attribute) => {
    expect(messageOf({ indexLabels: { log: [attribute] } })).toContain('each value would be a stream of its own');
  });

  test.each(['deployment.environment', 'k8s.namespace.name', 'k8s.deployment.name', 'log_type'])(
    'may include %s',
    (attribute) => {
      expect(() => stack({ indexLabels: { log: [attribute] } })).not.toThrow();
    },
  );
});

const RULE: LokiRule = { alert: 'Fails', expr: 'sum(count_over_time({app="shop"} |= "failed" [5m])) > 0' };
const rulesWith = (rule: object): LokiRules => ({
  groups: [{ name: 'shop', rules: [{ ...RULE, ...rule } as LokiRule] }],
});

describe('a file of rules', () => {
  const added = (rules: unknown) =>
    settingError(() => stack().loki.addRules('shop', rules as LokiRules)).message.replace(/^rules shop/, '…');

  test.each<[string, unknown, string]>([
    [
      'keep_firing_for, which the ruler drops',
      rulesWith({ keep_firing_for: '15m' }),
      '….shop.Fails.keep_firing_for is "15m": the ruler drops it without an error; hold the alert with a longer range in expr',
    ],
    [
      'query_offset, which the ruler drops',
      { groups: [{ name: 'shop', query_offset: '1m', rules: [RULE] }] },
      '….shop.query_offset is "1m": the ruler drops it without an error; write offset in expr',
    ],
    [
      'labels of a group, which the ruler drops',
      { groups: [{ name: 'shop', labels: { team: 'shop' }, rules: [RULE] }] },
      '….shop.labels is {"team":"shop"}: the ruler drops it without an error; write labels in each rule',
    ],
    [
      'a field that the ruler does not know: no rule of any file would load',
      rulesWith({ severity: 'high' }),
      '….shop.Fails.severity is "high": remove it; write alert, record, expr, for, labels, annotations',
    ],
    ['a field beside the groups', { groups: [], namespace: 'x' }, '….namespace is "x": remove it; write groups'],
    ['no groups', {}, '….groups is not set: write a list of groups'],
    [
      'a group twice',
      {
        groups: [
          { name: 'a', rules: [] },
          { name: 'a', rules: [] },
        ],
      },
      '….groups.name is "a": rename it: the names of a file are unique',
    ],
    ['a group without a name', { groups: [{ rules: [] }] }, '….groups.name is not set: name the group'],
    [
      'an invalid interval',
      { groups: [{ name: 'a', interval: 'often', rules: [] }] },
      '….a.interval is "often": write a duration, e.g. 30s, 5m or 1h30m',
    ],
    [
      'an invalid time',
      rulesWith({ for: 'long' }),
      '….shop.Fails.for is "long": write a duration, e.g. 30s, 5m or 1h30m',
    ],
    [
      'an invalid name of a series',
      rulesWith({ alert: undefined, record: 'a b' }),
      '….shop.a b.record is "a b": write the name of a series: letters, digits, _ and :',
    ],
    [
      'a limit of a group, which loses every alert of a rule',
      { groups: [{ name: 'shop', limit: 10, rules: [RULE] }] },
      '….shop.limit is 10: leave it out: a rule with more alerts fails, and its alerts are gone; bound its expr with topk(50, …)',
    ],
    [
      'LogQL that does not parse: no rule of any file would load',
      rulesWith({ expr: 'sum(rate({app="a"}[1m])' }),
      '….shop.Fails.expr is "sum(rate({app=\\"a\\"}[1m])": expr does not parse at "the end of the expression": fix the LogQL',
    ],
    [
      'a regular expression that the ruler cannot compile',
      rulesWith({ expr: 'count_over_time({app="a"} |~ `(?!b)` [1m])' }),
      expect.stringContaining('has a regular expression that RE2 refuses'),
    ],
    [
      'a query of lines',
      rulesWith({ expr: '{app="a"} |= "failed"' }),
      expect.stringContaining('reads lines, and a rule needs numbers'),
    ],
    ['an empty expression', rulesWith({ expr: ' ' }), '….shop.Fails.expr is " ": write a metric query in LogQL'],
    [
      'an empty selector',
      rulesWith({ expr: 'count_over_time({}[1m])' }),
      '….shop.Fails.expr is "count_over_time({}[1m])": name a label in the selector: Loki refuses an empty one',
    ],
    [
      'urldecode, which a damaged URL stops',
      rulesWith({ expr: 'count_over_time({app="a"} | label_format u=`{{ urldecode .uri }}` [1m])' }),
      '….shop.Fails.expr is "count_over_time({app=\\"a\\"} | label_format u=`{{ urldecode .uri }}` [1m])": a URL with %zz stops the rule, or hides the line; write regexReplaceAll and replace',
    ],
  ])('is refused with %s', (_what, rules, message) => {
    expect(added(rules)).toEqual(message);
  });

  test('is refused with a rule that alerts and records, or neither', () => {
    expect(added(rulesWith({ record: 'a' }))).toMatch(/^….shop.Fails is .*: write either alert or record$/);
    expect(added(rulesWith({ alert: undefined }))).toMatch(/: write either alert or record$/);
  });

  test.each(['| json [5m]', '| json | result="failure" [5m]', '|json[5m]'])(
    'is refused with "%s", which one damaged line stops',
    (pipeline) => {
      expect(added(rulesWith({ expr: `sum(count_over_time({app="a"} ${pipeline})) > 1` }))).toContain(
        'name the fields, e.g. json address="source_ip"',
      );
    },
  );

  test.each(['| json result="result" | result="failure" [5m]', '|= "| json |" [5m]', '|= `| json [5m]` [5m]'])(
    'is taken with "%s"',
    (pipeline) => {
      expect(() =>
        stack().loki.addRules('shop', rulesWith({ expr: `sum(count_over_time({app="a"} ${pipeline})) > 1` })),
      ).not.toThrow();
    },
  );

  test('is mounted in the folder of its tenant, never at the root', () => {
    const paths = (props: LokiStackProps, tenant?: string) => {
      const { loki, manifests } = stack(props);
      loki.addRules('shop', rulesWith({}), { tenant });
      const set = manifests().find(({ kind }) => kind === 'StatefulSet')!;
      const mounts: { name: string; mountPath: string }[] = set.spec.template.spec.containers[0].volumeMounts;
      const volumes: { name: string; configMap?: object }[] = set.spec.template.spec.volumes;
      return mounts
        .filter(({ name }) => volumes.some((volume) => volume.name === name && volume.configMap))
        .map(({ mountPath }) => mountPath)
        .filter((path) => path.startsWith('/etc/loki/rules'));
    };
    expect(paths({})).toEqual(['/etc/loki/rules/fake']);
    expect(paths({ multiTenancy: true }, 'shop')).toEqual(['/etc/loki/rules/shop']);
  });

  test('names a tenant if there are several, and only then', () => {
    const add = (props: LokiStackProps, tenant?: string) =>
      settingError(() => stack(props).loki.addRules('shop', rulesWith({}), { tenant })).message;
    expect(add({ multiTenancy: true })).toBe('tenant is not set: name the tenant whose lines the rules read');
    expect(add({}, 'shop')).toBe('tenant is "shop": leave it out, or write multiTenancy: true; there is one tenant');
  });

  test('is YAML or an object, once', () => {
    const { loki, manifests } = stack();
    loki.addRules(
      'shop',
      'groups: [{ name: shop, rules: [{ record: "shop:lines", expr: \'count_over_time({app="a"}[1m])\' }] }]',
    );
    expect(() => loki.addRules('shop', rulesWith({}))).toThrow(expect.objectContaining({ name: 'DuplicateNameError' }));
    const configMap = manifests().find(({ metadata }) => metadata.name === 'loki-rules-shop')!;
    expect(configMap.data['shop.yaml']).toContain('record: shop:lines');
  });
});

test('no manifest shows a secret', () => {
  const credentials = new Credentials('prometheus');
  const { loki, manifests } = stack({ config: { frontend: { tls_ca_file: { credentials, key: 'ca.crt' } } } });
  loki.addRemoteWrite(Endpoint.host('mimir.example.com'), {
    path: '/api/v1/push',
    config: { basic_auth: { username: 'loki', password_file: { credentials, key: 'password' } } },
  });
  const text = JSON.stringify(manifests());
  expect(text).toContain('/etc/loki/secrets/prometheus/ca.crt');
  expect(text).toContain('password_file: /etc/loki/ruler-secrets/prometheus/password');
  const secretIn = () =>
    loki.addRemoteWrite(Endpoint.host('other.example.com'), {
      config: { basic_auth: { username: 'loki', password: 'hunter2' } as object },
    });
  expect(settingError(secretIn).message).toContain('the manifest would show it');
});
