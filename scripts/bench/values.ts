import type { Metric } from '../../metrics';
import { type Labels, PODS_PER_DEPLOYMENT } from './pods';

/** A series of the fleet, and how its value changes. */
export interface FleetSeries {
  readonly name: string;
  readonly labels: Labels;
  readonly start: number;
  /** Growth per second. 0 for a gauge, and for a counter of events that do not happen. */
  readonly perSecond: number;
}

const GIBIBYTE = 2 ** 30;
const DAY = 86_400;

/** Values of gauges in a healthy fleet, by the name of the series. All others are 0. */
const GAUGES: readonly (readonly [name: RegExp, value: () => number])[] = [
  [/timestamp|_time_seconds$|_created$|_start_time$|last_terminated/, () => Date.now() / 1000 - DAY],
  [/cert_expiry|expiration_seconds|ttl_seconds/, () => Date.now() / 1000 + 90 * DAY],
  [/avail|free|working_set|resident|rss|used_bytes|heap_size_used/, () => GIBIBYTE / 4],
  [/bytes|memory|resource_(limits|requests)|status_(allocatable|capacity)/, () => GIBIBYTE],
  [/replicas|connection_max|_max$|limit/, () => PODS_PER_DEPLOYMENT],
  [/^up$|_up$|_info$|_owner$|success|healthy|disruptions_allowed/, () => 1],
];

/** Counters that grow by one per second in a healthy fleet. */
const TRAFFIC = /request|cpu|bytes|packets|_count$|_bucket$|activations|save|auth_attempts|usage|conversion|revenue/;
/** Counters of failures. They grow by one in twenty minutes. */
const RARE = /fail|error|reject|refus|drop|throttl|conflict/;
const RARE_PER_SECOND = 0.0008;

/** A series with the value that it has in a healthy fleet. */
export function seriesFor(name: string, type: Metric['type'], labels: Labels): FleetSeries {
  if (type !== 'gauge' && type !== 'untyped') {
    const status = labels.http_response_status_code ?? '';
    const isRare = RARE.test(name) || status.startsWith('5') || labels.status === 'failed';
    return { name, labels, start: 1000, perSecond: isRare ? RARE_PER_SECOND : TRAFFIC.test(name) ? 1 : 0 };
  }
  const isTrue = (labels.condition === 'Ready' && labels.status === 'true') || labels.phase === 'Running';
  const value = isTrue ? 1 : (GAUGES.find(([pattern]) => pattern.test(name))?.[1]() ?? 0);
  return { name, labels, start: value, perSecond: 0 };
}
