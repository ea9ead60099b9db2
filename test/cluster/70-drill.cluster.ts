import { createServer, type Server } from 'node:http';
import { dump, load } from 'js-yaml';
import type { AlertmanagerConfig, PrometheusConfig } from '../../constructs';
import type { Configuration } from '../../remediation/configuration';
import { isOpen, KEYS, type Remediation } from '../../remediation/record';
import { succeed } from '../../testing/cluster';
import { INTERNET } from '../../testing/cluster/layout';
import { configFiles, type Manifest, readManifests } from '../../testing/manifests';
import { find } from '../../testing/render';
import { waitFor } from '../../testing/server';
import { quickenRoutes, quickenRules, quickenWebhook } from '../e2e/support/quicken';
import { describeOnCluster } from './support/cluster';
import { APPLICATION, applyAll, ensureProduction, MONITORING, waitUntilReady } from './support/platform';
import { httpFrom, inNetworkOf, type Pod, processOf, runningPods } from './support/pods';

/** Divisor of every wait, range and cooldown: pods take as long to start as in production, so it is not larger. */
const FACTOR = 20;
const TARGET = 'sightedit-backend';
const ALERT = 'SightEditMemorySaturation';
/** 94 % of the limit in testing/cluster/application.yaml. */
const LEAK_MEBIBYTES = 143;
/** Jobs that the drill scrapes every three seconds. The others would load a small machine for nothing. */
const JOBS = ['sightedit-pods', 'kube-state-metrics', 'prometheus', 'alertmanager', 'remediation-webhook'];
/** Rule topics about them. */
const TOPICS = ['application', 'workloads', 'remediation'];
const EMPTY = 'groups: []\n';

/** The ConfigMaps of production with shorter times, and remediation switched on. */
function quickened(manifests: readonly Manifest[]): Manifest[] {
  const configMap = (name: string, data: { [file: string]: string }): Manifest => ({
    ...find(manifests, 'ConfigMap', name),
    data,
  });
  const rules = manifests
    .filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('prometheus-rules-'))
    .map(({ metadata, data }) =>
      configMap(
        metadata.name,
        Object.fromEntries(
          Object.entries(data as { [file: string]: string }).map(([file, text]) => [
            file,
            TOPICS.includes(file.replace('.yaml', '')) ? quickenRules(text, FACTOR) : EMPTY,
          ]),
        ),
      ),
    );
  const prometheus = load(configFiles(manifests, 'prometheus-config')['prometheus.yml']!) as PrometheusConfig;
  const alertmanager = load(configFiles(manifests, 'alertmanager-config')['alertmanager.yml']!) as AlertmanagerConfig;
  const webhook = JSON.parse(
    configFiles(manifests, 'remediation-webhook-config')['remediation.json']!,
  ) as Configuration;
  return [
    ...rules,
    configMap('prometheus-config', {
      'prometheus.yml': dump({
        ...prometheus,
        global: { ...prometheus.global, scrape_interval: '3s', scrape_timeout: '3s', evaluation_interval: '3s' },
        scrape_configs: prometheus.scrape_configs.filter(({ job_name }) => JOBS.includes(job_name)),
      }),
    }),
    configMap('alertmanager-config', { 'alertmanager.yml': dump(quickenRoutes(alertmanager, FACTOR)) }),
    configMap('remediation-webhook-config', {
      'remediation.json': JSON.stringify({ ...quickenWebhook(webhook, FACTOR), mode: 'active' }),
    }),
  ];
}

describeOnCluster(`The drill on kubelets, ${FACTOR} times as fast as in production`, (cluster) => {
  const messages: { readonly status: string; readonly text: string }[] = [];
  let sink: Server;
  const steps: string[] = [];
  const start = Date.now();
  const step = (what: string) => steps.push(`  ${((Date.now() - start) / 1000).toFixed(1).padStart(6)} s  ${what}`);

  beforeAll(async () => {
    sink = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        if (request.url === '/webhook') {
          messages.push({ status: JSON.parse(text).status, text });
        }
        response.end('{}');
      });
    });
    await new Promise<void>((resolve) => sink.listen(443, INTERNET, resolve));
    await ensureProduction(cluster());
    await applyAll(cluster(), quickened(readManifests()));
    const { api } = cluster();
    await succeed(
      api.kubectl(
        ...[
          'rollout',
          'restart',
          'deployment/remediation-webhook',
          'statefulset/alertmanager',
          'statefulset/prometheus',
        ],
        `--namespace=${MONITORING}`,
      ),
    );
    await succeed(api.kubectl('label', 'deployment', TARGET, `${KEYS.optIn}=enabled`, `--namespace=${APPLICATION}`));
    await waitUntilReady(cluster());
  }, 400_000);
  afterAll(() => {
    sink?.closeAllConnections();
    sink?.close();
    process.stdout.write(`\nThe drill on kubelets\n${steps.join('\n')}\n`);
  });

  const targets = async (): Promise<Pod[]> =>
    (await runningPods(cluster(), APPLICATION)).filter(({ metadata }) => metadata.name.startsWith(TARGET));
  const query = async (promql: string) => {
    const [observer] = (await runningPods(cluster(), MONITORING)).filter(
      ({ metadata }) => metadata.name === 'prometheus-0',
    );
    const url = `http://127.0.0.1:9090/api/v1/query?query=${encodeURIComponent(promql)}`;
    return JSON.parse(await httpFrom(observer!, url)).data.result as { value: [number, string] }[];
  };
  const saturation = () => query(`namespace_workload_pod:process_resident_memory:ratio{workload="${TARGET}"}`);
  const records = async () => {
    const args = ['get', 'remediations', `--namespace=${MONITORING}`, '--output=json'];
    const { items } = JSON.parse(await succeed(cluster().api.kubectl(...args))) as { items: Remediation[] };
    return items.filter(({ status }) => status?.target?.name === TARGET && status.reason !== 'not-opted-in');
  };

  it('repairs a leak: real pods leak, are restarted by a real roll-out, and are verified', async () => {
    await waitFor('both pods to be measured', async () => (await saturation()).length === 2, { timeoutSeconds: 240 });
    // minimumAgeSeconds of the policy.
    await waitFor(
      'the target to be old enough',
      async () => {
        const ages = (await targets()).map(({ status }) => Date.now() - Date.parse(status.startTime));
        return Math.min(...ages) > (900_000 / FACTOR) * 1.1;
      },
      { timeoutSeconds: 90 },
    );
    const before = await targets();
    const pids = before.map((pod) => processOf(pod));
    for (const pod of before) {
      const url = `http://${pod.status.podIP}:3000/leak?mebibytes=${LEAK_MEBIBYTES}`;
      await inNetworkOf(pod, process.execPath, '--eval', `fetch('${url}', { method: 'POST' })`);
    }
    step('both pods leak');
    await waitFor('the leak to be seen', async () => (await saturation()).every(({ value }) => Number(value[1]) > 0.9));
    step('Prometheus sees both above 90 % of their limit');
    await waitFor(
      'the alert',
      async () => (await query(`ALERTS{alertname="${ALERT}",alertstate="firing"}`)).length > 0,
    );
    step(`${ALERT} fires`);
    await waitFor('the record', async () => (await records()).length > 0, { timeoutSeconds: 120 });
    step('the webhook has stored the record');
    await waitFor(
      'the roll-out',
      async () => {
        const names = (await targets()).map(({ metadata }) => metadata.name);
        return names.length === 2 && !before.some(({ metadata }) => names.includes(metadata.name));
      },
      { timeoutSeconds: 120 },
    );
    step('two new pods run, and the old ones have ended');
    await waitFor('the end', async () => (await records()).some(({ status }) => !isOpen(status.phase!)), {
      timeoutSeconds: 120,
    });
    const [record] = (await records()).filter(({ status }) => !isOpen(status.phase!));
    expect(record!.status).toMatchObject({ phase: 'succeeded', target: { kind: 'Deployment', name: TARGET } });
    step(`the webhook has verified the effect: ${record!.status.message}`);
    await waitFor('the all-clear', async () => (await query(`ALERTS{alertname="${ALERT}"}`)).length === 0, {
      timeoutSeconds: 120,
    });
    step(`${ALERT} is resolved`);
    const heard = (status: string) => messages.some((each) => each.status === status && each.text.includes(ALERT));
    await waitFor('both notifications', async () => heard('firing') && heard('resolved'), { timeoutSeconds: 120 });
    step('the recipient has received the alert and the all-clear, through a NetworkPolicy');
    const after = await targets();
    expect(after.map((pod) => processOf(pod)).filter((pid) => pids.includes(pid))).toEqual([]);
  }, 900_000);
});
