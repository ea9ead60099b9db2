import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { dashboards } from '../../dashboards';
import type { ScrapeConfig } from '../../formats/prometheus';
import { targetLabels } from '../../metrics';
import { RuleCatalogue } from '../../rules';
import { type MetricSources, unwatchedJobs } from '../../rules/absence';
import { TARGETS } from '../../scripts/bench/objects';
import { sightEditPlatform } from '../../testing/platform';
import { ROOT } from '../../tools/catalogue';
import { modelOf, panelsOf } from '../dashboards/model';
import { scrapeConfigs } from '../metrics/sightedit';

const configs = scrapeConfigs();
const jobs = configs.map(({ job_name }) => job_name);
const sources = load(readFileSync(join(ROOT, 'rules', 'absence', 'sources.yaml'), 'utf8')) as MetricSources;

/** Jobs whose targets are in one of the platform's namespaces. */
function platformJobs(all: readonly ScrapeConfig[]): readonly ScrapeConfig[] {
  return all.filter(({ kubernetes_sd_configs = [] }) =>
    kubernetes_sd_configs.some(({ namespaces }) =>
      namespaces?.names?.some((name) => ['sightedit-monitoring', 'sightedit-monitoring-node'].includes(name)),
    ),
  );
}

/** Jobs that the panel "Platform jobs up" leaves out: it finds a job by its namespace, or names it. */
function missingInPanel(all: readonly ScrapeConfig[]): string[] {
  const monitoring = dashboards().find(({ uid }) => uid === 'monitoring')!;
  const panel = panelsOf(modelOf(monitoring)).find(({ title }) => title === 'Platform jobs up')!;
  const { expr } = panel.targets![0]!;
  return platformJobs(all)
    .filter((job) => !targetLabels(job).has('namespace') && !expr.includes(`job="${job.job_name}"`))
    .map(({ job_name }) => job_name);
}

/** Jobs in the first column of the table of labels in rules/README.md. */
function jobsInReadme(): string[] {
  const text = readFileSync(join(ROOT, 'rules', 'README.md'), 'utf8');
  const table = text.split('\n## ').find((section) => section.startsWith('Labels of the scrape jobs'))!;
  return table
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...line.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(([, job]) => job!));
}

describe('A scrape job', () => {
  const { files } = RuleCatalogue.sightEdit();
  const added: ScrapeConfig = {
    job_name: 'memcached-exporter',
    kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: ['sightedit-monitoring'] } }],
  };

  it('has an alert that fires when it has no target, unless absence/sources.yaml calls it optional', () => {
    expect(unwatchedJobs(jobs, files, sources)).toEqual([]);
  });

  it('is found when it has no such alert', () => {
    expect(unwatchedJobs([...jobs, added.job_name], files, sources)).toEqual([added.job_name]);
  });

  it('is optional only if it exists and has no such alert', () => {
    const optional = Object.keys(sources.optionalJobs!);
    expect(optional.filter((job) => !jobs.includes(job))).toEqual([]);
    expect(unwatchedJobs(optional, files)).toEqual(optional);
  });

  it('exists wherever absence/sources.yaml names one', () => {
    const named = [...Object.values(sources.jobs!), ...sources.unpinned!];
    expect(named.filter((job) => !jobs.includes(job))).toEqual([]);
  });

  it('of the platform is in the panel "Platform jobs up"', () => {
    expect(platformJobs(configs).map(({ job_name }) => job_name)).toEqual(
      expect.arrayContaining(['postgres-exporter', 'node-exporter', 'remediation-webhook', 'grafana']),
    );
    expect(missingInPanel(configs)).toEqual([]);
    expect(missingInPanel([...configs, added])).toEqual([added.job_name]);
  });

  it('is in the table of rules/README.md', () => {
    expect(jobsInReadme().sort()).toEqual([...jobs].sort());
  });

  it('exists wherever the benchmark names one', () => {
    expect(Object.keys(TARGETS).filter((job) => !jobs.includes(job))).toEqual([]);
  });

  it('has the same name wherever the application runs', () => {
    const application = { probedUrls: ['https://shop.example.com/'], namespace: 'shop' };
    const { prometheus } = sightEditPlatform({ platform: 'kubeadm', application }).charts.metrics;
    expect(prometheus.jobNames).toEqual(jobs);
  });
});
