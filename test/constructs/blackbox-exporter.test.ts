import {
  BlackboxExporter,
  type BlackboxExporterProps,
  Credentials,
  dnsModule,
  httpModule,
  icmpModule,
  type ProbeModule,
  type ProbeTarget,
  tcpModule,
} from '../../constructs';
import { find, manifestsOf, podOf, render, testChart } from '../../testing/render';
import { testProps } from '../support/props';
import { serverConfig } from '../support/server-config';
import { settingError } from '../support/setting-error';

const credentials = new Credentials('probe-credentials');

/** An exporter with one module, and what a test does with it. */
const rendered = (module: ProbeModule, use: (exporter: BlackboxExporter) => void = () => {}) =>
  render((chart) => {
    const exporter = new BlackboxExporter(chart, 'exporter');
    exporter.addModule('demo', module);
    use(exporter);
  });
const moduleOf = (module: ProbeModule) =>
  serverConfig(rendered(module), 'blackbox-exporter', 'config.yml').modules.demo;
const egressTo = (module: ProbeModule, target: string | ProbeTarget) =>
  find(
    rendered(module, (exporter) => exporter.addTarget('demo', target)),
    'NetworkPolicy',
  ).spec.egress.slice(1);
const refused = (work: (exporter: BlackboxExporter) => void) =>
  settingError(() => work(new BlackboxExporter(testChart(), 'exporter'))).message;

describe('BlackboxExporter', () => {
  testProps<BlackboxExporterProps>({
    make: (scope, props) => new BlackboxExporter(scope, 'exporter', props),
    minimal: () => ({}),
    full: () => ({
      name: 'prober',
      modules: { names: dnsModule({ name: 'shop.example.com', type: 'MX' }) },
      pod: { priorityClassName: 'probes-first' },
    }),
    traces: {
      name: 'name: prober',
      modules: 'query_name: shop.example.com',
      pod: 'priorityClassName: probes-first',
    },
  });

  test('expects a 2xx over verified TLS, without a redirect', () => {
    const chart = testChart();
    const { httpModule: name } = new BlackboxExporter(chart, 'exporter');
    const { modules } = serverConfig(manifestsOf(chart), 'blackbox-exporter', 'config.yml');
    expect(Object.keys(modules)).toEqual([name]);
    expect(modules[name]).toMatchObject({
      prober: 'http',
      http: { fail_if_not_ssl: true, follow_redirects: false },
    });
    expect(JSON.stringify(modules)).not.toContain('insecure_skip_verify');
  });

  test('reaches no URL until one is allowed', () => {
    const chart = testChart();
    new BlackboxExporter(chart, 'exporter');
    expect(find(manifestsOf(chart), 'NetworkPolicy').spec.egress).toHaveLength(1);
  });
});

describe('A module', () => {
  test('of HTTP accepts a 2xx with or without TLS', () => {
    const { http } = moduleOf(httpModule());
    expect(http).toMatchObject({ follow_redirects: false });
    expect(http).not.toHaveProperty('fail_if_not_ssl');
    expect(http).not.toHaveProperty('valid_status_codes');
    expect(moduleOf(httpModule({ tls: 'refused' })).http.fail_if_ssl).toBe(true);
    expect(moduleOf(httpModule({ followRedirects: true })).http.follow_redirects).toBe(true);
  });

  test('of HTTP expects a redirect to an address, character by character', () => {
    expect(moduleOf(httpModule({ redirectTo: 'https://shop.example.com/?a' })).http).toMatchObject({
      follow_redirects: false,
      valid_status_codes: [301, 302, 303, 307, 308],
      fail_if_header_not_matches: [{ header: 'Location', regexp: '^https://shop\\.example\\.com/\\?a' }],
    });
    expect(moduleOf(httpModule({ redirectTo: '/', statusCodes: [308] })).http.valid_status_codes).toEqual([308]);
  });

  test('takes every other setting of the exporter, and keys of a Secret', () => {
    const basic_auth = { username: 'probe', password_file: { credentials, key: 'PASSWORD' } };
    const manifests = rendered(httpModule({ timeoutSeconds: 3, config: { method: 'HEAD', basic_auth } }));
    const path = '/etc/blackbox-exporter-secrets/probe-credentials/PASSWORD';
    expect(serverConfig(manifests, 'blackbox-exporter', 'config.yml').modules.demo).toMatchObject({
      timeout: '3s',
      http: { method: 'HEAD', basic_auth: { username: 'probe', password_file: path } },
    });
    expect(podOf(manifests, 'blackbox-exporter').spec.volumes).toContainEqual(
      expect.objectContaining({ secret: expect.objectContaining({ secretName: 'probe-credentials' }) }),
    );
  });

  test('of DNS expects an answer', () => {
    expect(moduleOf(dnsModule({ name: 'shop.example.com' })).dns).toMatchObject({
      query_name: 'shop.example.com',
      query_type: 'A',
      validate_answer_rrs: { fail_if_none_matches_regexp: ['.'] },
    });
    const answer = '192\\.0\\.2\\.7$';
    expect(moduleOf(dnsModule({ name: 'a.example.com', answer, transport: 'tcp' })).dns).toMatchObject({
      transport_protocol: 'tcp',
      validate_answer_rrs: { fail_if_none_matches_regexp: [answer] },
    });
  });

  test('of TCP does a handshake if asked to', () => {
    expect(moduleOf(tcpModule()).tcp).not.toHaveProperty('tls');
    expect(moduleOf(tcpModule({ tls: true })).tcp.tls).toBe(true);
  });

  test('of ICMP lets the pod ping without a capability', () => {
    const spec = (module: ProbeModule) => podOf(rendered(module), 'blackbox-exporter').spec;
    expect(spec(icmpModule()).securityContext.sysctls).toEqual([
      { name: 'net.ipv4.ping_group_range', value: '0 2147483647' },
    ]);
    expect(spec(icmpModule()).containers[0].securityContext.capabilities).toEqual({ drop: ['ALL'] });
    expect(spec(tcpModule()).securityContext).not.toHaveProperty('sysctls');
  });

  test('has a name of its own', () => {
    const exporter = new BlackboxExporter(testChart(), 'exporter', { modules: { demo: tcpModule() } });
    expect(() => exporter.addModule('demo', tcpModule())).toThrow('duplicate module name "demo": rename one of them');
  });

  test.each<[ProbeModule, string]>([
    [{ prober: 'ftp' as 'tcp' }, 'module demo.prober is "ftp": write one of http, tcp, dns, icmp'],
    [{ prober: 'tcp', http: { method: 'GET' } }, 'module demo.http is {"method":"GET"}: the prober is tcp: remove it'],
    [
      { prober: 'tcp', timeout: 'soon' },
      'module demo.timeout is "soon": write a duration in hours, minutes or seconds, e.g. 1h or 30m',
    ],
    [
      httpModule({ tls: 'required', config: { fail_if_ssl: true } }),
      'module demo.http.fail_if_ssl is true: no answer could pass both: remove fail_if_not_ssl',
    ],
    [
      httpModule({ statusCodes: [20] }),
      'module demo.http.valid_status_codes is 20: write status codes from 100 to 599',
    ],
    [{ prober: 'dns' }, 'module demo.dns.query_name is not set: write the name to ask for'],
    [
      dnsModule({ name: 'https://a.example.com' }),
      'module demo.dns.query_name is "https://a.example.com": write a host name or an address, without scheme, port and path',
    ],
    [
      dnsModule({ name: 'a.example.com', type: 'a record' }),
      'module demo.dns.query_type is "a record": write a type of records, e.g. A, AAAA or MX',
    ],
    [
      icmpModule({ config: { dont_fragment: true } }),
      'module demo.icmp.dont_fragment is true: it needs the capability NET_RAW, which Pod Security restricted forbids: remove it',
    ],
    [
      dnsModule({ name: 'a.example.com', answer: '(' }),
      'module demo.dns.validate_answer_rrs.fail_if_none_matches_regexp is "(": write a regular expression in the syntax of RE2',
    ],
    [
      { prober: 'tcp', tcp: { query_response: [{ expect: '[' }] } },
      'module demo.tcp.query_response[0].expect is "[": write a regular expression in the syntax of RE2',
    ],
    [
      { prober: 'http', http: { bearer_token: 'hunter2' } } as ProbeModule,
      'module demo.http.bearer_token is "(hidden)": the manifest would show it; write bearer_token_file, with a key of a Secret: { credentials, key }',
    ],
  ])('%j is refused', (module, message) => {
    expect(refused((exporter) => exporter.addModule('demo', module))).toBe(message);
  });

  test('takes flags of RE2', () => {
    expect(moduleOf(dnsModule({ name: 'a.example.com', answer: '(?i)SHOP' })).dns).toMatchObject({
      validate_answer_rrs: { fail_if_none_matches_regexp: ['(?i)SHOP'] },
    });
  });

  test('cannot both follow and expect a redirect', () => {
    expect(settingError(() => httpModule({ redirectTo: '/', followRedirects: true })).message).toBe(
      'redirectTo is "/": a probe that follows redirects does not see them: remove one of them',
    );
  });
});

describe('A target', () => {
  const INTERNET = [{ ipBlock: expect.objectContaining({ cidr: '0.0.0.0/0' }) }];
  const ports = (port: number, protocol = 'TCP') => [{ port, protocol }];
  const pods = { namespace: 'orders', labels: { app: 'api' } };
  const ORDERS = [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'orders' } },
      podSelector: { matchLabels: { app: 'api' } },
    },
  ];

  test.each<[string, ProbeModule, string | ProbeTarget, object]>([
    ['a URL', httpModule(), 'http://shop.example.com/x', { to: INTERNET, ports: ports(80) }],
    ['a port', tcpModule(), 'db.example.com:5432', { to: INTERNET, ports: ports(5432) }],
    [
      'a server of names',
      dnsModule({ name: 'a.example.com' }),
      'ns.example.com',
      { to: INTERNET, ports: ports(53, 'UDP') },
    ],
    [
      'a server of names by TCP',
      dnsModule({ name: 'a.example.com', transport: 'tcp' }),
      'ns.example.com:5353',
      { to: INTERNET, ports: ports(5353) },
    ],
    [
      'a private host',
      tcpModule(),
      { target: 'db.internal:5432', cidrs: ['10.20.0.0/16'] },
      { to: [{ ipBlock: { cidr: '10.20.0.0/16' } }], ports: ports(5432) },
    ],
    [
      'an IPv6 address',
      tcpModule(),
      { target: '[2001:db8::7]:5432', cidrs: ['2001:db8::/64'] },
      { to: [{ ipBlock: { cidr: '2001:db8::/64' } }], ports: ports(5432) },
    ],
    [
      'pods, on their own port',
      httpModule(),
      { target: 'http://api.orders.svc/health', pods: { ...pods, port: 8080 } },
      { to: ORDERS, ports: ports(8080) },
    ],
    [
      'pods, on the port of the target',
      tcpModule(),
      { target: 'api.orders.svc:9000', pods },
      { to: ORDERS, ports: ports(9000) },
    ],
  ])('%s is reached on its port', (_name, module, target, rule) => {
    expect(egressTo(module, target)).toEqual([rule]);
  });

  test.each<[string | ProbeTarget, object]>([
    ['192.0.2.7', { to: [{ ipBlock: { cidr: '192.0.2.7/32' } }] }],
    [{ target: 'gateway.internal', cidrs: ['10.0.0.1/32'] }, { to: [{ ipBlock: { cidr: '10.0.0.1/32' } }] }],
    [{ target: 'api.orders.svc', pods }, { to: ORDERS }],
  ])('of ICMP opens every port of its addresses, because a policy cannot name ICMP: %j', (target, rule) => {
    expect(egressTo(icmpModule(), target)).toEqual([rule]);
  });

  const WHERE = 'and probes reach the Internet only; write';
  test.each<[ProbeModule, string | ProbeTarget, string]>([
    [httpModule(), 'shop.example.com', '"shop.example.com": write a URL, e.g. https://shop.example.com/health'],
    [
      httpModule({ tls: 'required' }),
      'http://shop.example.com',
      '"http://shop.example.com": the module fails for it: write a URL that begins with https://',
    ],
    [
      httpModule({ tls: 'refused' }),
      'https://shop.example.com',
      '"https://shop.example.com": the module fails for it: write a URL that begins with http://',
    ],
    [
      httpModule(),
      'http://api.orders.svc',
      `"http://api.orders.svc": api.orders.svc is a Service of the cluster, ${WHERE} { target, pods }, the pods behind it`,
    ],
    [tcpModule(), 'db.example.com', '"db.example.com": write host:port, e.g. db.example.com:5432'],
    [tcpModule(), 'https://db.example.com:1', '"https://db.example.com:1": write host:port, e.g. db.example.com:5432'],
    [tcpModule(), 'db.example.com:99999', '99999: write a port from 1 to 65535'],
    [
      tcpModule(),
      '10.0.0.7:5432',
      `"10.0.0.7:5432": 10.0.0.7 is a private address, ${WHERE} { target, cidrs } with the ranges that hold it`,
    ],
    [
      tcpModule(),
      { target: 'a.example.com:1', cidrs: [] },
      '[]: name a range: an empty list would allow every address',
    ],
    [icmpModule(), 'host.example.com:80', '"host.example.com:80": write a host, without scheme and port'],
    [
      icmpModule(),
      'host.example.com',
      '"host.example.com": write { target, cidrs }: a NetworkPolicy cannot name ICMP, so its rule opens every port of these ranges',
    ],
    [
      tcpModule(),
      { target: 'api.orders.svc:1', pods, cidrs: ['10.0.0.0/8'] },
      '{"app":"api"}: remove cidrs: a NetworkPolicy sees the pods of a Service',
    ],
    [
      tcpModule(),
      { target: 'api.orders.svc:1', pods: { ...pods, labels: {} } },
      '{}: name a label: without one, every pod of the namespace is selected',
    ],
  ])('%j %j is refused', (module, target, message) => {
    const error = refused((exporter) => {
      exporter.addModule('demo', module);
      exporter.addTarget('demo', target);
    });
    expect(error).toMatch(/^target/);
    expect(error.replace(/^target\S* is /, '')).toBe(message);
  });

  test('has a module that exists', () => {
    expect(refused((exporter) => exporter.addTarget('none', 'a.example.com'))).toBe(
      'module is "none": add it with addModule(), or write one of http_2xx',
    );
  });

  test('of the module for public URLs is reached over TLS', () => {
    expect(refused((exporter) => exporter.addTarget('http_2xx', 'http://a.example.com'))).toContain('https://');
  });
});
