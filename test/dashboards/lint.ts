import type { Dashboard } from '../../dashboards';
import { promqlSyntaxError } from '../../rules';
import { repeated } from '../../rules/checks';
import type { KnownRules } from './known-rules';
import { type DataSource, type Model, modelOf, type Panel, panelsOf, type Target } from './model';

/** Problems of a part of a dashboard, and how to fix them. */
type Check<T> = (subject: T, rules: KnownRules) => readonly string[];

/** Panel types that need neither a unit nor a query, with the reason. */
const WITHOUT_MEASURE: { readonly [type: string]: string } = {
  row: 'a heading',
  text: 'prose',
};

/** Panel types that need no unit, with the reason. */
const WITHOUT_UNIT: { readonly [type: string]: string } = {
  ...WITHOUT_MEASURE,
  logs: 'lines of text have no unit',
};

const COLUMNS = 24;
const MAX_UID_LENGTH = 40;
/** A ConfigMap holds 1 MiB, but a much smaller dashboard is already slow to open. */
const MAX_JSON_LENGTH = 150_000;
/** The last version of the classic schema. */
const SCHEMA_VERSION = 42;
const ON_TIME_RANGE_CHANGED = 2;
const DATA_SOURCE = '${datasource}';

const everyDashboard: readonly Check<Dashboard>[] = [
  ({ folder }) => unless(folder, 'the folder is not named: write its title'),
  ({ uid }) =>
    unless(uid && uid.length <= MAX_UID_LENGTH, `uid is not of 1 to ${MAX_UID_LENGTH} characters: rename it`),
  ({ json }) => {
    const { length } = JSON.stringify(json);
    return unless(
      length <= MAX_JSON_LENGTH,
      `the JSON has ${length} characters, more than ${MAX_JSON_LENGTH}: split it`,
    );
  },
];

const everyModel: readonly Check<Model>[] = [
  ({ description }) => unless(description, 'description is not set: write which questions it answers'),
  ({ editable }) => unless(editable === false, 'editable is not false: changes in the browser would be lost'),
  ({ timezone }) => unless(timezone === 'utc', `timezone is ${timezone}: write utc`),
  ({ refresh }) => unless(refresh === '1m', `refresh is ${refresh}: write 1m`),
  ({ tags }) => unless(tags?.length, 'tags is empty: dashboards find each other by a tag'),
  ({ schemaVersion }) =>
    unless(schemaVersion === SCHEMA_VERSION, `schemaVersion is ${schemaVersion}: write ${SCHEMA_VERSION}`),
  (model) => repeated(panelsOf(model).map(({ id }) => String(id))).map((id) => `the panel id ${id} is taken twice`),
  overlaps,
  variableUse,
  variableSettings,
  ({ annotations }, rules) =>
    annotations.list.flatMap(({ name, expr }) =>
      expr === undefined ? [] : expressionProblems(expr, rules).map((problem) => `annotation ${name}: ${problem}`),
    ),
];

const everyPanel: readonly Check<Panel>[] = [
  ({ id }) => unless(Number.isInteger(id) && id! > 0, `id is ${id}: write a positive whole number`),
  ({ title }) => unless(title?.trim(), 'title is not set: write it'),
  ({ gridPos: { x, w, h } }) =>
    unless(
      x >= 0 && w > 0 && h > 0 && x + w <= COLUMNS,
      `gridPos is outside of ${COLUMNS} columns: x ${x}, w ${w}, h ${h}`,
    ),
  ({ type, description }) => unless(type === 'row' || description?.trim(), 'description is not set: write it'),
  ({ type, fieldConfig }) =>
    unless(type in WITHOUT_UNIT || fieldConfig?.defaults.unit, 'unit is not set: write one, or "none"'),
  ({ type, targets }) => unless(type in WITHOUT_MEASURE || targets?.length, 'targets is empty: write a query'),
  ({ type, datasource }) => (type in WITHOUT_MEASURE ? [] : dataSourceProblems(datasource)),
  ({ targets = [] }) =>
    repeated(targets.map(({ refId }) => String(refId))).map((refId) => `refId ${refId} is taken twice`),
  thresholdProblems,
];

const everyTarget: readonly Check<Target>[] = [
  ({ refId }) => unless(refId, 'refId is not set: write A, B, …'),
  ({ datasource }) => dataSourceProblems(datasource),
  ({ expr }, rules) => expressionProblems(expr, rules),
];

const everyExpression: readonly Check<string>[] = [
  (expr) => {
    const error = promqlSyntaxError(withoutVariables(expr));
    return unless(error === undefined, `expr does not parse at "${error}": fix the PromQL`);
  },
  (expr) =>
    [...withoutStrings(expr).matchAll(/\b(i?rate|increase)\s*\([^[\]]*\[([^\]]*)\]/g)]
      .filter(([, , range]) => range !== '$__rate_interval')
      .map(([, name, range]) => `${name} is over ${range}: write $__rate_interval`),
  (expr) =>
    unless(
      !expr.includes('histogram_quantile') || /\bsum\s*by\s*\([^)]*\ble\b[^)]*\)/.test(expr),
      'histogram_quantile is not over sum by (le, …): quantiles of single series cannot be added up',
    ),
  (expr, { records }) =>
    [...withoutStrings(expr).matchAll(/[a-zA-Z_]\w*:[\w:]+/g)]
      .filter(([record]) => !records.has(record))
      .map(([record]) => `no rule records ${record}: write the rule, or read another series`),
];

/** Problems of a set of dashboards, one line each. */
export function lintDashboards(dashboards: readonly Dashboard[], rules: KnownRules): string[] {
  return [
    ...repeated(dashboards.map(({ uid }) => uid)).map((uid) => `the uid ${uid} is taken twice: rename one dashboard`),
    ...dashboards.flatMap((dashboard) => lintDashboard(dashboard, rules)),
  ];
}

/** Problems of a dashboard, one line each. */
export function lintDashboard(dashboard: Dashboard, rules: KnownRules): string[] {
  const model = modelOf(dashboard);
  return [
    ...run(everyDashboard, dashboard, rules),
    ...run(everyModel, model, rules),
    ...unless(model.uid === dashboard.uid, `uid is ${model.uid} in the JSON: write ${dashboard.uid}`),
    ...panelsOf(model).flatMap((panel) =>
      [
        ...run(everyPanel, panel, rules),
        ...(panel.targets ?? []).flatMap((target) => run(everyTarget, target, rules)),
      ].map((problem) => `${panel.title}: ${problem}`),
    ),
  ].map((problem) => `${dashboard.uid}: ${problem}`);
}

function overlaps(model: Model): string[] {
  const panels = panelsOf(model);
  return panels.flatMap((panel, index) =>
    panels
      .slice(index + 1)
      .filter((other) => overlap(panel.gridPos, other.gridPos))
      .map((other) => `${panel.title} and ${other.title} overlap: move one of them`),
  );
}

function overlap(a: Panel['gridPos'], b: Panel['gridPos']): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

function variableUse(model: Model): string[] {
  const defined = model.templating.list.map(({ name }) => name);
  const used = new Set(
    [...JSON.stringify(model).matchAll(/\$\{?([A-Za-z_]\w*)/g)]
      .map(([, name]) => name!)
      .filter((name) => !name.startsWith('__')),
  );
  return [
    ...[...used].filter((name) => !defined.includes(name)).map((name) => `$${name} is not defined: add the variable`),
    ...defined.filter((name) => !used.has(name)).map((name) => `$${name} is not used: remove the variable`),
  ];
}

function variableSettings({ templating }: Model): string[] {
  return [
    ...unless(
      templating.list.some(({ type, name }) => type === 'datasource' && `\${${name}}` === DATA_SOURCE),
      `the variable ${DATA_SOURCE} is missing: add it, so that the data source can be selected`,
    ),
    ...templating.list
      .filter(({ type }) => type === 'query')
      .flatMap(({ name, multi, includeAll, refresh }) => [
        ...unless(multi && includeAll, `$${name} does not offer several values and all: set multi and includeAll`),
        ...unless(refresh === ON_TIME_RANGE_CHANGED, `$${name} is not refreshed with the time range: set refresh to 2`),
      ]),
  ];
}

function dataSourceProblems(datasource: DataSource | undefined): string[] {
  return unless(
    datasource?.type === 'prometheus' && datasource.uid === DATA_SOURCE,
    `datasource is ${datasource?.uid}: write ${DATA_SOURCE} of type prometheus`,
  );
}

/** Each threshold must be the limit of an alert that the description names. */
function thresholdProblems({ description = '', fieldConfig }: Panel, { limits }: KnownRules): string[] {
  const alert = /limit of ([A-Z]\w+)/.exec(description)?.[1];
  const thresholds = (fieldConfig?.defaults.thresholds?.steps ?? []).flatMap(({ value }) => value ?? []);
  if (alert === undefined) {
    return thresholds.map((value) => `the threshold ${value} belongs to no alert: name the alert in the description`);
  }
  const known = limits.get(alert);
  return known === undefined
    ? [`the description names the alert ${alert}, which does not exist: write the name of a rule`]
    : thresholds
        .filter((value) => !known.includes(value))
        .map(
          (value) =>
            `the threshold ${value} is not in the expression of ${alert}: it compares with ${known.join(', ')}`,
        );
}

function expressionProblems(expr: string, rules: KnownRules): string[] {
  return run(everyExpression, expr, rules);
}

function withoutVariables(expr: string): string {
  return expr.replaceAll('$__rate_interval', '5m').replace(/\$\{?[A-Za-z_]\w*\}?/g, 'x');
}

function withoutStrings(expr: string): string {
  return expr.replace(/"(?:\\.|[^"\\])*"/g, '""');
}

function run<T>(checks: readonly Check<T>[], subject: T, rules: KnownRules): string[] {
  return checks.flatMap((check) => check(subject, rules));
}

function unless(good: unknown, problem: string): string[] {
  return good ? [] : [problem];
}
