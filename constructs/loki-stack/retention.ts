import { SettingError } from '../kit';
import { checkCount } from '../kit/checks';

/** How long lines are kept. Loki deletes them afterwards. */
export interface LokiRetention {
  /** Days that lines are kept, from 1. */
  readonly days: number;
  /** Streams that are kept for another time. The first that matches decides. @default - none */
  readonly streams?: readonly StreamRetention[];
}

/** How long some streams are kept. */
export interface StreamRetention {
  /** Matchers of index labels, e.g. `{stream="security"}`. Loki matches nothing else here. */
  readonly selector: string;
  /** Days that their lines are kept, from 1. */
  readonly days: number;
  /** Volume of these streams in gigabytes a day, for the size of the volume. @default - a tenth of `gigabytesPerDay` */
  readonly gigabytesPerDay?: number;
}

/** The longest time that a line is kept, in days. */
export function longestDays({ days, streams = [] }: LokiRetention): number {
  return Math.max(days, ...streams.map((stream) => stream.days));
}

/** One matcher of a selector: label, operator, and a value in double quotes or backticks. */
const MATCHER = /^\s*([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*("(?:[^"\\\n]|\\.)*"|`[^`]*`)\s*(,|$)/;

/**
 * Checks times and selectors.
 *
 * @param labels names of the index labels
 * @throws SettingError for part of a day: Loki refuses less than 24 hours for a stream
 * @throws SettingError for a selector that is none, and for a label that is not in the index: it would match nothing
 */
export function checkRetention({ days, streams = [] }: LokiRetention, labels: readonly string[]): void {
  checkCount('retention.days', days);
  for (const { selector, days: streamDays, gigabytesPerDay } of streams) {
    checkCount('retention.streams.days', streamDays);
    if (gigabytesPerDay !== undefined && !(gigabytesPerDay > 0)) {
      throw new SettingError('retention.streams.gigabytesPerDay', gigabytesPerDay, 'write a number greater than zero');
    }
    for (const label of labelsOf(selector)) {
      if (!labels.includes(label)) {
        const known = labels.join(', ');
        const fix = `${label} is no index label, so nothing would match; write one of ${known}, or add it to indexLabels`;
        throw new SettingError('retention.streams.selector', selector, fix);
      }
    }
  }
}

function labelsOf(selector: string): string[] {
  const fix = 'write matchers of index labels, e.g. {stream="security"}';
  const [, inner] = /^\s*\{(.*)\}\s*$/s.exec(selector) ?? [];
  const labels: string[] = [];
  let rest = inner ?? '';
  while (rest.trim() !== '') {
    const [matched, label] = MATCHER.exec(rest) ?? [];
    if (matched === undefined || label === undefined) {
      throw new SettingError('retention.streams.selector', selector, fix);
    }
    labels.push(label);
    rest = rest.slice(matched.length);
  }
  if (labels.length === 0) {
    throw new SettingError('retention.streams.selector', selector, fix);
  }
  return labels;
}

/**
 * The fields of `limits_config` that delete lines and let queries see all of them.
 *
 * A query sees nothing older than `max_query_lookback`, so it is the longest time of all. The highest priority decides
 * between two selectors that match.
 */
export function retentionLimits(retention: LokiRetention): { readonly [field: string]: unknown } {
  const { days, streams = [] } = retention;
  const longest = longestDays(retention);
  return {
    retention_period: hours(days),
    retention_stream:
      streams.length > 0
        ? streams.map(({ selector, days: streamDays }, index) => ({
            selector,
            priority: streams.length - index,
            period: hours(streamDays),
          }))
        : undefined,
    max_query_lookback: hours(longest),
    // Grafana rounds the range of a panel up.
    max_query_length: `${longest * 24 + 1}h`,
  };
}

function hours(days: number): string {
  return `${days * 24}h`;
}
