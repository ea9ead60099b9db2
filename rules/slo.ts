import { ALERT_NAME } from './checks';
import { promqlSyntaxError } from './promql';
import type { AlertingRule, Category, Inhibition, RecordingRule, RuleFile, Severity } from './rule';
import { CATEGORIES } from './rule';

/** Events per second, as PromQL with `$window` for the range: all of them, and those that count against the objective. */
export type ServiceLevelIndicator =
  | { readonly errors: string; readonly total: string }
  | { readonly good: string; readonly total: string };

/** A share of events that must be good over thirty days. */
export interface ServiceLevelObjective {
  /** Value of the label `slo`, and the name of the file without `.yaml`. */
  readonly name: string;
  /** What the names of the alerts begin with. */
  readonly prefix: string;
  /** The team that answers the burn-rate alerts. */
  readonly category: Category;
  /** Share of good events, between 0 and 1. */
  readonly objective: number;
  /** The time over which the objective holds. */
  readonly window: '30d';
  readonly sli: ServiceLevelIndicator;
  /** A selector that has series whenever the objective can be measured, whether or not there is traffic. */
  readonly presence: string;
  /** Events an hour, on average over an alert's long window, below which its ratio says nothing. */
  readonly minimumPerHour: number;
  /** What is wrong, as the beginning of the alerts' summary. */
  readonly summary: string;
  /** What is counted, in the plural. */
  readonly events: string;
  /** What happened to those that were not good. */
  readonly failure: string;
}

/** A burn rate at which somebody is told, by the alert's level. */
interface BurnAlert {
  readonly level: 'Critical' | 'High' | 'Medium' | 'Low';
  readonly severity: Severity;
  /** How many times faster than allowed the budget is spent. */
  readonly factor: number;
  /** Says that it matters. */
  readonly long: Window;
  /** Says that it still goes on. */
  readonly short: Window;
  readonly for: string;
  /** When a whole budget is spent at this rate. */
  readonly spentIn: string;
}

/** The window that is read from the application's series: many pods, routes and buckets. */
const SHORTEST = '5m';
/**
 * Windows that are averaged from what the shortest gave, which is one series, and the minutes in them. It is looked at each
 * minute and the sum divided by all of them, so that a Prometheus without a history does not take a minute for an hour.
 */
const SHORT_WINDOWS = { '30m': 30, '1h': 60, '2h': 120, '6h': 360 } as const;
type ShortWindow = keyof typeof SHORT_WINDOWS;
/** Windows that are longer than what a new Prometheus should wait for: averages of what there is. */
const LONG_WINDOWS = ['1d', '3d', '30d'] as const;
type AveragedWindow = ShortWindow | (typeof LONG_WINDOWS)[number];
type Window = typeof SHORTEST | AveragedWindow;

/** Multiwindow, multi-burn-rate alerts of the SRE workbook, chapter 5, with a level between its page and its ticket. */
const BURN_ALERTS: readonly BurnAlert[] = [
  { level: 'Critical', severity: 'critical', factor: 14.4, long: '1h', short: '5m', for: '2m', spentIn: '50 hours' },
  { level: 'High', severity: 'high', factor: 6, long: '6h', short: '30m', for: '15m', spentIn: '5 days' },
  { level: 'Medium', severity: 'medium', factor: 3, long: '1d', short: '2h', for: '1h', spentIn: '10 days' },
  { level: 'Low', severity: 'low', factor: 1, long: '3d', short: '6h', for: '3h', spentIn: '30 days' },
];

const TOPIC_PREFIX = 'slo-';

/** The topic of an objective's rules. */
export function sloTopic({ name }: Pick<ServiceLevelObjective, 'name'>): string {
  return `${TOPIC_PREFIX}${name}`;
}

/** The file that a topic's rules are written in, or expanded from: `nodes.yaml`, `slos/api-latency.yaml`. */
export function sourceFileOf(topic: string): string {
  return topic.startsWith(TOPIC_PREFIX) ? `slos/${topic.slice(TOPIC_PREFIX.length)}.yaml` : `${topic}.yaml`;
}

/** The rules of an objective: what it records, and the alerts about it. */
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
      // Averages over days move slowly and read many samples.
      {
        name: `${topic}.budget`,
        interval: '2m',
        rules: [...LONG_WINDOWS.flatMap((window) => averageRecords(slo, window)), budgetRecord(slo)],
      },
      { name: topic, rules: BURN_ALERTS.map((alert) => burnAlert(slo, alert)) },
      // What has been absent for ten minutes need not be missed within 15 seconds.
      { name: `${topic}.presence`, interval: '1m', rules: [absentAlert(slo)] },
    ],
  };
}

/** A more urgent burn says all that the less urgent ones of the same objective would say. */
export function sloInhibitions({ prefix }: Pick<ServiceLevelObjective, 'prefix'>): readonly Inhibition[] {
  const names = BURN_ALERTS.map(({ level }) => burnAlertName(prefix, level));
  return names.slice(0, -1).map((source, index) => ({ source, targets: names.slice(index + 1), equal: ['slo'] }));
}

/** What is wrong with an objective, one line each. The expanded rules are checked as all rules are. */
export function checkSlo(file: string, slo: ServiceLevelObjective): string[] {
  const { name, prefix, category, objective, window, sli, presence, minimumPerHour } = slo;
  const checks: [boolean, string][] = [
    [name === file, `name is ${shown(name)}: write ${file}, as the file is called`],
    [ALERT_NAME.test(prefix ?? ''), `prefix is ${shown(prefix)}: write it in UpperCamelCase`],
    [CATEGORIES.includes(category), `category is ${shown(category)}: write one of ${CATEGORIES.join(', ')}`],
    [objective > 0 && objective < 1, `objective is ${shown(objective)}: write a ratio between 0 and 1, such as 0.999`],
    [window === '30d', `window is ${shown(window)}: write 30d, for which the burn rates are chosen`],
    [minimumPerHour > 0, `minimumPerHour is ${shown(minimumPerHour)}: write a number above 0`],
    ...(['summary', 'events', 'failure'] as const).map((field): [boolean, string] => [
      Boolean(slo[field]?.trim()),
      `${field} is not set: write it`,
    ]),
  ];
  return [
    ...checks.flatMap(([sound, problem]) => (sound ? [] : [problem])),
    ...checkIndicator(sli),
    ...parseProblem('presence', presence),
  ].map((problem) => `rules/slos/${file}.yaml: ${problem}`);
}

function checkIndicator(sli: Partial<Record<'errors' | 'good' | 'total', string>> = {}): string[] {
  if ((sli.errors === undefined) === (sli.good === undefined)) {
    return ['sli needs either errors or good: write one of them'];
  }
  return (['errors', 'good', 'total'] as const)
    .filter((part) => part === 'total' || sli[part] !== undefined)
    .flatMap((part) => {
      const expr = sli[part];
      if (expr !== undefined && !expr.includes(PLACEHOLDER)) {
        return [`sli.${part} has no ${PLACEHOLDER}: write it for the range, as in rate(demo_total[${PLACEHOLDER}])`];
      }
      return parseProblem(`sli.${part}`, expr && over(expr, '5m'));
    });
}

function parseProblem(what: string, expr: string | undefined): string[] {
  if (!expr?.trim()) {
    return [`${what} is not set: write it`];
  }
  const error = promqlSyntaxError(expr);
  return error ? [`${what} does not parse at "${error}": mend the PromQL`] : [];
}

const PLACEHOLDER = '$window';

function over(expr: string, window: string): string {
  return expr.trim().replaceAll(PLACEHOLDER, window);
}

function shown(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value);
}

/** What the application's own series say. */
function shortestRecords(slo: ServiceLevelObjective): RecordingRule[] {
  return [
    record(slo, totalRate(SHORTEST), over(slo.sli.total, SHORTEST)),
    record(slo, errorRate(SHORTEST), errorsOf(slo)),
    ratioRecord(slo, SHORTEST),
  ];
}

/**
 * Events that count against the objective. Errors of which there is no series are none. Good events of which there is
 * no series are unknown, not zero: a histogram without the bucket would otherwise be an outage.
 */
function errorsOf(slo: ServiceLevelObjective): string {
  const total = select(slo, totalRate(SHORTEST));
  if ('errors' in slo.sli) {
    return `(\n  ${over(slo.sli.errors, SHORTEST)}\n)\nor\nsum(${total} * 0)`;
  }
  return `sum(${total})\n-\n(\n  ${over(slo.sli.good, SHORTEST)}\n)`;
}

/** The average of errors over the average of events, which weighs an hour by its traffic. */
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
  const { level, severity, factor, long, short, spentIn } = burn;
  const limit = `${factor} * ${budgetOf(slo)}`;
  const objective = `${Number((slo.objective * 100).toPrecision(8))}%`;
  return {
    alert: burnAlertName(slo.prefix, level),
    expr: [
      `${select(slo, errorRatio(long))} > ${limit}`,
      `${select(slo, errorRatio(short))} > ${limit}`,
      `${select(slo, totalRate(long))} * 3600 >= ${slo.minimumPerHour}`,
    ].join('\nand\n'),
    for: burn.for,
    labels: { severity, category: slo.category, slo: slo.name },
    annotations: {
      summary: `${slo.summary}: the error budget of ${slo.name} is spent ${pace(factor)}`,
      description:
        `{{ $value | humanizePercentage }} of the ${slo.events} of the last ${long} ${slo.failure}, and it goes on ` +
        `(objective ${objective}, limit of this alert ${percent(factor * (1 - slo.objective))}); ` +
        `at this rate the budget of ${slo.window} is spent within ${spentIn}.`,
    },
  };
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

/** Share of events that may fail, without the noise of binary fractions. */
function budgetOf({ objective }: ServiceLevelObjective): number {
  return Number((1 - objective).toPrecision(8));
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(4))}%`;
}
