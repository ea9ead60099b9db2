import type { ScrapeConfig } from '../formats/prometheus';

/** Series that Prometheus itself adds to each scrape. Relabelling of metrics does not apply to them. */
export const SCRAPE_METRICS = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
] as const;

/**
 * Labels that every series of a job gets from its target: those that relabelling leaves, and `job` and `instance`.
 *
 * @throws Error for `labelmap` and `labelkeep`, whose result depends on what discovery finds
 */
export function targetLabels({ static_configs = [], relabel_configs = [] }: ScrapeConfig): ReadonlySet<string> {
  const given = static_configs.flatMap((group) => Object.keys(group.labels ?? {}));
  // Those with two underscores are for relabelling only.
  const labels = new Set(given.filter((name) => !name.startsWith('__')));
  for (const { action = 'replace', target_label, regex } of relabel_configs) {
    if (action === 'replace' && target_label && !target_label.startsWith('__')) {
      labels.add(target_label);
    } else if (action === 'labeldrop') {
      const dropped = new RegExp(`^(?:${regex})$`);
      for (const label of [...labels].filter((name) => dropped.test(name))) {
        labels.delete(label);
      }
    } else if (action === 'labelmap' || action === 'labelkeep') {
      throw new Error(
        `targetLabels() cannot follow the relabelling action ${action}: teach it in metrics/scrape-job.ts`,
      );
    }
  }
  return labels.add('instance').add('job');
}

/**
 * Labels of a series of a job: its own and those of the target. Where both have a label, the target's wins and the
 * series' own is renamed to `exported_<label>`, unless the job honors the series' labels.
 */
export function withTargetLabels(job: ScrapeConfig, own: ReadonlySet<string>): ReadonlySet<string> {
  const added = targetLabels(job);
  const renamed = job.honor_labels ? [] : [...own].filter((label) => added.has(label));
  return new Set([...own, ...added, ...renamed.map((label) => `exported_${label}`)]);
}
