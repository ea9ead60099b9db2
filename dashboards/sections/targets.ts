import { PercentUnit, Seconds, Short } from '@grafana/grafana-foundation-sdk/units';
import { type Section, timeSeries } from '../kit';

/** The scrape targets. */
export const targets: Section = {
  title: 'Targets',
  lines: [
    [
      timeSeries({
        title: 'Targets up',
        description: 'Targets of each job whose last scrape succeeded.',
        unit: Short,
        queries: [{ expr: 'sum by (job) (up)', legend: '{{job}}' }],
      }),
      timeSeries({
        title: 'Targets down',
        description:
          'Share of the targets of each job whose scrapes fail. Their alerts cannot fire, and their panels are empty.',
        unit: PercentUnit,
        limit: { alert: 'TargetDown', value: 0.1 },
        queries: [{ expr: '1 - sum by (job) (up) / count by (job) (up)', legend: '{{job}}' }],
      }),
    ],
    [
      timeSeries({
        title: 'Scrape duration',
        description: 'Slowest scrape of each job. A scrape that exceeds its timeout is lost.',
        unit: Seconds,
        queries: [{ expr: 'max by (job) (scrape_duration_seconds)', legend: '{{job}}' }],
      }),
      timeSeries({
        title: 'Samples per scrape',
        description:
          'Samples of the largest target of each job. Prometheus drops a scrape that exceeds the limit of its job.',
        unit: Short,
        queries: [{ expr: 'max by (job) (scrape_samples_scraped)', legend: '{{job}}' }],
      }),
    ],
  ],
};
