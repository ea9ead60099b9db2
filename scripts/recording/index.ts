import { temporaryDirectory } from '../../testing/cleanup';
import { readManifests } from '../../testing/manifests';
import { recordAlertmanager } from './alertmanager';
import { recordBlackbox } from './blackbox';
import { recordKubernetes } from './kubernetes';
import { recordLogCollector } from './log-collector';
import { recordLoki } from './loki';
import { recordNode } from './node';
import { recordNodes } from './nodes';
import { recordPostgres } from './postgres';
import type { Recorder, Recording } from './recording';
import { recordRedis } from './redis';
import { recordTraces } from './traces';
import { recordWebhook } from './webhook';

export * from './exposition';
export type { Recording } from './recording';

/** Every recorder. They run one after the other, so that a small machine can run them. */
export const recorders: { readonly [name: string]: Recorder } = {
  postgres: recordPostgres,
  redis: recordRedis,
  node: recordNode,
  blackbox: recordBlackbox,
  alertmanager: recordAlertmanager,
  kubernetes: recordKubernetes,
  webhook: recordWebhook,
  'log-collector': recordLogCollector,
  traces: recordTraces,
};

/** Recorders that need the program `loki` (docs/logs.md). */
export const lokiRecorders: { readonly [name: string]: Recorder } = { loki: recordLoki };

/** Recorders that need a running cluster (`npm run cluster`). */
export const clusterRecorders: { readonly [name: string]: Recorder } = { nodes: recordNodes };

/** Runs a recorder on the manifests of `dist/`. */
export async function record(name: string): Promise<readonly Recording[]> {
  return { ...recorders, ...lokiRecorders, ...clusterRecorders }[name]!({
    manifests: readManifests(),
    root: temporaryDirectory(),
  });
}
