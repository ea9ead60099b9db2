import { maskingProps } from '../../constructs';
import { temporaryDirectory } from '../../testing/cleanup';
import { type Kubernetes, makeNamespace, startKubernetes } from '../../testing/kubernetes';
import {
  addPod,
  appendLog,
  collectorManifests,
  complaintsOf,
  credentialsOf,
  criLine,
  startAgent,
} from '../../testing/log-collector';
import type { Manifest } from '../../testing/manifests';
import { NAMESPACE } from '../../testing/render';
import { waitFor } from '../../testing/server';
import { startLoki } from '../e2e/support/loki';
import { lokiProcess, type StoredLine, storedLines } from '../e2e/support/stored-lines';
import { type Case, LOOK_ALIKES, leaks, SECRETS } from './corpus';

/** What the corpus has become in Loki. */
export interface StoredScore {
  readonly secrets: number;
  /** Texts in Loki that still have their secret. */
  readonly leaking: readonly string[];
  readonly lookAlikes: number;
  /** Look-alikes that are not in Loki as they were written. */
  readonly changed: readonly string[];
  /** Lines by kind, as the agent's counter tells them. */
  readonly counted: ReadonlyMap<string, number>;
  /** What the agent said in its log that is no information. */
  readonly complaints: readonly string[];
}

/** The manifests of a log collector that masks and counts. */
export function sanitisingManifests(): Manifest[] {
  return collectorManifests(maskingProps());
}

/** Sends the corpus through the agent into Loki and reads it back. */
export async function storedScore(): Promise<StoredScore> {
  const kubernetes = await startKubernetes();
  try {
    return await scoreWith(kubernetes);
  } finally {
    await kubernetes.stop();
  }
}

async function scoreWith(kubernetes: Kubernetes): Promise<StoredScore> {
  await makeNamespace(kubernetes, NAMESPACE);
  const root = temporaryDirectory();
  const manifests = sanitisingManifests();
  const loki = await startLoki('loki', await lokiProcess(manifests, temporaryDirectory()));
  const kubeconfig = await credentialsOf(kubernetes, manifests, 'log-collector', root);
  const pod = await addPod(kubernetes, { namespace: 'shop', name: 'web', container: 'web', labels: { app: 'shop' } });
  const texts = [...SECRETS.map(({ text }) => text), ...LOOK_ALIKES];
  // A marker tells the events apart. It is no part of a case: it begins the first line, and the other lines follow it.
  const lines = texts.flatMap((text, index) =>
    `<${index}> ${text}`.split('\n').map((line, at) => (at === 0 ? line : ` ${line}`)),
  );
  appendLog(root, `${pod.directory}/0.log`, lines.map((line) => criLine(line)).join(''));
  const lokiPort = Number(new URL(loki.url).port);
  const agent = await startAgent('agent', { manifests, root, kubeconfig, lokiPort });
  let stored: readonly StoredLine[] = [];
  await waitFor('every event in Loki', async () => {
    stored = await storedLines(loki.url, '{namespace="shop"}');
    return stored.length >= texts.length;
  });
  const counted = await counts(agent.counterUrl!);
  await agent.server.stop();
  await loki.server.stop();
  const byIndex = new Map(stored.map((each) => [Number(/^<(\d+)>/.exec(each.line)?.[1]), each]));
  return {
    secrets: SECRETS.length,
    leaking: SECRETS.flatMap((each, index) => leakOf(each, byIndex.get(index))),
    lookAlikes: LOOK_ALIKES.length,
    changed: LOOK_ALIKES.filter(
      (text, index) => byIndex.get(SECRETS.length + index)?.line.replace(/^<\d+> /, '') !== text,
    ),
    counted,
    complaints: complaintsOf(agent),
  };
}

/** The title of a case and what was stored, if its secret is in the line, in a label or in structured metadata. */
function leakOf(each: Case, stored: StoredLine | undefined): readonly string[] {
  if (stored === undefined) {
    return [`${each.title}: not in Loki`];
  }
  const text = [stored.line, ...Object.values(stored.labels)].join(' ');
  return leaks(each, text).length > 0 ? [`${each.title}: ${text}`] : [];
}

async function counts(url: string): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(url)).text();
  return new Map(
    [...text.matchAll(/^masked_records_total\{[^}]*kind="(\w+)"[^}]*\} (\d+)/gm)].map(([, kind, value]) => [
      kind!,
      Number(value),
    ]),
  );
}
