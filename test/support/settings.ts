import { App } from 'cdk8s';
import * as fc from 'fast-check';
import { addSightEditMonitoring, type MonitoringInput, type Profile, resolveSettings } from '../../charts';
import { DuplicateNameError, SettingError } from '../../constructs';
import type { Manifest } from '../../testing/manifests';

/** Settings that the program accepts, and what it writes for them. */
export interface Accepted {
  readonly input: MonitoringInput;
  readonly manifests: readonly Manifest[];
}

/**
 * Generated settings that the program accepts. Each value is now and then one that some server would refuse.
 *
 * @param wanted how many
 */
export function* acceptedSettings(wanted: number): Generator<Accepted> {
  let found = 0;
  for (const [input, profile] of fc.sample(fc.tuple(SETTINGS, PROFILE), { seed: 20_261_130, numRuns: 20 * wanted })) {
    const manifests = synthesized(input, profile);
    if (manifests) {
      yield { input, manifests };
      found += 1;
    }
    if (found === wanted) {
      return;
    }
  }
  throw new Error(`only ${found} of ${20 * wanted} generated settings are accepted, expected ${wanted}`);
}

/** The objects for some settings, or `undefined` if they are refused. @throws any other error */
function synthesized(input: MonitoringInput, profile: Profile): readonly Manifest[] | undefined {
  try {
    const app = new App();
    addSightEditMonitoring(app, 'sightedit', resolveSettings(input, profile));
    return app.charts.flatMap((chart) => chart.toJson() as Manifest[]);
  } catch (error) {
    if (error instanceof SettingError || error instanceof DuplicateNameError) {
      return undefined;
    }
    throw error;
  }
}

/** Mostly one of the first values, now and then one of the others. */
const mostly = <T>(usual: readonly T[], odd: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 100, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

const PROFILE: fc.Arbitrary<Profile> = fc.constantFrom('production', 'dev');

/** Text in YAML, Prometheus, templates and JSON: what each of them may read as something else. */
const LABEL = fc.oneof(
  fc.constantFrom('prod$eu-1', '$HOME', '${POD_NAME}', '$$', '{{ .x }}', '"q"', "it's", 'a: b', '# no', 'null', 'yes'),
  fc.constantFrom(
    '1e3',
    '0x1F',
    '~',
    '-',
    '?',
    '@',
    '%',
    '!tag',
    '*alias',
    '&anchor',
    'a\\b',
    'ü',
    '日本',
    '🙂',
    'eu 1',
  ),
  mostly(['eu-1'], ['', ' ', 'a\nb', '\u0007', '\ud800']),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
);

const CIDR = mostly(
  [
    '10.0.0.0/8',
    '192.168.7.1/32',
    '203.0.113.0/24',
    '0.0.0.0/0',
    'fd00::/8',
    '2001:db8::1/128',
    '::/0',
    '2001:DB8::/32',
  ],
  ['10.1.2.3/8', '10.0.0.0/33', '10.0.0.1', 'fd00::1/8', '010.0.0.0/8', '::ffff:10.0.0.0/104', 'fe80::%eth0/64', ''],
);
const CIDRS = fc.array(CIDR, { minLength: 1, maxLength: 3 });

const URL_TEXT = mostly(
  [
    'http://localhost:3000',
    'https://grafana.example.com',
    'https://grafana.example.com/monitoring/',
    'https://example.com/a?b=c&d=$e#f',
    'https://[2001:db8::1]:8443/x',
    'https://bücher.example/ä',
    "https://example.com/it's(a)~path;x=1,2",
    'https://example.com/%7B%7B',
    'https://example.com/{{x}}',
    'https://EXAMPLE.com',
  ],
  ['grafana.example.com', 'ftp://example.com', 'https://a:b@example.com', 'https://exa mple.com', 'https://', '//x'],
);

const PROBED = fc.oneof(
  mostly(
    ['https://api.example.com/health', 'https://api.example.com/x?y=z&u=a%20b', 'https://bücher.example/'],
    ['http://api.example.com', 'https://shop.shop.svc/health'],
  ),
  fc.record({ url: fc.constantFrom('https://shop.internal/health', 'https://[fd00::7]/health'), cidrs: CIDRS }),
);

const SLACK_CHANNEL = mostly(
  ['#alerts', 'alerts', 'C024BE91L', '@oncall', '#größe', '#{{ .CommonLabels.team }}'],
  ['#our alerts', '', '#a,#b'],
);
const EMAIL = mostly(
  ['oncall@example.com', 'a+b@example.com', 'On call <oncall@example.com>', '{{ .CommonLabels.owner }}@example.com'],
  ['oncall', 'a@b, c@d', ''],
);
const RECIPIENTS = fc.record({
  slack: fc.array(SLACK_CHANNEL, { minLength: 1, maxLength: 2 }),
  email: fc.option(fc.array(EMAIL, { minLength: 1, maxLength: 2 }), { nil: undefined }),
  pagerDuty: fc.option(fc.constantFrom('critical', 'error', 'warning', 'info'), { nil: undefined }),
  sms: fc.boolean(),
  webhook: fc.boolean(),
});
const DURATION = mostly(['30s', '5m', '1h30m', '1d', '1w2d'], ['0s', '5', '1h 30m', '', '-1m', '1.5h']);
const LEVEL = RECIPIENTS.chain((recipients) =>
  fc.record({
    answerWithinMinutes: fc.option(mostly([0, 5, 45, 3000], [-1, Number.NaN]), { nil: undefined }),
    timing: fc.option(fc.record({ group_wait: DURATION, repeat_interval: DURATION }), { nil: undefined }),
    ...Object.fromEntries(Object.entries(recipients).map(([name, value]) => [name, fc.constant(value)])),
  }),
);
const TEAM = fc.record({
  slack: fc.array(SLACK_CHANNEL, { minLength: 1, maxLength: 2 }),
  email: fc.option(fc.array(EMAIL, { minLength: 1, maxLength: 1 }), { nil: undefined }),
  pagerDuty: mostly([undefined], ['error' as const]),
  businessHoursOnly: fc.boolean(),
});

const TIME = mostly(['00:00', '06:00', '09:30', '17:00', '22:15', '23:59'], ['24:00', '9:00', '12:60', '7am']);
const ZONES = Intl.supportedValuesOf('timeZone');
const HOURS = fc.record({
  start: TIME,
  end: mostly(['00:00', '05:45', '12:00', '18:00', '24:00'], ['9:00', '25:00']),
  timeZone: fc.oneof(
    fc.constantFrom(...ZONES),
    mostly(['UTC', 'US/Eastern', 'Asia/Kolkata'], ['Berlin', '+01:00', '']),
  ),
});

const CHANNELS = fc.record({
  slack: fc.constant({ kind: 'app' } as const),
  email: fc.record({
    smarthost: mostly(
      ['smtp.example.com:587', '[2001:db8::25]:25', '192.0.2.25:465'],
      ['smtp.example.com', 'a:b', '::1:25'],
    ),
    from: EMAIL,
    username: fc.option(fc.constantFrom('monitoring', 'DOMAIN\\user', 'a:b@c'), { nil: undefined }),
    cidrs: fc.constant(['192.0.2.0/24', '2001:db8::/32']),
  }),
  pagerDuty: fc.constant({}),
  sms: fc.constantFrom(
    { kind: 'gateway' } as const,
    {
      kind: 'sns',
      topicArn: 'arn:aws-cn:sns:cn-north-1:111122223333:alerts.fifo',
      region: 'cn-north-1',
      roleArn: 'arn:aws-cn:iam::111122223333:role/path/alertmanager',
    } as const,
  ),
  webhook: fc.record({ maxAlerts: fc.option(mostly([1, 50], [0, 1.5]), { nil: undefined }) }),
});

const LIMITS = fc.record(
  {
    sample_limit: mostly([0, 1000, 500_000], [-1]),
    target_limit: mostly([0, 2000], [0.5]),
    label_limit: fc.constantFrom(0, 60),
    body_size_limit: mostly(['0', '50MB', '1GiB', '512KB'], ['50', '50 MB', 'big']),
    jobs: fc.constantFrom({}, { kubelet: { sample_limit: 200_000 } }, { cadvisor: { body_size_limit: '200MB' } }),
  },
  { requiredKeys: [] },
);

/** Few namespaces, so that an API server has few objects to look at. */
const NAMESPACE = mostly(['sightedit-monitoring', 'watch'], ['Watch', 'a'.repeat(64), '-x']);

const SETTINGS: fc.Arbitrary<MonitoringInput> = fc.record({
  cluster: LABEL,
  environment: LABEL,
  region: LABEL,
  platform: fc.constantFrom('eks', 'gke', 'aks', 'kubeadm'),
  namespace: NAMESPACE,
  partOf: mostly(['sightedit-monitoring', 'Our_platform.v2'], ['our platform', '-x', 'x'.repeat(64)]),
  storageClass: mostly([undefined, 'fast', 'fast.ssd-1'], ['Fast Class', '-x']),
  application: fc.record({
    probedUrls: fc.array(PROBED, { minLength: 1, maxLength: 3 }),
    database: mostly(['sightedit_production', 'shop'], ['my-db', 'Shop']),
    admit: fc.boolean(),
  }),
  links: fc.record({ grafana: URL_TEXT, prometheus: URL_TEXT, alertmanager: URL_TEXT, runbooks: URL_TEXT }),
  metrics: fc.record({
    replicas: mostly([1, 2, 3], [0, 1.5]),
    intervalSeconds: mostly([5, 15, 30, 60, 75], [0, 76, 120, 300]),
    retentionDays: mostly([1, 7, 30], [0, 1.5]),
    activeSeries: mostly([50_000, 1_000_000], [0]),
    limits: LIMITS,
    keep: fc.constantFrom('all' as const, []),
  }),
  alerting: fc.record({
    replicas: mostly([1, 2, 3, 5], [0]),
    activeAlerts: mostly([1, 2000, 100_000], [0, 0.5]),
    channels: CHANNELS,
    levels: fc.record({ critical: LEVEL, high: LEVEL, medium: LEVEL, low: LEVEL }),
    teams: fc.record({ business: TEAM, database: TEAM, security: TEAM }, { requiredKeys: [] }),
    businessHours: HOURS,
    deadMansSwitch: fc.option(fc.constant({}), { nil: undefined }),
    privateReceivers: fc.array(fc.record({ cidrs: CIDRS, port: mostly([443, 8443], [0, 70_000]) }), { maxLength: 2 }),
  }),
  remediation: fc.record({
    replicas: mostly([1, 2], [0]),
    slackChannel: fc.option(SLACK_CHANNEL, { nil: undefined }),
    maxReplicas: mostly([5, 20], [0]),
    neverBlock: fc.array(CIDR, { maxLength: 2 }),
    loadBalancers: mostly([[], ['203.0.113.10/32'], ['2001:db8:10::/64']], [undefined]),
  }),
  network: fc.record({
    policies: fc.constantFrom('kubernetes', 'cilium', 'none'),
    ipFamilies: mostly(
      [
        ['IPv4', 'IPv6'],
        ['IPv6', 'IPv4'],
      ],
      [[], ['IPv4', 'IPv4']],
    ),
    nodeCidrs: CIDRS,
    apiCidrs: CIDRS,
  }),
  credentials: fc.record({ secretName: mostly(['monitoring-credentials', 'a.b-c'], ['My Secret', 'a_b']) }),
}) as fc.Arbitrary<MonitoringInput>;
