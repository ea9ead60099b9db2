import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dump, load, loadAll } from 'js-yaml';
import type { PrometheusConfig, ScrapeConfig } from '../../constructs';
import { argsOf, kubeconfigOf, replaced, tokenOf } from '../../testing/deployed';
import { layOutPrometheus, writeInto } from '../../testing/files';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import { DIST, type Manifest } from '../../testing/manifests';
import { answers, freePorts, getJson, startServer, waitFor } from '../../testing/server';
import { ROOT } from '../../tools/catalogue';
import { startAlertmanagers } from './alertmanager';
import { type Ground, page, type Recorder, type Recording, startDeployed } from './recording';

/** Objects in every state that has a metric, which nobody brings about where there are no nodes. */
const OBJECTS = join(ROOT, 'scripts', 'recording', 'objects.yaml');

/** A control plane that holds `dist/` and an object of each kind; kube-state-metrics and Prometheus look at it. */
export const recordKubernetes: Recorder = async (ground) => {
  const kubernetes = await startKubernetes();
  await makeNamespace(kubernetes, 'sightedit');
  await kubernetes.kubectl('apply', '--filename', DIST);
  await makeObjects(kubernetes);
  const objects = await recordObjects(ground, kubernetes);
  const prometheus = await recordPrometheus(ground, kubernetes);
  const controlPlane = await recordControlPlane(kubernetes);
  await kubernetes.stop();
  return [...objects, prometheus, ...controlPlane];
};

/** Posts the objects, and then the status that a controller or a kubelet would report. */
async function makeObjects(kubernetes: Kubernetes): Promise<void> {
  for (const object of loadAll(readFileSync(OBJECTS, 'utf8')) as Manifest[]) {
    await nameOwners(kubernetes, object);
    await succeed(kubernetes.kubectlWith(object, 'create'));
    if (object.status) {
      const { metadata, status, ...rest } = object;
      const report = { ...rest, metadata: { name: metadata.name, namespace: metadata.namespace }, status };
      await succeed(
        kubernetes.kubectlWith(report, 'apply', '--server-side', '--force-conflicts', '--subresource=status'),
      );
    }
  }
}

/** An owner is named by its uid too; without the right one the garbage collector removes what it owns. */
async function nameOwners(kubernetes: Kubernetes, { metadata }: Manifest): Promise<void> {
  for (const owner of metadata.ownerReferences ?? []) {
    const { stdout } = await kubernetes.kubectl(
      ...['get', owner.kind, owner.name, `--namespace=${metadata.namespace}`, '--output=jsonpath={.metadata.uid}'],
    );
    owner.uid = stdout;
  }
}

async function succeed(result: ReturnType<Kubernetes['kubectl']>): Promise<void> {
  const { code, stderr } = await result;
  if (code !== 0) {
    throw new Error(`kubectl: ${stderr}`);
  }
}

async function recordObjects(ground: Ground, kubernetes: Kubernetes): Promise<Recording[]> {
  const [telemetry] = (await freePorts(1)) as [number];
  const kubeconfig = await kubeconfigOf(kubernetes, 'kube-state-metrics', ground.root);
  const exporter = await startDeployed(ground, 'kube-state-metrics', {
    args: (deployed, port) => [
      ...replaced(deployed, { '--port': String(port), '--telemetry-port': String(telemetry) }),
      '--host=127.0.0.1',
      '--telemetry-host=127.0.0.1',
      `--kubeconfig=${kubeconfig}`,
    ],
  });
  await waitFor('the objects', async () => (await page(exporter.url)).includes('kube_persistentvolume_info{'));
  return [
    { job: 'kube-state-metrics', tool: 'kube-state-metrics', pages: [await page(exporter.url)] },
    {
      job: 'kube-state-metrics-telemetry',
      tool: 'kube-state-metrics',
      pages: [await page(`http://127.0.0.1:${telemetry}/metrics`)],
    },
  ];
}

/** Prometheus with the rules and jobs of the manifests; it finds what the API server knows, alerts and writes on. */
async function recordPrometheus(ground: Ground, kubernetes: Kubernetes): Promise<Recording> {
  const { manifests, root } = ground;
  const { addresses } = await startAlertmanagers(ground);
  const config = layOutPrometheus(manifests, root);
  writeInto(root, 'var/run/secrets/kubernetes.io/serviceaccount/token', await tokenOf(kubernetes, 'prometheus'));
  const [port] = (await freePorts(1)) as [number];
  const address = `127.0.0.1:${port}`;
  const text = readFileSync(config, 'utf8');
  writeFileSync(config, dump(onLoopback(load(text) as PrometheusConfig, kubernetes, root, address, addresses)));
  await startServer('prometheus', {
    command: 'prometheus',
    args: [
      ...replaced(argsOf(manifests, 'prometheus', root), { '--storage.tsdb.path': join(root, 'prometheus') }),
      `--web.listen-address=${address}`,
    ],
    env: { POD_NAME: 'prometheus-0' },
    ready: () => answers(`http://${address}/-/ready`),
  });
  const url = `http://${address}/metrics`;
  // It has answered a query, evaluated its rules, sent alerts, written samples on, and scraped itself while it did.
  await waitFor('some samples', async () => {
    const query = encodeURIComponent('count_over_time(prometheus_notifications_sent_total[1m]) > 3');
    const { data } = await getJson<{ data: { result: unknown[] } }>(`http://${address}/api/v1/query?query=${query}`);
    return data.result.length > 0;
  });
  return { job: 'prometheus', tool: 'prometheus', pages: [await page(url)] };
}

/** The synthesized configuration, told where things are here, and with a receiver of samples, which is optional. */
function onLoopback(
  config: PrometheusConfig,
  kubernetes: Kubernetes,
  root: string,
  address: string,
  alertmanagers: readonly string[],
): PrometheusConfig {
  const discovery = {
    api_server: kubernetes.url,
    authorization: { credentials_file: join(root, 'var/run/secrets/kubernetes.io/serviceaccount/token') },
    tls_config: { insecure_skip_verify: true },
  };
  const scrape_configs = config.scrape_configs.map((job): ScrapeConfig => {
    const { kubernetes_sd_configs, relabel_configs, ...rest } = job;
    return job.job_name === 'prometheus'
      ? { ...rest, static_configs: [{ targets: [address] }] }
      : { ...job, kubernetes_sd_configs: kubernetes_sd_configs?.map((sd) => ({ ...sd, ...discovery })) };
  });
  return {
    ...config,
    global: { ...config.global, scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '2s' },
    alerting: {
      ...config.alerting!,
      alertmanagers: [{ api_version: 'v2', scheme: 'http', static_configs: [{ targets: alertmanagers }] }],
    },
    remote_write: [{ name: 'recording', url: `http://${alertmanagers[0]}/nothing-listens-here` }],
    scrape_configs: scrape_configs.filter(({ job_name }) => job_name !== 'blackbox-http'),
  };
}

/** The control plane after it has been used. */
async function recordControlPlane(kubernetes: Kubernetes): Promise<Recording[]> {
  const { stdout } = await kubernetes.kubectl('get', '--raw', '/metrics');
  return [
    { job: 'apiserver', tool: 'kube-apiserver', pages: [stdout] },
    { job: 'etcd', tool: 'etcd', pages: [await page(`${kubernetes.etcdUrl}/metrics`)] },
    { job: 'kube-controller-manager', tool: 'kube-controller-manager', pages: [await controllerPage(kubernetes)] },
  ];
}

async function controllerPage(kubernetes: Kubernetes): Promise<string> {
  const { code, stdout, stderr } = await kubernetes.kubectl(
    'get',
    '--raw',
    '/metrics',
    `--server=${kubernetes.controllerManagerUrl}`,
    '--insecure-skip-tls-verify',
    '--certificate-authority=',
  );
  if (code !== 0) {
    throw new Error(`kube-controller-manager: ${stderr}`);
  }
  return stdout;
}
