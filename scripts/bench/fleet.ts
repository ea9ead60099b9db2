import { metricContract } from '../../instrumentation';
import { type Metric, metricLists, SCRAPE_METRICS, seriesOf } from '../../metrics';
import type { Reads } from './reads';

export type Labels = Readonly<Record<string, string>>;

/** A series of the fleet, and how its value moves. */
export interface FleetSeries {
  readonly name: string;
  readonly labels: Labels;
  readonly start: number;
  /** How much it grows in a second. 0 for a gauge, and for a counter of what does not happen. */
  readonly perSecond: number;
}

export const PODS = 1000;
export const NODES = 50;
const PODS_OF_A_DEPLOYMENT = 25;
/** Pods that wait or have been ended: kube-state-metrics gives a reason for these alone. */
const IN_TROUBLE = 20;

/** Who the pods are. SightEdit has ten times as many as its autoscalers allow; the others run beside it. */
const SHARES: readonly (readonly [component: string, namespace: string, share: number])[] = [
  ['backend', 'sightedit', 0.2],
  ['cdn', 'sightedit', 0.1],
  ['website', 'sightedit', 0.05],
  ['coredns', 'kube-system', 0.05],
  ...Array.from({ length: 24 }, (_, index) => [`service-${index}`, 'sightedit', 0.025] as const),
];

/** What the application's components answer: each route with its statuses. Website and backend keep to the contract. */
const ROUTES: Readonly<Record<string, readonly (readonly [route: string, ...statuses: string[]])[]>> = {
  website: [
    ['/', '200', '404'],
    ['/health/live', '200'],
    ['/metrics', '200'],
  ],
  backend: [
    ['/api/save', '200', '400', '500'],
    ['/api/batch', '200', '400', '500'],
    ['/api/schema/:sight', '200', '404'],
    ['/api/upload', '200', '413', '500'],
    ['/api/auth/login', '200', '401', '429'],
    ['/api/auth/refresh', '200', '401'],
    ['/api/auth/logout', '200'],
    ['/api/auth/me', '200', '401'],
    ['/api/csp-report', '204'],
    ['/health/live', '200'],
    ['/health/ready', '200', '503'],
    ['/metrics', '200'],
  ],
};

/** How many there are of what is neither a pod nor a node. */
const OBJECTS: Readonly<Record<string, number>> = {
  deployment: PODS / PODS_OF_A_DEPLOYMENT,
  replicaset: (3 * PODS) / PODS_OF_A_DEPLOYMENT,
  horizontalpodautoscaler: PODS / PODS_OF_A_DEPLOYMENT,
  poddisruptionbudget: PODS / PODS_OF_A_DEPLOYMENT,
  persistentvolumeclaim: 30,
  persistentvolume: 30,
  statefulset: 5,
  daemonset: 5,
  job_name: 20,
  cronjob: 5,
  resourcequota: 2,
};

/** How many targets a job has, when it is neither a pod of the application nor a node. One, unless it stands here. */
const TARGETS: Readonly<Record<string, number>> = {
  prometheus: 2,
  alertmanager: 3,
  'remediation-webhook': 2,
  apiserver: 3,
  etcd: 3,
  'kube-scheduler': 3,
  'kube-controller-manager': 3,
  'blackbox-http': 10,
};

/** What one pod of the application computes for all of them. */
const COMPUTED_ONCE = /^sightedit_(active_users|user_retention_ratio|business_metrics_last_success_timestamp_seconds)$/;

/** Combinations of values of the other labels, of which a target has no more. */
const COMBINATIONS = 64;
const BOUNDARIES = ['0.1', '0.5', '1.0', '5.0', '+Inf'];

interface Pod {
  readonly component: string;
  readonly labels: Labels;
  readonly node: string;
}

const pods: readonly Pod[] = SHARES.flatMap(([component, namespace, share]) =>
  Array.from({ length: Math.round(PODS * share) }, (_, index) => {
    const name = `sightedit-${component}-${Math.floor(index / PODS_OF_A_DEPLOYMENT)}`;
    const pod = `${name}-6d4cf56db6-${index}`;
    return {
      component,
      node: `node-${index % NODES}`,
      labels: {
        namespace,
        pod,
        uid: `uid-${pod}`,
        container: component,
        owner_is_controller: 'true',
        owner_kind: 'ReplicaSet',
        owner_name: `${name}-6d4cf56db6`,
        created_by_kind: 'ReplicaSet',
        created_by_name: `${name}-6d4cf56db6`,
      },
    };
  }),
);

/** The series of every metric that rules read, as many as 1,000 pods and what surrounds them have. */
export function fleet(reads: Reads): readonly FleetSeries[] {
  const read = new Set(reads.names);
  return metricLists().flatMap(({ job, metrics }) => {
    if (job === 'sightedit-services') {
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

function targetsOf(job: string): readonly Labels[] {
  switch (job) {
    case 'sightedit-pods':
      return pods
        .filter(({ component }) => component in ROUTES)
        .map(({ component, node, labels: { namespace, pod } }) => ({
          job,
          component,
          node,
          namespace: namespace!,
          pod: pod!,
          instance: `${pod}:3000`,
        }));
    case 'kubelet':
    case 'cadvisor':
    case 'node-exporter':
      return Array.from({ length: NODES }, (_, index) => ({ job, node: `node-${index}`, instance: `node-${index}` }));
    case 'blackbox-http':
      return Array.from({ length: TARGETS[job]! }, (_, index) => ({ job, instance: `https://site-${index}.example` }));
    default:
      return Array.from({ length: TARGETS[job] ?? 1 }, (_, index) => ({
        job,
        namespace: 'sightedit-monitoring',
        service: job,
        pod: `${job}-${index}`,
        node: `node-${index}`,
        instance: `${job}-${index}:8080`,
      }));
  }
}

/** Label sets of a metric at a target: one for each object that it tells of, times its other labels. */
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
    return traffic(target, labels.includes('le') ? boundariesOf(name) : undefined);
  }
  // It honors the labels of the objects that it tells of.
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

function traffic(target: Labels, boundaries: readonly string[] | undefined): readonly Labels[] {
  return ROUTES[target.component!]!.flatMap(([route, ...statuses]) =>
    statuses.flatMap((status) => {
      const set = {
        ...target,
        http_route: route,
        http_request_method: /save|batch|upload|log|report/.test(route) ? 'POST' : 'GET',
        http_response_status_code: status,
      };
      return boundaries ? boundaries.map((le) => ({ ...set, le })) : [set];
    }),
  );
}

/** The objects that a target tells of, with their labels. Most tell of themselves. */
function objectsOf(job: string, target: Labels, labels: readonly string[]): readonly Labels[] {
  if (job === 'cadvisor') {
    return pods.filter(({ node }) => node === target.node).map((pod) => pod.labels);
  }
  if (job === 'kubelet' && labels.includes('persistentvolumeclaim')) {
    return target.node === 'node-0' ? objects('persistentvolumeclaim') : [];
  }
  if (job !== 'kube-state-metrics') {
    return [{}];
  }
  if (labels.includes('pod') && !labels.includes('persistentvolumeclaim')) {
    const told = labels.includes('reason') ? pods.slice(0, IN_TROUBLE) : pods;
    return told.map((pod) => ({ ...pod.labels, node: pod.node }));
  }
  if (labels.includes('node')) {
    return Array.from({ length: NODES }, (_, index) => ({ node: `node-${index}` }));
  }
  const kind = Object.keys(OBJECTS).find((candidate) => labels.includes(candidate));
  return kind ? objects(kind) : [{ namespace: 'sightedit' }];
}

function objects(kind: string): readonly Labels[] {
  if (kind === 'replicaset') {
    const owners = new Map(pods.map(({ labels: { namespace, owner_name } }) => [owner_name!, namespace!]));
    return [...owners].map(([replicaset, namespace]) => ({
      namespace,
      replicaset,
      owner_is_controller: 'true',
      owner_kind: 'Deployment',
      owner_name: replicaset.replace(/-[^-]+$/, ''),
    }));
  }
  return Array.from({ length: OBJECTS[kind]! }, (_, index) => ({
    namespace: 'sightedit',
    [kind]: `${kind}-${index}`,
    owner_is_controller: 'true',
    owner_kind: 'CronJob',
    owner_name: `${kind}-${index % 5}`,
  }));
}

/** Values of a label: those that rules ask for and one that they do not, or those of the contract. */
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
    .slice(0, COMBINATIONS);
}

const GIBIBYTE = 2 ** 30;
const DAY = 86_400;

/** Values of a fleet in which all is well, by the name of the series; 0 for what is not here. */
const GAUGES: readonly (readonly [name: RegExp, value: () => number])[] = [
  [/timestamp|_time_seconds$|_created$|_start_time$|last_terminated/, () => Date.now() / 1000 - DAY],
  [/cert_expiry|expiration_seconds|ttl_seconds/, () => Date.now() / 1000 + 90 * DAY],
  [/avail|free|working_set|resident|rss|used_bytes|heap_size_used/, () => GIBIBYTE / 4],
  [/bytes|memory|resource_(limits|requests)|status_(allocatable|capacity)/, () => GIBIBYTE],
  [/replicas|connection_max|_max$|limit/, () => PODS_OF_A_DEPLOYMENT],
  [/^up$|_up$|_info$|_owner$|success|healthy|disruptions_allowed/, () => 1],
];

/** Counters that move in a fleet in which all is well. */
const TRAFFIC = /request|cpu|bytes|packets|_count$|_bucket$|activations|save|auth_attempts|usage|conversion|revenue/;
/** What moves, and seldom: one in twenty minutes. */
const SELDOM = /fail|error|reject|refus|drop|throttl|conflict/;

function seriesFor(name: string, type: Metric['type'], labels: Labels): FleetSeries {
  if (type !== 'gauge' && type !== 'untyped') {
    const status = labels.http_response_status_code ?? '';
    const seldom = SELDOM.test(name) || status.startsWith('5') || labels.status === 'failed';
    return { name, labels, start: 1000, perSecond: seldom ? 0.0008 : TRAFFIC.test(name) ? 1 : 0 };
  }
  const isTrue = (labels.condition === 'Ready' && labels.status === 'true') || labels.phase === 'Running';
  const value = isTrue ? 1 : (GAUGES.find(([pattern]) => pattern.test(name))?.[1]() ?? 0);
  return { name, labels, start: value, perSecond: 0 };
}
