import { LogCollector, LokiStack } from '../../constructs';
import type { LokiRules } from '../../formats/loki';
import { parseYaml } from '../../formats/yaml';
import { RuleCatalogue } from '../../rules';
import { sanitising, sanitisingProcessors } from '../../rules/sanitising';
import { startLoki } from '../../test/e2e/support/loki';
import { lokiProcess } from '../../test/e2e/support/stored-lines';
import { temporaryDirectory } from '../../testing/cleanup';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import { addPod, appendLog, credentialsOf, criLine, type LoggedPod, startAgent } from '../../testing/log-collector';
import { SENDERS } from '../../testing/logql/rule-tests';
import { manifestsOf, NAMESPACE, testChart } from '../../testing/render';

/** The sender of a line. */
export type Sender = keyof typeof SENDERS;

/** A Loki with the rules, and the agent that sends it the lines of pods. */
export interface DetectionPlatform {
  readonly kubernetes: Kubernetes;
  readonly lokiUrl: string;
  /** Writes lines into the file of their pod, as the container runtime does. */
  write(lines: readonly { readonly from: Sender; readonly text: string }[]): void;
}

/** Starts the API server, Loki with SightEdit's rules, and the agent with the sanitising patterns. */
export async function startPlatform(interval: string): Promise<DetectionPlatform> {
  const chart = testChart();
  const loki = new LokiStack(chart, 'loki');
  for (const { topic, content } of RuleCatalogue.sightEdit().renderLogs({
    runbook: ({ alert }) => `runbooks/${alert}.md`,
  })) {
    const { groups } = parseYaml(content) as LokiRules;
    loki.addRules(topic.slice(topic.indexOf('/') + 1), { groups: groups.map((group) => ({ ...group, interval })) });
  }
  new LogCollector(chart, 'logs', {
    loki,
    cluster: 'production',
    processors: sanitisingProcessors('lines', sanitising({})),
  });
  const manifests = manifestsOf(chart);

  const kubernetes = await startKubernetes();
  await makeNamespace(kubernetes, NAMESPACE);
  const root = temporaryDirectory();
  const server = await startLoki('loki', await lokiProcess(manifests, root));
  const kubeconfig = await credentialsOf(kubernetes, manifests, 'log-collector', root);
  const pods = await addPods(kubernetes);
  await startAgent('agent', { manifests, root, kubeconfig, lokiPort: Number(new URL(server.url).port) });
  return {
    kubernetes,
    lokiUrl: server.url,
    write: (lines) => {
      for (const pod of new Set(pods.values())) {
        const own = lines.filter(({ from }) => pods.get(podName(from)) === pod);
        appendLog(root, `${pod.directory}/0.log`, own.map(({ text }) => criLine(text)).join(''));
      }
    },
  };
}

/** Senders with the same component and container are one pod. */
function podName(from: Sender): string {
  const labels: { readonly [label: string]: string } = SENDERS[from];
  return [labels.app, labels.component, '0'].filter(Boolean).join('-');
}

async function addPods(kubernetes: Kubernetes): Promise<ReadonlyMap<string, LoggedPod>> {
  const pods = new Map<string, LoggedPod>();
  for (const from of Object.keys(SENDERS) as Sender[]) {
    const { app, component, container, namespace }: { readonly [label: string]: string } = SENDERS[from];
    const name = podName(from);
    if (namespace !== undefined && container !== undefined && !pods.has(name)) {
      const labels = { 'app.kubernetes.io/name': app, 'app.kubernetes.io/component': component };
      pods.set(name, await addPod(kubernetes, { namespace, name, container, labels }));
    }
  }
  return pods;
}
