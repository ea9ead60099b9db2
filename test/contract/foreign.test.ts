import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AlertRouting, Credentials, PrometheusStack } from '../../constructs';
import { RuleCatalogue } from '../../rules';
import { temporaryDirectory } from '../../testing/cleanup';
import { layOutAlertmanager, layOutRules } from '../../testing/files';
import { manifestsOf, testChart } from '../../testing/render';
import { ROOT } from '../../tools/catalogue';
import { ACCEPTED, describeWithTools, runTool } from '../support/tools';

/** The chart of a team with its own scrape jobs, severities and teams, general rules, and rules of another project. */
function ordersChart() {
  const general = RuleCatalogue.general({ jobs: { 'postgres-exporter': 'postgres' } })
    .change('NodeFilesystemAlmostFull', { thresholds: { free: 0.1 }, for: '10m', keepFiringFor: '30m' })
    .disable('NodeClockSkew')
    .withLabels({ team: 'orders' })
    .withSeverities({ critical: 'page', high: 'page', medium: 'ticket', low: 'ticket' });
  const foreign = RuleCatalogue.foreign(join(ROOT, 'test', 'rules', 'foreign'), {
    severities: { critical: 'page', warning: 'ticket', info: 'ticket' },
    category: 'queues',
  });
  const catalogue = general.with(foreign);
  const chart = testChart('orders-monitoring');
  const { prometheus } = new PrometheusStack(chart, 'metrics', {
    platform: 'eks',
    externalUrl: 'https://prometheus.example.com',
    externalLabels: { cluster: 'orders' },
    watchedNamespaces: ['orders'],
    application: { name: 'orders', namespace: 'orders', ports: [8080] },
    rules: { catalogue, links: { runbook: ({ alert }) => `https://wiki.example.com/${alert}` } },
  });
  const routing = new AlertRouting(chart, 'alerts', {
    externalUrl: 'https://alerts.example.com',
    credentials: new Credentials('orders-credentials'),
    channels: { slack: { kind: 'app' } },
    levels: {
      page: { slack: ['#orders-page'], answerWithinMinutes: 0 },
      ticket: { slack: ['#orders'], answerWithinMinutes: 480 },
    },
    teams: { queues: { slack: ['#queues'] } },
    inhibitions: catalogue.inhibitions,
  });
  prometheus.addScrapeConfig({ job_name: 'postgres', static_configs: [{ targets: ['postgres.example.com:9187'] }] });
  prometheus.addAlertmanager(routing.endpoint);
  prometheus.addScrapeJob('alertmanager', routing.endpoint);
  return chart;
}

const manifests = manifestsOf(ordersChart());

describe('The chart of a team with general and foreign rules', () => {
  const files = layOutRules(manifests, temporaryDirectory());
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');

  it('has the alerts of the jobs that it scrapes', () => {
    expect(text).toContain('alert: queue_is_deep');
    expect(text).toContain('absent(up{job="postgres"})');
    expect(text).toContain('max by (job, namespace) (up{job="postgres"}) == 0');
    expect(text).not.toContain('job="postgres-exporter"');
    expect(text).toContain('absent(up{job="orders-pods"})');
    expect(text).not.toMatch(/alert: (Redis|Grafana|Remediation|NodeExporterMissing)/);
    expect(text).not.toMatch(/absent\(up\{job="(redis-exporter|node-exporter|grafana|orders-services)"/);
  });

  it('names nothing of SightEdit in its rules', () => {
    expect(text).not.toMatch(/sightedit/i);
  });
});

describeWithTools(
  ['promtool', 'amtool'],
  'The chart of a team with general and foreign rules, read by the programs',
  () => {
    it('has rules that promtool accepts', () => {
      const files = layOutRules(manifests, temporaryDirectory());
      expect(files.length).toBeGreaterThan(10);
      expect(runTool('promtool', 'check', 'rules', '--lint=all', '--lint-fatal', ...files)).toEqual(ACCEPTED);
    });

    it.each([
      [['alertname=queue_is_deep', 'severity=ticket', 'category=queues'], 'team-queues,level-ticket'],
      [['alertname=NodeNotReady', 'severity=page', 'category=infrastructure'], 'level-page'],
      [['alertname=QueueErrorBudgetBurn', 'category=queues'], 'team-queues,fallback'],
      [['alertname=Other', 'severity=critical'], 'fallback'],
      [['alertname=Watchdog', 'severity=none', 'category=meta'], 'nobody'],
    ])('routes %j to %s', (labels, receivers) => {
      const config = layOutAlertmanager(manifests, temporaryDirectory());
      expect(runTool('amtool', 'check-config', config)).toEqual(ACCEPTED);
      expect(runTool('amtool', 'config', 'routes', 'test', `--config.file=${config}`, ...labels).output.trim()).toBe(
        receivers,
      );
    });
  },
);
