import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import type { PrometheusConfig, ScrapeConfig } from '../../formats/prometheus';
import { toYaml } from '../../formats/yaml';
import { SCRAPE_METRICS } from '../../metrics';
import { temporaryDirectory } from '../../testing/cleanup';
import { argsOf, HOST_PATHS, kubeconfigOf, replaced, tokenOf } from '../../testing/deployed';
import { layOutPrometheus, writeInto } from '../../testing/files';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import { localConfig } from '../../testing/local-prometheus';
import { configFiles, DIST, type Manifest, ofKind, readManifests } from '../../testing/manifests';
import { answers, freePorts, getJson, type Server, startServer, waitFor } from '../../testing/server';

/** A rule as Prometheus reports it. */
interface ReportedRule {
  name: string;
  health: string;
  lastError?: string;
  lastEvaluation: string;
}

interface Target {
  labels: Record<string, string>;
  scrapePool: string;
  health: string;
  lastError: string;
}

const manifests = readManifests();

/** A node as a kubelet would register it. No kubelet runs here. */
const NODE: Manifest = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'node-a' },
  status: { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }] },
};

describe('Prometheus with the configuration of dist, discovering a real API server', () => {
  const root = temporaryDirectory();
  const servers: Server[] = [];
  let kubernetes: Kubernetes;
  /** URLs of the two replicas. */
  let replicas: string[] = [];
  let alertmanager: string;

  /** Starts the exporters with their arguments in dist. Returns the address of each job's target. */
  async function startExporters(): Promise<Record<string, string>> {
    const [ksm, ksmTelemetry, node, blackbox] = (await freePorts(4)) as [number, number, number, number];
    const blackboxConfig = configFiles(manifests, 'blackbox-exporter')['config.yml']!;
    writeInto(root, 'etc/blackbox-exporter/config.yml', blackboxConfig);
    const start = async (name: string, command: string, port: number, args: string[]) => {
      servers.push(
        await startServer(name, { command, args, ready: () => answers(`http://127.0.0.1:${port}/metrics`) }),
      );
      return `127.0.0.1:${port}`;
    };
    return {
      'kube-state-metrics': await start('kube-state-metrics', 'kube-state-metrics', ksm, [
        ...replaced(argsOf(manifests, 'kube-state-metrics', root), {
          '--port': `${ksm}`,
          '--telemetry-port': `${ksmTelemetry}`,
        }),
        '--host=127.0.0.1',
        '--telemetry-host=127.0.0.1',
        // As its ServiceAccount: it cannot report what it may not list.
        `--kubeconfig=${await kubeconfigOf(kubernetes, 'kube-state-metrics', root)}`,
      ]),
      'kube-state-metrics-telemetry': `127.0.0.1:${ksmTelemetry}`,
      'node-exporter': await start('node-exporter', 'node_exporter', node, [
        ...replaced(argsOf(manifests, 'node-exporter', root), {
          '--web.listen-address': `127.0.0.1:${node}`,
          ...HOST_PATHS,
        }),
      ]),
      'blackbox-exporter': await start('blackbox-exporter', 'blackbox_exporter', blackbox, [
        ...argsOf(manifests, 'blackbox-exporter', root),
        `--web.listen-address=127.0.0.1:${blackbox}`,
      ]),
    };
  }

  async function startAlertmanager(): Promise<string> {
    const [port] = (await freePorts(1)) as [number];
    const config = writeInto(
      root,
      'alertmanager.yml',
      toYaml({ route: { receiver: 'nobody' }, receivers: [{ name: 'nobody' }] }),
    );
    servers.push(
      await startServer('alertmanager', {
        command: 'alertmanager',
        args: [
          `--config.file=${config}`,
          `--storage.path=${root}/alertmanager`,
          `--web.listen-address=127.0.0.1:${port}`,
          '--cluster.listen-address=',
        ],
        ready: () => answers(`http://127.0.0.1:${port}/-/ready`),
      }),
    );
    return `127.0.0.1:${port}`;
  }

  /** The synthesized configuration for this machine, with a page on loopback instead of the probed public ones. */
  function testConfig(text: string, targets: Record<string, string>): string {
    const addresses = { kubernetes, root, alertmanagers: [alertmanager], targets };
    const config = localConfig(load(text) as PrometheusConfig, addresses);
    const scrape_configs = config.scrape_configs.map((job): ScrapeConfig => {
      if (job.job_name !== 'blackbox-http') {
        return job;
      }
      const relabel_configs = job.relabel_configs?.map((relabel) =>
        relabel.target_label === '__address__' ? { ...relabel, replacement: targets['blackbox-exporter'] } : relabel,
      );
      return { ...job, relabel_configs, static_configs: [{ targets: [`${kubernetes.url}/readyz`] }] };
    });
    return toYaml({ ...config, scrape_configs });
  }

  beforeAll(async () => {
    kubernetes = await startKubernetes();
    await makeNamespace(kubernetes, 'sightedit');
    await kubernetes.kubectl('apply', '--filename', DIST);
    await kubernetes.kubectlWith(NODE, 'create');
    alertmanager = await startAlertmanager();
    const exporters = await startExporters();

    const config = layOutPrometheus(manifests, root);
    writeInto(root, 'var/run/secrets/kubernetes.io/serviceaccount/token', await tokenOf(kubernetes, 'prometheus'));
    const ports = await freePorts(2);
    const apiserver = kubernetes.url.replace('https://', '');
    const targets = { ...exporters, alertmanager, apiserver, prometheus: `127.0.0.1:${ports[0]}` };
    writeFileSync(config, testConfig(readFileSync(config, 'utf8'), targets));
    for (const [n, port] of ports.entries()) {
      const url = `http://127.0.0.1:${port}`;
      servers.push(
        await startServer(`prometheus-${n}`, {
          command: 'prometheus',
          args: [
            ...replaced(argsOf(manifests, 'prometheus', root), { '--storage.tsdb.path': join(root, `data-${n}`) }),
            `--web.listen-address=127.0.0.1:${port}`,
          ],
          env: { POD_NAME: `prometheus-${n}` },
          ready: () => answers(`${url}/-/ready`),
        }),
      );
      replicas.push(url);
    }
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await kubernetes?.stop();
    replicas = [];
  });

  const query = async (promql: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> => {
    const url = `${replicas[0]}/api/v1/query?query=${encodeURIComponent(promql)}`;
    return (await getJson<{ data: { result: { metric: Record<string, string>; value: [number, string] }[] } }>(url))
      .data.result;
  };
  const rules = async (url: string) => {
    const { data } = await getJson<{ data: { groups: { rules: ReportedRule[] }[] } }>(`${url}/api/v1/rules`);
    return data.groups.flatMap((group) => group.rules);
  };

  it('evaluates every rule without an error', async () => {
    const expected = ofKind(manifests, 'ConfigMap')
      .filter(({ metadata }) => metadata.name.startsWith('prometheus-rules-'))
      .flatMap(({ data }) => Object.values(data as Record<string, string>))
      .flatMap((text) => (load(text) as { groups: { rules: unknown[] }[] }).groups)
      .flatMap((group) => group.rules).length;
    for (const url of replicas) {
      // The longest interval of a group is two minutes.
      await waitFor(
        'the first evaluations',
        async () => (await rules(url)).every(({ lastEvaluation }) => !lastEvaluation.startsWith('0001')),
        { timeoutSeconds: 240 },
      );
    }
    // Joins meet real series only once the ranges of the recording rules hold several samples.
    await waitFor(
      'a minute of samples',
      async () => (await query('count_over_time(up{job="prometheus"}[2m]) > 35')).length > 0,
      {
        timeoutSeconds: 150,
      },
    );
    const reported = await rules(replicas[0]!);
    expect(reported).toHaveLength(expected);
    expect(reported.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(await query('prometheus_rule_evaluation_failures_total > 0')).toEqual([]);
  });

  it('discovers targets as its ServiceAccount', async () => {
    expect(await query('prometheus_sd_kubernetes_failures_total > 0')).toEqual([]);
    const { data } = await getJson<{ data: { activeTargets: Target[] } }>(`${replicas[0]}/api/v1/targets`);
    const pools = data.activeTargets.map(({ scrapePool, labels, health }) => ({
      scrapePool,
      node: labels.node,
      health,
    }));
    // Discovery finds the node, which has no kubelet here.
    expect(pools).toContainEqual({ scrapePool: 'kubelet', node: 'node-a', health: 'down' });
    // The API server listens on loopback, which cannot be an endpoint of a Service: this target is static.
    expect(pools).toContainEqual({ scrapePool: 'apiserver', node: undefined, health: 'up' });
    expect(pools).toContainEqual({ scrapePool: 'node-exporter', node: 'node-a', health: 'up' });
    expect(pools).toContainEqual({ scrapePool: 'blackbox-http', node: undefined, health: 'up' });
    expect(pools).toContainEqual({ scrapePool: 'kube-state-metrics', node: undefined, health: 'up' });
  });

  it('has every object that kube-state-metrics may list', async () => {
    // With an API server that streams lists, kube-state-metrics only watches.
    expect(await query('kube_state_metrics_watch_total{result="success"} > 0')).not.toEqual([]);
    expect(await query('{__name__=~"kube_state_metrics_(list|watch)_total", result="error"} > 0')).toEqual([]);
    const workloads = await query('kube_statefulset_replicas');
    const seen = workloads.map(({ metric, value }) => `${metric.namespace}/${metric.statefulset} ${value[1]}`).sort();
    expect(seen).toEqual(
      ofKind(manifests, 'StatefulSet')
        .map(({ metadata, spec }) => `${metadata.namespace}/${metadata.name} ${spec.replicas ?? 1}`)
        .sort(),
    );
    // Only the labels of the object: not the exporter's own pod and node.
    expect(Object.keys(workloads[0]!.metric).sort()).toEqual([
      '__name__',
      'instance',
      'job',
      'namespace',
      'statefulset',
    ]);
  });

  it('stores only the kept series of each exporter, and those that it adds itself', async () => {
    const config = load(configFiles(manifests, 'prometheus-config')['prometheus.yml']!) as PrometheusConfig;
    for (const job of ['node-exporter', 'kube-state-metrics', 'apiserver', 'prometheus', 'alertmanager']) {
      const [rule] = config.scrape_configs.find(({ job_name }) => job_name === job)!.metric_relabel_configs!;
      const allowed = new Set([...rule!.regex!.split('|'), ...SCRAPE_METRICS]);
      const stored = await query(
        `count by (__name__) (last_over_time({job="${job}", __name__!~".*:.*|ALERTS.*"}[1m]))`,
      );
      const names = stored.map(({ metric }) => metric.__name__!);
      expect({ job, strange: names.filter((name) => !allowed.has(name)) }).toEqual({ job, strange: [] });
      expect(names.length).toBeGreaterThan(SCRAPE_METRICS.length);
      const [left] = await query(`scrape_samples_scraped{job="${job}"} - scrape_samples_post_metric_relabeling > 100`);
      expect({ job, left: left !== undefined }).toEqual({ job, left: true });
    }
  });

  it('gives Alertmanager one alert for both replicas', async () => {
    const watchdogs = async () => {
      const url = `http://${alertmanager}/api/v2/alerts?filter=alertname%3DWatchdog`;
      return getJson<{ labels: Record<string, string>; annotations: Record<string, string> }[]>(url);
    };
    await waitFor('Watchdog', async () => (await watchdogs()).length > 0);
    const [watchdog, ...others] = await watchdogs();
    expect(others).toEqual([]);
    expect(watchdog!.labels).toEqual({
      alertname: 'Watchdog',
      severity: 'none',
      category: 'meta',
      cluster: 'sightedit-production',
      environment: 'production',
      region: 'us-east-1',
    });
    expect(watchdog!.annotations.runbook_url).toMatch(/\/runbooks\/Watchdog$/);
    // Each replica has its own external label for remote write.
    for (const [n, url] of replicas.entries()) {
      const { data } = await getJson<{ data: { yaml: string } }>(`${url}/api/v1/status/config`);
      expect((load(data.yaml) as PrometheusConfig).global.external_labels).toHaveProperty(
        'prometheus_replica',
        `prometheus-${n}`,
      );
    }
  });

  it('reloads a changed configuration by itself', async () => {
    const config = join(root, 'etc/prometheus/config/prometheus.yml');
    writeFileSync(config, readFileSync(config, 'utf8').replace('region: us-east-1', 'region: eu-west-1'));
    await waitFor(
      'the reload',
      async () => {
        const { data } = await getJson<{ data: { yaml: string } }>(`${replicas[0]}/api/v1/status/config`);
        return data.yaml.includes('region: eu-west-1');
      },
      { timeoutSeconds: 90 },
    );
  });
});
