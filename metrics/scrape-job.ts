/** A scrape job, as far as it decides which labels its series have. */
export interface ScrapeJob {
  readonly job_name: string;
  readonly honor_labels?: boolean;
  readonly static_configs?: readonly { readonly labels?: { readonly [label: string]: string } }[];
  readonly relabel_configs?: readonly Relabelling[];
}

interface Relabelling {
  readonly action?: string;
  readonly target_label?: string;
  readonly regex?: string;
}

/** Series that Prometheus itself adds to each scrape. They are not subject to relabelling of metrics. */
export const SCRAPE_METRICS = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added',
] as const;

/** Labels that the series of every target get from the job: those that relabelling leaves, and Prometheus' own two. */
export function targetLabels({ static_configs = [], relabel_configs = [] }: ScrapeJob): ReadonlySet<string> {
  const labels = new Set(static_configs.flatMap((group) => Object.keys(group.labels ?? {})));
  for (const { action = 'replace', target_label, regex } of relabel_configs) {
    if (action === 'replace' && target_label && !target_label.startsWith('__')) {
      labels.add(target_label);
    } else if (action === 'labeldrop') {
      const dropped = new RegExp(`^(?:${regex})$`);
      for (const label of [...labels].filter((name) => dropped.test(name))) {
        labels.delete(label);
      }
    } else if (action === 'labelmap' || action === 'labelkeep') {
      throw new Error(`the labels that ${action} gives are not known here: read them in metrics/scrape-job.ts first`);
    }
  }
  return labels.add('instance').add('job');
}

/** Labels of a series of a job: its own, and those of the target, which win unless the job honors the series'. */
export function withTargetLabels(job: ScrapeJob, own: ReadonlySet<string>): ReadonlySet<string> {
  const added = targetLabels(job);
  const renamed = job.honor_labels ? [] : [...own].filter((label) => added.has(label));
  return new Set([...own, ...added, ...renamed.map((label) => `exported_${label}`)]);
}
