import { BlackboxExporter, type BlackboxExporterProps } from '../../constructs';
import { find, manifestsOf, testChart } from '../../testing/render';
import { testProps } from '../support/props';
import { serverConfig } from '../support/server-config';

describe('BlackboxExporter', () => {
  testProps<BlackboxExporterProps>({
    make: (scope, props) => new BlackboxExporter(scope, 'exporter', props),
    minimal: () => ({}),
    full: () => ({ name: 'prober' }),
    traces: { name: 'name: prober' },
  });

  test('expects a 2xx over verified TLS, without a redirect', () => {
    const chart = testChart();
    const { httpModule } = new BlackboxExporter(chart, 'exporter');
    const { modules } = serverConfig(manifestsOf(chart), 'blackbox-exporter', 'config.yml');
    expect(Object.keys(modules)).toEqual([httpModule]);
    expect(modules[httpModule]).toMatchObject({
      prober: 'http',
      http: { fail_if_not_ssl: true, follow_redirects: false },
    });
    expect(JSON.stringify(modules)).not.toContain('insecure_skip_verify');
  });

  test.each([
    ['https://shop.example.com/health', 443],
    ['https://shop.example.com:8443/health', 8443],
    ['http://shop.example.com', 80],
  ])('may leave for %s on port %i', (url, port) => {
    const chart = testChart();
    new BlackboxExporter(chart, 'exporter').allow(url);
    const [, rule] = find(manifestsOf(chart), 'NetworkPolicy').spec.egress;
    expect(rule).toMatchObject({ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port, protocol: 'TCP' }] });
  });

  test('may leave for nowhere until a URL is allowed', () => {
    const chart = testChart();
    new BlackboxExporter(chart, 'exporter');
    expect(find(manifestsOf(chart), 'NetworkPolicy').spec.egress).toHaveLength(1);
  });
});
