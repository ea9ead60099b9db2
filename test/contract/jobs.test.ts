import { App } from 'cdk8s';
import { addSightEditMonitoring, resolveSettings, sightEdit } from '../../charts';
import { RuleCatalogue, rulesOf } from '../../rules';

const JOB_MATCHER = /\bjob="([^"]+)"/g;

/** Jobs that expressions name and that no scrape job is called. */
function unknownJobs(expressions: readonly string[], jobs: readonly string[]): string[] {
  const named = new Set(expressions.flatMap((expr) => [...expr.matchAll(JOB_MATCHER)].map(([, job]) => job!)));
  return [...named].filter((job) => !jobs.includes(job));
}

describe('The scrape jobs', () => {
  const expressions = rulesOf(RuleCatalogue.sightEdit().files).map(({ expr }) => String(expr));
  const jobs = (settings: object) => {
    const input = { ...sightEdit, platform: 'kubeadm' as const, ...settings };
    return addSightEditMonitoring(new App(), 'sightedit', resolveSettings(input, 'production')).metrics.prometheus
      .jobNames;
  };

  it('are all that the rules name, wherever the application lives', () => {
    expect(unknownJobs(expressions, jobs({}))).toEqual([]);
    const application = { ...sightEdit.application, namespace: 'shop' };
    expect(unknownJobs(expressions, jobs({ application }))).toEqual([]);
  });

  it('are missed when one has another name', () => {
    expect(unknownJobs(['up{job="kubelets"} == 0'], jobs({}))).toEqual(['kubelets']);
  });
});
