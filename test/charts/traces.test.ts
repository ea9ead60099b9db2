import { App } from 'cdk8s';
import { addSightEditMonitoring, type Profile, resolveSettings, type TraceSettings } from '../../charts';
import { configFiles } from '../../testing/manifests';
import { containerOf, find, findAll, manifestsOf } from '../../testing/render';
import { DEMO } from '../support/demo-settings';
import { serverConfig } from '../support/server-config';
import { settingError } from '../support/setting-error';

/** The manifests of the whole platform. */
function platform(traces: Partial<TraceSettings> = {}, profile: Profile = 'production') {
  const app = new App();
  addSightEditMonitoring(app, 'demo', resolveSettings({ ...DEMO, traces }, profile));
  return manifestsOf(app);
}

type Manifests = ReturnType<typeof platform>;

const gatewayConfig = (manifests: Manifests) => serverConfig(manifests, 'otel-collector-config', 'config.yaml');
const sources = (manifests: Manifests) =>
  serverConfig(manifests, 'grafana-datasources', 'datasources.yaml').datasources as {
    uid: string;
    // biome-ignore lint/suspicious/noExplicitAny: each plugin has settings of its own
    jsonData: any;
  }[];
const jobs = (manifests: Manifests) =>
  serverConfig(manifests, 'prometheus-config', 'prometheus.yml').scrape_configs as {
    job_name: string;
    metric_relabel_configs?: object[];
  }[];

describe('by default', () => {
  const manifests = platform();

  test('a gateway of two tiers takes traces of the application, and sends them to Jaeger', () => {
    expect(find(manifests, 'StatefulSet', 'otel-collector').spec.replicas).toBe(2);
    expect(find(manifests, 'StatefulSet', 'otel-collector-sampler').spec.replicas).toBe(2);
    const sampler = serverConfig(manifests, 'otel-collector-sampler-config', 'config.yaml');
    expect(sampler.exporters['otlp_grpc/jaeger'].endpoint).toBe('jaeger.sightedit-monitoring.svc:4317');
    expect(JSON.stringify(find(manifests, 'NetworkPolicy', 'otel-collector').spec.ingress)).toContain(
      '{"app.kubernetes.io/name":"sightedit"}',
    );
  });

  test('log records of the application go to Loki', () => {
    expect(gatewayConfig(manifests).exporters['otlp_http/loki'].endpoint).toBe(
      'http://loki.sightedit-monitoring.svc:3100/otlp',
    );
  });

  test('data has the names of the cluster and the environment', () => {
    expect(gatewayConfig(manifests).processors.resource.attributes).toEqual(
      expect.arrayContaining([
        { key: 'k8s.cluster.name', value: 'demo', action: 'upsert' },
        { key: 'deployment.environment.name', value: 'test', action: 'upsert' },
      ]),
    );
  });

  test('Grafana leads from exemplars, lines and spans to each other', () => {
    const [prometheus, loki, jaeger] = ['prometheus', 'loki', 'jaeger'].map(
      (wanted) => sources(manifests).find(({ uid }) => uid === wanted)!.jsonData,
    );
    expect(prometheus.exemplarTraceIdDestinations).toMatchObject([{ name: 'trace_id', datasourceUid: 'jaeger' }]);
    expect(loki.derivedFields).toMatchObject([{ datasourceUid: 'jaeger' }]);
    expect(jaeger).toMatchObject({
      nodeGraph: { enabled: true },
      tracesToLogsV2: { datasourceUid: 'loki', query: '{$${__tags}} | trace_id = "$${__trace.traceId}"' },
      tracesToMetrics: { datasourceUid: 'prometheus' },
    });
    expect(containerOf(manifests, 'prometheus').args.join()).toContain('exemplar-storage');
  });

  test('span metrics keep their own labels, and all series', () => {
    const job = jobs(manifests).find(({ job_name }) => job_name === 'span-metrics');
    expect(job).toMatchObject({ honor_labels: true });
    expect(job!.metric_relabel_configs ?? []).not.toContainEqual(expect.objectContaining({ action: 'keep' }));
  });

  test('the webhook and Alertmanager send their own traces', () => {
    const url = 'otel-collector.sightedit-monitoring.svc:4318';
    expect(configFiles(manifests, 'remediation-webhook-config')['remediation.json']).toContain(url);
    expect(configFiles(manifests, 'alertmanager-config')['alertmanager.yml']).toContain(url);
  });

  test('nothing is sent to a vendor', () => {
    expect(Object.keys(gatewayConfig(manifests).exporters).join()).not.toMatch(/datadog|newrelic|sentry/);
  });
});

test('the profile dev has one replica, which decides itself', () => {
  const manifests = platform({}, 'dev');
  expect(find(manifests, 'StatefulSet', 'otel-collector').spec.replicas).toBe(1);
  expect(findAll(manifests, 'StatefulSet', 'otel-collector-sampler')).toEqual([]);
});

test('with mode off, nothing speaks of traces', () => {
  const manifests = platform({ mode: 'off' });
  expect(manifests.filter(({ metadata }) => /^(otel-collector|jaeger)/.test(metadata.name))).toEqual([]);
  expect(jobs(manifests).filter(({ job_name }) => /otel|jaeger|span/.test(job_name))).toEqual([]);
  expect(JSON.stringify(sources(manifests))).not.toContain('jaeger');
  expect(configFiles(manifests, 'alertmanager-config')['alertmanager.yml']).not.toContain('otel-collector');
});

test('vendors have their keys from the Secret of the platform', () => {
  const manifests = platform({ vendors: { newRelic: { region: 'eu' } } });
  expect(containerOf(manifests, 'otel-collector-sampler').env).toContainEqual({
    name: 'NEW_RELIC_LICENSE_KEY',
    valueFrom: {
      secretKeyRef: { name: 'sightedit-monitoring-credentials', key: 'NEW_RELIC_LICENSE_KEY', optional: true },
    },
  });
});

test('an unknown mode is refused', () => {
  const mode = 'tempo' as 'off';
  expect(settingError(() => platform({ mode })).message).toBe('traces.mode is "tempo": write one of off, jaeger');
});
