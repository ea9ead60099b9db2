import { temporaryDirectory } from '../../testing/cleanup';
import { readManifests } from '../../testing/manifests';
import { recordAlertmanager } from './alertmanager';
import { recordBlackbox } from './blackbox';
import { recordKubernetes } from './kubernetes';
import { recordNode } from './node';
import { recordPostgres } from './postgres';
import type { Recorder, Recording } from './recording';
import { recordRedis } from './redis';
import { recordWebhook } from './webhook';

export * from './exposition';
export type { Recording } from './recording';

/** Everything that can be run, one after the other: the machine may be small. */
export const recorders: { readonly [name: string]: Recorder } = {
  postgres: recordPostgres,
  redis: recordRedis,
  node: recordNode,
  blackbox: recordBlackbox,
  alertmanager: recordAlertmanager,
  kubernetes: recordKubernetes,
  webhook: recordWebhook,
};

/** What a recorder reads from the programs that it runs, with the arguments that `dist/` gives them. */
export async function record(name: string): Promise<readonly Recording[]> {
  return recorders[name]!({ manifests: readManifests(), root: temporaryDirectory() });
}
