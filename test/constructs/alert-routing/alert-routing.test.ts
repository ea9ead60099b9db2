import { AlertRouting, type AlertRoutingProps, Credentials, Endpoint } from '../../../constructs';
import { containerOf, find, findAll, NAMESPACE, podOf } from '../../../testing/render';
import { testProps } from '../../support/props';
import { selected } from '../kit/sample';
import { config, EVERY_CHANNEL, EVERY_WAY, EVERYBODY, PROPS, rendered } from './sample';

describe('AlertRouting', () => {
  testProps<AlertRoutingProps, 'storage'>({
    make: (scope, props) => new AlertRouting(scope, 'alertmanager', props),
    minimal: PROPS,
    full: () => ({
      name: 'notifier',
      externalUrl: 'https://notifier.example.com',
      replicas: 2,
      activeAlerts: 50_000,
      storageSize: '4Gi',
      storageClass: 'fast',
      credentials: new Credentials('notifier-credentials'),
      channels: EVERY_CHANNEL,
      levels: { ...EVERYBODY, critical: EVERY_WAY },
      teams: { database: { slack: ['#dba'] }, business: { email: ['business@example.com'], businessHoursOnly: true } },
      fallback: { slack: ['#fallback'] },
      privateReceivers: [{ cidrs: ['10.20.0.0/16'], port: 8443 }],
      deadMansSwitch: { urlKey: 'LISTENER_URL' },
      businessHours: { start: '08:00', end: '16:00', timeZone: 'Europe/Berlin' },
      inhibitions: [{ source: 'DemoDown', targets: ['DemoSlow'], equal: ['instance'] }],
      tracing: Endpoint.host('traces.example.com', 4318, 'http', ['10.30.0.0/16']),
      pod: { priorityClassName: 'alerts-first' },
      config: { global: { telegram_api_url: 'https://telegram.example.com' } },
    }),
    traces: {
      name: 'name: notifier',
      externalUrl: '--web.external-url=https://notifier.example.com',
      replicas: 'replicas: 2',
      activeAlerts: 'memory: 640Mi',
      storageSize: 'storage: 4Gi',
      storageClass: 'storageClassName: fast',
      credentials: 'secretName: notifier-credentials',
      channels: 'smtp_smarthost: smtp.example.com:587',
      levels: 'to: oncall@example.com',
      teams: "channel: '#dba'",
      fallback: "channel: '#fallback'",
      privateReceivers: 'cidr: 10.20.0.0/16',
      deadMansSwitch: 'url_file: /etc/alertmanager/credentials/LISTENER_URL',
      businessHours: 'location: Europe/Berlin',
      inhibitions: 'name: DemoDown',
      tracing: 'endpoint: traces.example.com:4318',
      pod: 'priorityClassName: alerts-first',
      config: 'telegram_api_url: https://telegram.example.com',
    },
    apart: { storage: { props: () => ({ ...PROPS(), storage: 'emptyDir' }), trace: 'sizeLimit: 2Gi' } },
  });

  describe('replicas', () => {
    test('gossip on TCP and UDP, on both sides of the policy', () => {
      const policy = find(rendered(), 'NetworkPolicy').spec;
      const gossip = [
        { port: 9094, protocol: 'TCP' },
        { port: 9094, protocol: 'UDP' },
      ];
      const pods = [{ podSelector: selected('alertmanager') }];
      expect(policy.ingress).toContainEqual({ from: pods, ports: gossip });
      expect(policy.egress).toContainEqual({ to: pods, ports: gossip });
    });

    test('name each other, and advertise the address of their pod', () => {
      const { args } = containerOf(rendered(), 'alertmanager');
      expect(args.filter((arg: string) => arg.startsWith('--cluster'))).toEqual([
        '--cluster.listen-address=0.0.0.0:9094',
        '--cluster.advertise-address=[$(POD_IP)]:9094',
        ...[0, 1, 2].map((n) => `--cluster.peer=alertmanager-${n}.alertmanager-headless.${NAMESPACE}.svc:9094`),
      ]);
    });

    test('have three minutes to start: without an answer from the DNS, they resolve their peers for long', () => {
      const { startupProbe } = containerOf(rendered(), 'alertmanager');
      expect(startupProbe.httpGet.path).toBe('/-/healthy');
      expect(startupProbe.periodSeconds * startupProbe.failureThreshold).toBe(180);
    });

    test('do not gossip when there is only one', () => {
      const manifests = rendered({ replicas: 1 });
      const { args } = containerOf(manifests, 'alertmanager');
      expect(args.filter((arg: string) => arg.startsWith('--cluster'))).toEqual(['--cluster.listen-address=']);
      expect(find(manifests, 'NetworkPolicy').spec.ingress).toEqual([]);
    });

    test('offer clients their API and not the gossip port', () => {
      expect(find(rendered(), 'Service', 'alertmanager').spec.ports).toMatchObject([{ name: 'http', port: 9093 }]);
    });
  });

  describe('a receiver of traces', () => {
    const traced = (endpoint: Endpoint) => rendered({ tracing: endpoint });

    test('gets every notification by OTLP over HTTP, and the policy permits it', () => {
      const manifests = traced(Endpoint.host('traces.example.com', 4318, 'http', ['10.30.0.0/16']));
      expect(config(manifests).tracing).toEqual({
        client_type: 'http',
        endpoint: 'traces.example.com:4318',
        insecure: true,
        sampling_fraction: 1,
      });
      expect(find(manifests, 'NetworkPolicy').spec.egress).toContainEqual({
        to: [{ ipBlock: { cidr: '10.30.0.0/16' } }],
        ports: [{ port: 4318, protocol: 'TCP' }],
      });
    });

    test('is reached by TLS if its endpoint says so', () => {
      expect(config(traced(Endpoint.host('traces.example.com'))).tracing).toMatchObject({
        endpoint: 'traces.example.com:443',
        insecure: false,
      });
    });

    test('is optional', () => {
      expect(config(rendered())).not.toHaveProperty('tracing');
    });
  });

  test('the pods restart when the configuration changes, since Alertmanager does not watch it', () => {
    const checksum = (props: Partial<AlertRoutingProps>) =>
      podOf(rendered(props), 'alertmanager').metadata.annotations['checksum/config'];
    expect(checksum({})).not.toBe(checksum({ fallback: { slack: ['#elsewhere'] } }));
  });

  test('no Secret is written', () => {
    expect(findAll(rendered(), 'Secret')).toEqual([]);
  });
});
