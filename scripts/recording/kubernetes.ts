import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load, loadAll } from 'js-yaml';
import type { PrometheusConfig } from '../../formats/prometheus';
import { toYaml } from '../../formats/yaml';
import { argsOf, kubeconfigOf, replaced, tokenOf } from '../../testing/deployed';
import { layOutPrometheus, writeInto } from '../../testing/files';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import { type LocalAddresses, localConfig } from '../../testing/local-prometheus';
import { DIST, type Manifest } from '../../testing/manifests';
import { answers, freePorts, getJson, startServer, waitFor } from '../../testing/server';
import { ROOT } from '../../tools/catalogue';
import { startAlertmanagers } from './alertmanager';
import { page, type Recorder, type Recording, type RecordingContext, startDeployed } from './recording';

/** Objects in every state that has a metric. Without nodes most of these states would never occur. */
const OBJECTS = join(ROOT, 'scripts', 'recording', 'objects.yaml');

/** kube-state-metrics, Prometheus, and a control plane that holds `dist/` and an object of each kind. */
export const recordKubernetes: Recorder = async (context) => {
  const kubernetes = await startKubernetes();
  await makeNamespace(kubernetes, 'sightedit');
  await kubernetes.kubectl('apply', '--filename', DIST);
  await makeObjects(kubernetes);
  const objects = await recordObjects(context, kubernetes);
  const prometheus = await recordPrometheus(context, kubernetes);
  const controlPlane = await recordControlPlane(kubernetes);
  await kubernetes.stop();
  return [...objects, prometheus, ...controlPlane];
};

/** Creates the objects, then sets the status that a controller or a kubelet would report. */
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

/** Sets the uid of each owner: the garbage collector removes an object whose owner has another uid. */
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

async function recordObjects(context: RecordingContext, kubernetes: Kubernetes): Promise<Recording[]> {
  const [telemetry] = (await freePorts(1)) as [number];
  const kubeconfig = await kubeconfigOf(kubernetes, 'kube-state-metrics', context.root);
  const exporter = await startDeployed(context, 'kube-state-metrics', {
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

/** Prometheus with the rules and jobs of the manifests: it discovers, evaluates, sends alerts, and writes remotely. */
async function recordPrometheus(context: RecordingContext, kubernetes: Kubernetes): Promise<Recording> {
  const { manifests, root } = context;
  const { addresses } = await startAlertmanagers(context);
  const config = layOutPrometheus(manifests, root);
  writeInto(root, 'var/run/secrets/kubernetes.io/serviceaccount/token', await tokenOf(kubernetes, 'prometheus'));
  const [port] = (await freePorts(1)) as [number];
  const address = `127.0.0.1:${port}`;
  const local = { kubernetes, root, alertmanagers: addresses, targets: { prometheus: address } };
  const synthesized = load(readFileSync(config, 'utf8')) as PrometheusConfig;
  writeFileSync(config, toYaml(recordingConfig(synthesized, local)));
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
  // By then it has evaluated rules, sent alerts, written samples remotely, answered a query, and scraped itself.
  await waitFor('some samples', async () => {
    const query = encodeURIComponent('count_over_time(prometheus_notifications_sent_total[1m]) > 3');
    const { data } = await getJson<{ data: { result: unknown[] } }>(`http://${address}/api/v1/query?query=${query}`);
    return data.result.length > 0;
  });
  // The summary has a series for each Alertmanager from its first notification on.
  await waitFor('a notification', async () => (await page(url)).includes('prometheus_notifications_latency_seconds{'));
  return { job: 'prometheus', tool: 'prometheus', pages: [await page(url)] };
}

/**
 * The synthesized configuration for this machine. It writes to a receiver that answers 404, so that Prometheus has the
 * metrics of remote write, which is optional.
 */
function recordingConfig(config: PrometheusConfig, addresses: LocalAddresses): PrometheusConfig {
  const local = localConfig(config, addresses);
  return {
    ...local,
    remote_write: [{ name: 'recording', url: `http://${addresses.alertmanagers[0]}/nothing-listens-here` }],
    scrape_configs: local.scrape_configs.filter(({ job_name }) => job_name !== 'blackbox-http'),
  };
}

/** The control plane, after the other recordings have used it. */
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
