import { succeed } from '../../testing/cluster';
import { describeOnCluster } from './support/cluster';
import { ensureProduction, MONITORING, NODE_MONITORING, SECRET_VALUES } from './support/platform';
import { nameOf, runningPods } from './support/pods';

/** The values that a text has, by their place in the Secret: the message of a failed test must not repeat them. */
const leaksIn = (text: string) => SECRET_VALUES.flatMap((value, index) => (text.includes(value) ? [index] : []));

describeOnCluster('The logs of every pod', (cluster) => {
  beforeAll(() => ensureProduction(cluster()));

  it('hold no credential, after all that the suites before have done', async () => {
    const pods = [...(await runningPods(cluster(), MONITORING)), ...(await runningPods(cluster(), NODE_MONITORING))];
    let lines = 0;
    for (const pod of pods) {
      const { name, namespace } = pod.metadata;
      const log = await succeed(
        cluster().api.kubectl('logs', name, `--namespace=${namespace}`, '--all-containers', '--tail=-1'),
      );
      lines += log.split('\n').length;
      expect([nameOf(pod), leaksIn(log)]).toEqual([nameOf(pod), []]);
    }
    process.stdout.write(`\n${lines} lines of ${pods.length} pods hold none of ${SECRET_VALUES.length} credentials\n`);
    expect(lines).toBeGreaterThan(100);
  });

  it('would be found to hold one', () => {
    expect(leaksIn(`level=error msg="login failed" dsn="password=${SECRET_VALUES[3]}"`)).toEqual([3]);
  });
});
