import { isDeepStrictEqual } from 'node:util';
import { succeed } from '../../testing/cluster';
import { DIST } from '../../testing/manifests';
import { waitFor } from '../../testing/server';
import { describeOnCluster } from './support/cluster';
import { inventory } from './support/inventory';
import { ensureProduction } from './support/platform';

/** Objects of the platform: everything in its namespaces, and what has its name elsewhere. */
const OWN = /sightedit/;

describeOnCluster('kubectl delete', (cluster) => {
  beforeAll(() => ensureProduction(cluster()));

  it('removes everything that dist/ has made', async () => {
    const own = async () => (await inventory(cluster())).filter((object) => OWN.test(object));
    expect((await own()).length).toBeGreaterThan(100);
    const { api } = cluster();
    // The namespace goes first and takes objects with it that kubectl has yet to delete.
    await succeed(api.kubectl('delete', '--filename', DIST, '--ignore-not-found', '--wait', '--timeout=180s'));
    // The namespace of the application belongs to the application, which still runs in it.
    const application = await succeed(api.kubectl('get', 'pods', '--namespace=sightedit', '--output=name'));
    expect(application).toContain('pod/sightedit-backend');
    await succeed(api.kubectl('delete', 'namespace', 'sightedit', '--wait'));
    await waitFor('volumes to follow their claims', async () => isDeepStrictEqual(await own(), [])).catch(() => {});
    expect(await own()).toEqual([]);
  });

  it('was tested with these stand-ins', () => {
    const { standIns } = cluster();
    process.stdout.write(
      ['', 'Not the real programs on this cluster:', ...standIns.map((each) => `  ${each}`), ''].join('\n'),
    );
    // Loki is the real one where its program was found.
    expect(standIns.filter((each) => !each.includes('Loki'))).toHaveLength(3);
  });
});
