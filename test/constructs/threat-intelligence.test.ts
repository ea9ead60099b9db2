import { type ThreatFeed, ThreatIntelligence, type ThreatIntelligenceProps, type ThreatLevel } from '../../constructs';
import type { ThreatsConfiguration } from '../../remediation/threats/configuration';
import { configFiles } from '../../testing/manifests';
import { containerOf, find, manifestsOf, NAMESPACE, testChart } from '../../testing/render';
import { testProps } from '../support/props';

// The program changes with every line of it: the snapshots do without.
jest.mock('../../constructs/remediation-webhook/bundle', () => ({
  ...jest.requireActual('../../constructs/remediation-webhook/bundle'),
  bundledThreats: () => 'console.log("the programs");\n',
}));

const FEED: ThreatFeed = { name: 'botnet', url: 'https://feeds.example.com/addresses.txt' };

const rendered = (props: Partial<ThreatIntelligenceProps> = {}) => {
  const chart = testChart();
  new ThreatIntelligence(chart, 'threats', { feeds: [FEED], ...props });
  return manifestsOf(chart);
};
type Manifests = ReturnType<typeof rendered>;
const configuration = (manifests: Manifests): ThreatsConfiguration =>
  JSON.parse(configFiles(manifests, 'threat-intelligence-config')['threats.json']!);

describe('ThreatIntelligence', () => {
  testProps<ThreatIntelligenceProps>({
    make: (scope, props) => new ThreatIntelligence(scope, 'threats', props),
    minimal: () => ({ feeds: [FEED] }),
    full: () => ({
      name: 'spies',
      feeds: [
        {
          name: 'own',
          url: 'http://10.1.2.3:8000/stix.json',
          format: 'stix',
          level: 'critical',
          cidrs: ['10.1.2.0/24'],
        },
      ],
      schedule: '@daily',
      limits: { entries: 777 },
      storageSize: '3Gi',
      storageClass: 'fast',
      pod: { priorityClassName: 'spies-first' },
    }),
    traces: {
      name: 'name: spies',
      feeds: '"level": "critical"',
      schedule: 'schedule: @daily',
      limits: '"entries": 777',
      storageSize: 'storage: 3Gi',
      storageClass: 'storageClassName: fast',
      pod: 'priorityClassName: spies-first',
    },
  });

  test('has programs that fit into one object', () => {
    const { buildThreats } = jest.requireActual('../../constructs/remediation-webhook/bundle');
    expect(Buffer.byteLength(JSON.stringify(buildThreats().code))).toBeLessThan(150_000);
  });

  describe('keeps apart', () => {
    const manifests = rendered();
    const policy = (name: string) => find(manifests, 'NetworkPolicy', name).spec;
    const portsOf = (rules: { ports: { port: number }[] }[]) =>
      rules.flatMap(({ ports }) => ports.map(({ port }) => port));

    test('the server, which reaches nothing but DNS', () => {
      expect(portsOf(policy('threat-intelligence').egress)).toEqual([53, 53]);
    });

    test('the job, which nobody reaches, and which reaches the Internet and the port for feeds', () => {
      const { ingress, egress } = policy('threat-intelligence-update');
      expect(ingress).toEqual([]);
      expect(portsOf(egress)).toEqual([53, 53, 443, 8081]);
      expect(JSON.stringify(egress)).toContain('169.254.0.0/16');
    });

    test('the port for feeds, which the job alone reaches', () => {
      const [rule, ...others] = policy('threat-intelligence').ingress;
      expect(others).toEqual([]);
      expect(rule).toMatchObject({
        ports: [{ port: 8081 }],
        from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': 'threat-intelligence-update' } } }],
      });
    });

    test('the programs, which have no rights in Kubernetes', () => {
      const job = find(manifests, 'CronJob', 'threat-intelligence-update').spec;
      const { spec } = job.jobTemplate.spec.template;
      expect(spec).toMatchObject({
        automountServiceAccountToken: false,
        restartPolicy: 'Never',
        securityContext: { runAsNonRoot: true },
        containers: [{ securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } } }],
      });
      expect(job).toMatchObject({ concurrencyPolicy: 'Forbid', schedule: '17 * * * *', timeZone: 'Etc/UTC' });
      expect(containerOf(manifests, 'threat-intelligence').args).toContain('serve');
      expect(spec.containers[0].args).toContain('update');
    });
  });

  test('fills in the defaults of feeds and limits', () => {
    expect(configuration(rendered())).toEqual({
      feeds: [{ ...FEED, format: 'list', level: 'medium' }],
      limits: { bytes: 8_388_608, entries: 200_000, seconds: 60 },
      directory: '/var/lib/threat-intelligence',
      ports: { lookup: 8080, feeds: 8081 },
      server: `http://threat-intelligence.${NAMESPACE}.svc:8081`,
    });
  });

  test.each<[string, Partial<ThreatIntelligenceProps>]>([
    ['feeds is []: name a feed, or leave the construct out', { feeds: [] }],
    ['duplicate feed name "botnet": rename one of them', { feeds: [FEED, FEED] }],
    [
      'feeds.name is "My Feed": write at most 40 lower-case letters, digits and dashes, and begin with a letter',
      { feeds: [{ ...FEED, name: 'My Feed' }] },
    ],
    [
      'feeds.url is "http://feeds.example.com/a": write https://: on the way, anybody could change what plain text says; ' +
        'or cidrs, for your own network',
      { feeds: [{ ...FEED, url: 'http://feeds.example.com/a' }] },
    ],
    [
      'feeds.url is "https://feeds.internal/a": feeds.internal is a private address, and only the Internet would be ' +
        'reached; name its ranges in cidrs',
      { feeds: [{ ...FEED, url: 'https://feeds.internal/a' }] },
    ],
    ['feeds.format is "csv": write one of list, stix', { feeds: [{ ...FEED, format: 'csv' as 'list' }] }],
    [
      'feeds.level is "severe": write one of low, medium, high, critical',
      { feeds: [{ ...FEED, level: 'severe' as ThreatLevel }] },
    ],
    ['limits.bytes is 0: write a whole number greater than zero', { limits: { bytes: 0 } }],
    ['schedule is "hourly": write a schedule of cron, e.g. \'17 * * * *\' for every hour', { schedule: 'hourly' }],
    ['schedule is "* * * *": write a schedule of cron, e.g. \'17 * * * *\' for every hour', { schedule: '* * * *' }],
  ])('refuses: %s', (message, props) => {
    expect(() => rendered(props)).toThrow(message);
  });
});
