import { isDeepStrictEqual } from 'node:util';
import { succeed } from '../../testing/cluster';
import { sightEditPlatform } from '../../testing/platform';
import { waitFor } from '../../testing/server';
import { describeOnCluster } from './support/cluster';
import { inventory } from './support/inventory';
import { applyAll, deleteAll, deployApplication, prepareNamespaces, waitUntilReady } from './support/platform';
import { nameOf, runningPods } from './support/pods';

describeOnCluster('The profile dev on an empty cluster', (cluster) => {
  const { manifests } = sightEditPlatform({}, 'dev');
  let before: string[];

  beforeAll(async () => {
    before = await inventory(cluster());
    await prepareNamespaces(cluster(), manifests);
    await deployApplication(cluster());
  });

  it('has every pod Ready', async () => {
    await applyAll(cluster(), manifests);
    await waitUntilReady(cluster());
    const pods = await runningPods(cluster(), 'sightedit-monitoring');
    expect(pods.filter(({ status }) => status.containerStatuses.some(({ restartCount }) => restartCount > 0))).toEqual(
      [],
    );
    expect(pods.map(nameOf).sort()).toEqual(
      expect.arrayContaining(['sightedit-monitoring/alertmanager-0', 'sightedit-monitoring/prometheus-0']),
    );
  });

  it('leaves nothing when it is deleted', async () => {
    const application = cluster().api.kubectl('delete', 'namespace', 'sightedit', '--wait');
    await Promise.all([deleteAll(cluster(), manifests), succeed(application)]);
    // Volumes follow their claims.
    const gone = async () => expect(await inventory(cluster())).toEqual(before);
    await waitFor('everything to be gone', async () => isDeepStrictEqual(await inventory(cluster()), before)).catch(
      gone,
    );
  });
});
