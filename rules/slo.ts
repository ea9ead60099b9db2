import { over, type ServiceLevelObjective } from './objective';
import type { AlertingRule, Inhibition, RecordingRule, RuleFile, Severity } from './rule';

/** One of the burn-rate alerts. */
interface BurnAlert {
  readonly level: 'Critical' | 'High' | 'Medium' | 'Low';
  readonly severity: Severity;
  /** Burn rate: how many times faster than allowed the budget is used up. */
  readonly factor: number;
  /** Long window: enough of the budget is gone to matter. */
  readonly long: Window;
  /** Short window: the problem is still going on. */
  readonly short: Window;
  readonly for: string;
  /** Time in which this burn rate uses up a whole budget. */
  readonly exhaustedIn: string;
}

/** The only window that reads the application's series, which are many: pods, routes and buckets. */
const SHORTEST = '5m';
/**
 * Windows that are averaged from the recorded shortest window, with their minutes. A sum of one sample per minute is
 * divided by all minutes of the window, so a Prometheus with one minute of history does not report it as a whole hour.
 */
const SHORT_WINDOWS = { '30m': 30, '1h': 60, '2h': 120, '6h': 360 } as const;
type ShortWindow = keyof typeof SHORT_WINDOWS;
/** Windows too long for a new Prometheus to wait for: averages of the samples so far. */
const LONG_WINDOWS = ['1d', '3d', '30d'] as const;
type AveragedWindow = ShortWindow | (typeof LONG_WINDOWS)[number];
type Window = typeof SHORTEST | AveragedWindow;

/**
 * Multiwindow, multi-burn-rate alerts, with one more level than in the SRE workbook, between its page and its ticket.
 *
 * @see https://sre.google/workbook/alerting-on-slos/#6-multiwindow-multi-burn-rate-alerts
 */
const BURN_ALERTS: readonly BurnAlert[] = [
  {
    level: 'Critical',
    severity: 'critical',
    factor: 14.4,
    long: '1h',
    short: '5m',
    for: '2m',
    exhaustedIn: '50 hours',
  },
  { level: 'High', severity: 'high', factor: 6, long: '6h', short: '30m', for: '15m', exhaustedIn: '5 days' },
  { level: 'Medium', severity: 'medium', factor: 3, long: '1d', short: '2h', for: '1h', exhaustedIn: '10 days' },
  { level: 'Low', severity: 'low', factor: 1, long: '3d', short: '6h', for: '3h', exhaustedIn: '30 days' },
];

const TOPIC_PREFIX = 'slo-';

/** The topic of an objective's rules. */
export function sloTopic({ name }: Pick<ServiceLevelObjective, 'name'>): string {
  return `${TOPIC_PREFIX}${name}`;
}

/** The file that a topic's rules are written in, or expanded from: `nodes.yaml`, `slos/api-latency.yaml`. */
export function sourceFileOf(topic: string): string {
  // Topics of rules over logs are named like their files: logs/<name>.
  return topic.startsWith(TOPIC_PREFIX) ? `slos/${topic.slice(TOPIC_PREFIX.length)}.yaml` : `${topic}.yaml`;
}

/** The recording rules and the alerts of an objective. */
export function expandSlo(slo: ServiceLevelObjective): RuleFile {
  const topic = sloTopic(slo);
  return {
    topic,
    groups: [
      {
        name: `${topic}.recording`,
        rules: [
          ...shortestRecords(slo),
          ...Object.keys(SHORT_WINDOWS).flatMap((window) => averageRecords(slo, window as ShortWindow)),
        ],
      },
      // Averages over days change slowly and read many samples.
      {
        name: `${topic}.budget`,
        interval: '2m',
        rules: [...LONG_WINDOWS.flatMap((window) => averageRecords(slo, window)), budgetRecord(slo)],
      },
      { name: topic, rules: BURN_ALERTS.map((alert) => burnAlert(slo, alert)) },
      // The alert waits ten minutes anyway.
      { name: `${topic}.presence`, interval: '1m', rules: [absentAlert(slo)] },
    ],
  };
}

/** A more urgent burn-rate alert inhibits the less urgent ones of the same objective. */
export function sloInhibitions({ prefix }: Pick<ServiceLevelObjective, 'prefix'>): readonly Inhibition[] {
  const names = BURN_ALERTS.map(({ level }) => burnAlertName(prefix, level));
  return names.slice(0, -1).map((source, index) => ({ source, targets: names.slice(index + 1), equal: ['slo'] }));
}

/** The records that read the application's series. */
function shortestRecords(slo: ServiceLevelObjective): RecordingRule[] {
  return [
    record(slo, totalRate(SHORTEST), over(slo.sli.total, SHORTEST)),
    record(slo, errorRate(SHORTEST), errorsOf(slo)),
    ratioRecord(slo, SHORTEST),
  ];
}

/**
 * The bad events. Without series of errors there were none. Without series of good events their number is unknown, not
 * zero: a histogram that lacks the bucket would otherwise look like an outage.
 */
function errorsOf(slo: ServiceLevelObjective): string {
  const total = select(slo, totalRate(SHORTEST));
  if ('errors' in slo.sli) {
    return `(\n  ${over(slo.sli.errors, SHORTEST)}\n)\nor\nsum(${total} * 0)`;
  }
  return `sum(${total})\n-\n(\n  ${over(slo.sli.good, SHORTEST)}\n)`;
}

/** Average errors divided by average events, which weights each hour by its traffic. */
function averageRecords(slo: ServiceLevelObjective, window: AveragedWindow): RecordingRule[] {
  return [
    ...[totalRate, errorRate].map((rate) => record(slo, rate(window), averaged(select(slo, rate(SHORTEST)), window))),
    ratioRecord(slo, window),
  ];
}

function averaged(series: string, window: AveragedWindow): string {
  return window in SHORT_WINDOWS
    ? `sum_over_time(${series}[${window}:1m]) / ${SHORT_WINDOWS[window as ShortWindow]}`
    : `avg_over_time(${series}[${window}])`;
}

function ratioRecord(slo: ServiceLevelObjective, window: Window): RecordingRule {
  return record(
    slo,
    errorRatio(window),
    `${select(slo, errorRate(window))}\n/\n(${select(slo, totalRate(window))} > 0)`,
  );
}

function budgetRecord(slo: ServiceLevelObjective): RecordingRule {
  return record(
    slo,
    'slo:error_budget_remaining:ratio',
    `1 - ${select(slo, errorRatio(slo.window))} / ${budgetOf(slo)}`,
  );
}

function burnAlert(slo: ServiceLevelObjective, burn: BurnAlert): AlertingRule {
  const { level, severity, factor, long, short, exhaustedIn } = burn;
  const limit = `${factor} * ${budgetOf(slo)}`;
  const objective = `${Number((slo.objective * 100).toPrecision(8))}%`;
  return {
    alert: burnAlertName(slo.prefix, level),
    expr: [
      `${select(slo, errorRatio(long))} > ${limit}`,
      `${select(slo, errorRatio(short))} > ${limit}`,
      `${failuresIn(slo, long)} >= ${slo.minimumFailures}`,
    ].join('\nand\n'),
    for: burn.for,
    labels: { severity, category: slo.category, slo: slo.name },
    annotations: {
      summary: `${slo.summary}: the error budget of ${slo.name} burns ${pace(factor)}`,
      description:
        `{{ $value | humanizePercentage }} of the ${slo.events} of the last ${long} ${slo.failure}, and the problem ` +
        `continues (objective ${objective}, limit of this alert ${percent(factor * (1 - slo.objective))}); ` +
        `at this rate the ${slo.window} error budget is gone within ${exhaustedIn}.`,
    },
  };
}

/**
 * The number of bad events in an alert's long window. The recorded rates of the longest windows are averages of the
 * samples so far: in a young Prometheus, such an average times the window would count failures that did not happen.
 */
function failuresIn(slo: ServiceLevelObjective, long: Window): string {
  return long in SHORT_WINDOWS
    ? `${select(slo, errorRate(long))} * ${SHORT_WINDOWS[long as ShortWindow] * 60}`
    : `sum_over_time(${select(slo, errorRate(SHORTEST))}[${long}:5m]) * 300`;
}

function absentAlert(slo: ServiceLevelObjective): AlertingRule {
  return {
    alert: `${slo.prefix}SLOMetricAbsent`,
    expr: `absent(${slo.presence.trim()})`,
    for: '10m',
    labels: { severity: 'high', category: 'meta', slo: slo.name },
    annotations: {
      summary: `The objective ${slo.name} is not measured`,
      description:
        `The series that ${slo.name} is computed from have been absent for ten minutes; ` +
        'its error budget is not counted, and its burn-rate alerts cannot fire.',
    },
  };
}

function pace(factor: number): string {
  return factor === 1 ? 'faster than allowed' : `more than ${factor} times as fast as allowed`;
}

function burnAlertName(prefix: string, level: BurnAlert['level']): string {
  return `${prefix}BudgetBurn${level}`;
}

function totalRate(window: Window): string {
  return `slo:sli_total:rate${window}`;
}

function errorRate(window: Window): string {
  return `slo:sli_errors:rate${window}`;
}

function errorRatio(window: Window): string {
  return `slo:sli_error:ratio_rate${window}`;
}

function record({ name }: ServiceLevelObjective, series: string, expr: string): RecordingRule {
  return { record: series, expr, labels: { slo: name } };
}

function select({ name }: ServiceLevelObjective, series: string): string {
  return `${series}{slo="${name}"}`;
}

/** Share of events that may fail, rounded because `1 - 0.999` is not exactly 0.001 in binary. */
function budgetOf({ objective }: ServiceLevelObjective): number {
  return Number((1 - objective).toPrecision(8));
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(4))}%`;
}
