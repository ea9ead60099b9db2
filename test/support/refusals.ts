import { readFileSync } from 'node:fs';
import { temporaryDirectory } from '../../testing/cleanup';
import { layOutAlertmanager, underRoot, writeInto } from '../../testing/files';
import { configFiles } from '../../testing/manifests';
import type { Accepted } from './settings';
import { complaints, startTool } from './tools';

/** What amtool and promtool say of the configurations that the program writes for some settings; empty if nothing. */
export async function serverComplaints(accepted: readonly Pick<Accepted, 'manifests'>[]): Promise<string[]> {
  const root = temporaryDirectory();
  for (const file of ['token', 'ca.crt']) {
    writeInto(root, `var/run/secrets/kubernetes.io/serviceaccount/${file}`, 'not a real credential');
  }
  const alertmanager = accepted.map(({ manifests }, index) => {
    const text = readFileSync(layOutAlertmanager(manifests, root), 'utf8');
    return writeInto(root, `alertmanager-${index}.yml`, text);
  });
  const prometheus = accepted.map(({ manifests }, index) => {
    const text = configFiles(manifests, 'prometheus-config')['prometheus.yml']!;
    // The rules are the same for all of them, and other tests check them.
    return writeInto(root, `prometheus-${index}.yml`, underRoot(root, text));
  });
  const outcomes = await Promise.all([
    startTool('amtool', 'check-config', ...alertmanager),
    startTool('promtool', 'check', 'config', ...prometheus),
  ]);
  return outcomes.map(complaints).filter((text) => text !== '');
}
