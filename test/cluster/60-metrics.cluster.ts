import { type Recording, record } from '../../scripts/recording';
import { goneSeries, isComparable, missingOf } from '../support/metric-lists';
import { describeOnCluster } from './support/cluster';
import { ensureProduction } from './support/platform';

describeOnCluster(
  'The recording of the nodes (if it fails: npm run cluster -- exec npm run metrics:record -- nodes)',
  (cluster) => {
    let recordings: readonly Recording[];
    beforeAll(async () => {
      await ensureProduction(cluster());
      recordings = await record('nodes');
    });

    it('has every metric that kubelets and scheduler expose', () => {
      const found = recordings.filter(isComparable).map(missingOf);
      expect(found.map(({ job }) => job)).toEqual(['kubelet', 'kube-scheduler']);
      expect(found).toEqual(found.map(({ job }) => ({ job, missing: [] })));
    });

    it('has no metric in use that they no longer expose', () => {
      expect(recordings.map((recording) => ({ job: recording.job, gone: goneSeries(recording) }))).toEqual(
        recordings.map(({ job }) => ({ job, gone: [] })),
      );
    });
  },
);
