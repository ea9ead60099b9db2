import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import type { AlertmanagerConfig, Route } from '../../formats/alertmanager';
import { toYaml } from '../../formats/yaml';
import { packagePath } from '../../package-root';
import { CATEGORIES } from '../../rules';
import { receiversOf } from '../../scripts/alerts/routing';
import { temporaryDirectory } from '../../testing/cleanup';
import { layOutAlertmanager } from '../../testing/files';
import { readManifests } from '../../testing/manifests';
import { ACCEPTED, describeWithTools, runTool } from '../support/tools';

const SEVERITIES = ['critical', 'high', 'medium', 'low', 'urgent'];

interface Labels {
  readonly alertname: string;
  readonly severity: string;
  readonly category: string;
  /** @default - the alert has no automated response */
  readonly remediation?: string;
}

/** Every severity in every category, an unknown severity, Watchdog, and alerts with an automated response. */
const MATRIX: readonly Labels[] = [
  { alertname: 'Watchdog', severity: 'none', category: 'meta' },
  ...CATEGORIES.flatMap((category) => SEVERITIES.map((severity) => ({ alertname: 'Example', severity, category }))),
  { alertname: 'Example', severity: 'critical', category: 'unheard-of' },
  { alertname: 'Example', severity: '', category: '' },
  { alertname: 'Example', severity: 'high', category: 'application', remediation: 'restart-workload' },
  { alertname: 'Example', severity: 'low', category: 'business', remediation: 'clear-cache' },
];

/** The expected receivers, stated without looking at the routes. */
function expectedReceivers({ alertname, severity, category, remediation }: Labels): string[] {
  if (alertname === 'Watchdog') {
    return ['remediation-webhook-heartbeat', 'dead-mans-switch'];
  }
  return [...(remediation ? ['remediation-webhook'] : []), ...people(severity, category)];
}

function people(severity: string, category: string): string[] {
  if (category === 'business') {
    return ['team-business'];
  }
  const team = (CATEGORIES as readonly string[]).includes(category) ? [`team-${category}`] : [];
  const level = ['critical', 'high', 'medium', 'low'].includes(severity) ? `level-${severity}` : 'fallback';
  return [...team, level];
}

function routedTo(config: string, labels: Labels): string[] {
  const matchers = Object.entries(labels)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${value}`);
  const { code, output } = runTool('amtool', 'config', 'routes', 'test', `--config.file=${config}`, ...matchers);
  return code === 0 ? output.trim().split(',') : [output];
}

/** The same tree with a different receiver for each route, so that amtool names the route that an alert takes. */
function withNamedRoutes(text: string): { text: string; names: string[] } {
  const config = load(text) as AlertmanagerConfig;
  const names: string[] = [];
  const rename = (route: Route): Route => {
    const receiver = `route-${names.length}`;
    names.push(receiver);
    return { ...route, receiver, routes: route.routes?.map(rename) };
  };
  const route = rename(config.route);
  const document = { ...config, route, receivers: names.map((name) => ({ name })) };
  return { text: toYaml(document), names };
}

describeWithTools(['amtool'], 'Alertmanager accepts what is in dist', () => {
  const root = temporaryDirectory();
  const config = layOutAlertmanager(readManifests(), root);

  it('has a configuration that amtool accepts', () => {
    expect(runTool('amtool', 'check-config', config)).toEqual(ACCEPTED);
  });

  it('rejects a configuration with an unknown field', () => {
    const broken = layOutAlertmanager(readManifests(), temporaryDirectory(), (text) =>
      text.replace('group_wait', 'group_await'),
    );
    expect(runTool('amtool', 'check-config', broken).code).not.toBe(0);
  });

  it.each(MATRIX)('routes %j to the expected receivers, which receiversOf() finds too', (labels) => {
    const { route } = load(readFileSync(config, 'utf8')) as AlertmanagerConfig;
    const receivers = routedTo(config, labels);
    expect(receivers).toEqual(expectedReceivers(labels));
    expect(receiversOf(route, { ...labels })).toEqual(receivers);
  });

  it('has no route that no alert takes, except the root, whose children match every alert', () => {
    let names: string[] = [];
    const named = layOutAlertmanager(readManifests(), temporaryDirectory(), (text) => {
      const renamed = withNamedRoutes(text);
      names = renamed.names;
      return renamed.text;
    });
    const taken = new Set(MATRIX.flatMap((labels) => routedTo(named, labels)));
    expect(names.filter((name) => !taken.has(name))).toEqual(['route-0']);
  });

  it.each(['monitoring.slack.title', 'monitoring.slack.text'])(
    'renders %s without a mention or a link that an alert has in its texts',
    (name) => {
      const evil = '<!channel> & <http://evil.example|Reset your password>';
      const text = { summary: evil, description: evil, runbook_url: 'https://runbooks.example/?a=1&b=<2>|x' };
      const alert = {
        status: 'firing',
        labels: { alertname: evil },
        annotations: text,
        startsAt: '2026-01-02T03:04:05Z',
      };
      const data = {
        ...{ receiver: 'team', status: 'firing', alerts: [alert, { ...alert, status: 'resolved' }] },
        ...{ groupLabels: alert.labels, commonLabels: { ...alert.labels, severity: evil, cluster: evil } },
        ...{ commonAnnotations: text, externalURL: 'http://alertmanager' },
      };
      const file = join(temporaryDirectory(), 'data.json');
      writeFileSync(file, JSON.stringify(data));
      const { code, output } = runTool(
        ...(['amtool', 'template', 'render', `--template.data=${file}`] as const),
        `--template.glob=${packagePath('constructs', 'alert-routing', 'templates', 'monitoring.tmpl')}`,
        `--template.text={{ template "${name}" . }}`,
      );
      expect([code, output]).toEqual([0, expect.any(String)]);
      expect(output).toContain('&lt;!channel&gt; &amp; &lt;http://evil.example|Reset your password&gt;');
      expect(output).not.toContain('<!channel>');
      expect(output).not.toContain('<http://evil');
    },
  );
});
