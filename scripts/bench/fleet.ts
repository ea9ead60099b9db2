import { metricContract } from '../../instrumentation/contract';
import { metricLists, SCRAPE_METRICS, seriesOf } from '../../metrics';
import { objectsOf, targetsOf } from './objects';
import { type Labels, pods } from './pods';
import type { Reads } from './reads';
import { trafficOf } from './routes';
import { type FleetSeries, seriesFor } from './values';

/** Metrics that one pod of the application computes for all pods. */
const COMPUTED_ONCE = /^sightedit_(active_users|user_retention_ratio|business_metrics_last_success_timestamp_seconds)$/;

/** The pods ask to be scraped themselves, so the job of annotated Services has no target. The others are on request. */
const WITHOUT_TARGETS = ['sightedit-services', 'coredns', 'kube-proxy'];

/** Most label sets that one target exposes of one metric. */
const MAX_COMBINATIONS = 64;
const BOUNDARIES = ['0.1', '0.5', '1.0', '5.0', '+Inf'];

/** The series of every metric that rules read, as many as 1,000 pods and the rest of their cluster have. */
export function fleet(reads: Reads): readonly FleetSeries[] {
  const read = new Set(reads.names);
  return metricLists().flatMap(({ job, metrics }) => {
    if (WITHOUT_TARGETS.includes(job)) {
      return [];
    }
    const types = new Map(
      Object.entries(metrics).flatMap(([name, metric]) =>
        [...seriesOf({ [name]: metric })].map(([series, labels]) => [series, { metric, labels }] as const),
      ),
    );
    const own = [...types].filter(([name]) => read.has(name));
    return targetsOf(job).flatMap((target) => [
      ...SCRAPE_METRICS.filter((name) => read.has(name)).map((name) => seriesFor(name, 'gauge', target)),
      ...own.flatMap(([name, { metric, labels }]) =>
        labelSets(job, target, name, [...labels], reads).map((set) => seriesFor(name, metric.type, set)),
      ),
    ]);
  });
}

/** Label sets of a metric at a target: one for each object that it reports and each combination of its other labels. */
function labelSets(
  job: string,
  target: Labels,
  name: string,
  labels: readonly string[],
  reads: Reads,
): readonly Labels[] {
  if (COMPUTED_ONCE.test(name) && target.pod !== pods[0]!.labels.pod) {
    return [];
  }
  if (job === 'sightedit-pods' && labels.includes('http_route')) {
    return trafficOf(target, labels.includes('le') ? boundariesOf(name) : undefined);
  }
  // The job honors the labels of the objects, and drops those of the target.
  const ofTarget: Labels = job === 'kube-state-metrics' ? { job, instance: target.instance! } : target;
  return objectsOf(job, target, labels).flatMap((object) => {
    const open = labels.filter((label) => !(label in object) && !(label in ofTarget));
    const domains = open.map(
      (label) => [label, label === 'le' ? boundariesOf(name, reads) : valuesOf(name, label, reads)] as const,
    );
    const own = Object.fromEntries(Object.entries(object).filter(([label]) => labels.includes(label)));
    return combinations(domains).map((set) => ({ ...ofTarget, ...own, ...set }));
  });
}

/** Values of a label: those of the contract, or those that rules select and one that they do not. */
function valuesOf(name: string, label: string, reads: Reads): readonly string[] {
  const contract = metricContract.find((metric) => metric.name === name)?.labels.find((known) => known.name === label);
  if (contract && !('bounded' in contract.values)) {
    return contract.values;
  }
  if (contract) {
    return ['one', 'two', 'three'];
  }
  return [...reads.valuesOf(name, label), 'other'];
}

function boundariesOf(name: string, reads?: Reads): readonly string[] {
  const contract = metricContract.find((metric) => `${metric.name}_bucket` === name);
  if (contract?.type === 'histogram') {
    return [...contract.buckets.map((bound) => (Number.isInteger(bound) ? `${bound}.0` : String(bound))), '+Inf'];
  }
  return [...new Set([...(reads?.valuesOf(name, 'le') ?? []), ...BOUNDARIES])];
}

function combinations(domains: readonly (readonly [label: string, values: readonly string[]])[]): readonly Labels[] {
  return domains
    .reduce<readonly Labels[]>(
      (sets, [label, values]) => sets.flatMap((set) => values.map((value) => ({ ...set, [label]: value }))),
      [{}],
    )
    .slice(0, MAX_COMBINATIONS);
}
