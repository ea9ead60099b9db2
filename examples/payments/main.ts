import { App, Chart } from 'cdk8s';
import { AlertRouting, Credentials, ExternalWorkload, PrometheusStack, RuleCatalogue } from 'sightedit-monitoring';

const app = new App();
const chart = new Chart(app, 'payments-monitoring', {
  namespace: 'payments-monitoring',
  disableResourceNameHashes: true,
});
const catalogue = RuleCatalogue.read({ rules: 'rules', runbooks: 'runbooks' });

const routing = new AlertRouting(chart, 'alerts', {
  externalUrl: 'https://alertmanager.payments.internal',
  credentials: new Credentials('payments-credentials'),
  channels: { slack: { kind: 'app' } },
  levels: {
    critical: { slack: ['#payments-pager'] },
    high: { slack: ['#payments-pager'] },
    medium: { slack: ['#payments'] },
    low: { slack: ['#payments'] },
  },
});
routing.addReceiver({
  receiver: {
    name: 'payments-desk',
    webhook_configs: [{ url: 'https://desk.example.com/alerts', send_resolved: true }],
  },
  matchers: ['slo = "payment-success"'],
});
const api = new ExternalWorkload(chart, 'api', {
  namespace: 'payments',
  podLabels: { app: 'payments-api' },
  service: 'payments-api',
  port: 8080,
});
const { prometheus } = new PrometheusStack(chart, 'metrics', {
  platform: 'gke',
  apiCidrs: ['172.16.0.32/28'],
  externalUrl: 'https://prometheus.payments.internal',
  externalLabels: { cluster: 'payments' },
  watchedNamespaces: ['payments'],
  application: { name: 'payments', namespace: 'payments', endpoints: [api.endpoint] },
  rules: { catalogue, links: { runbook: ({ alert }) => `https://wiki.payments.internal/${alert}` } },
});
prometheus.addAlertmanager(routing.endpoint);
prometheus.addScrapeJob('alertmanager', routing.endpoint);

app.synth();
