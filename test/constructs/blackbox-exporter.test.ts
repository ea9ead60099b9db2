import { BlackboxExporter, type BlackboxExporterProps } from '../../constructs';
import { find, manifestsOf, testChart } from '../../testing/render';
import { testProps } from '../support/props';
import { serverConfig } from '../support/server-config';

describe('BlackboxExporter', () => {
  testProps<BlackboxExporterProps>({
    make: (scope, props) => new BlackboxExporter(scope, 'exporter', props),
    minimal: () => ({}),
    full: () => ({ name: 'prober', pod: { priorityClassName: 'probes-first' } }),
    traces: { name: 'name: prober', pod: 'priorityClassName: probes-first' },
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

  test('reaches no URL until one is allowed', () => {
    const chart = testChart();
    new BlackboxExporter(chart, 'exporter');
    expect(find(manifestsOf(chart), 'NetworkPolicy').spec.egress).toHaveLength(1);
  });
});
