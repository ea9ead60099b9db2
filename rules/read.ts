import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseYaml } from '../formats/yaml';
import { stored } from '../memo';
import { checkAbsence, type MetricSources } from './absence';
import { CatalogueError } from './catalogue-error';
import { ALERT_NAME, checkRuleFile, repeated, SHIPPED_WORDS, type Vocabulary } from './checks';
import type { Contents, Origin } from './contents';
import { checkLogRuleFile, LOGS, logInhibitionProblems } from './log-checks';
import { checkSlo, type ServiceLevelObjective } from './objective';
import { type AlertingRule, type Inhibition, isAlertingRule, type Rule, type RuleFile, rulesOf } from './rule';
import { expandSlo, sloInhibitions } from './slo';
import { type Thresholds, thresholdProblems } from './thresholds';

/** Where a catalogue is read from. */
export interface CatalogueSource {
  /** Directory of `<topic>.yaml` files. Service level objectives are in its `slos/`, rules over logs in its `logs/`. */
  readonly rules: string;
  /** Directory of `<AlertName>.md` runbooks. */
  readonly runbooks: string;
  /**
   * Directory of `<AlertName>.yaml` promtool tests. Those of rules over logs are in `logs/tests`.
   * @default - `tests` in the directory of the rules
   */
  readonly tests?: string;
  /** Words that the label `severity` may have. @default critical, high, medium, low and none */
  readonly severities?: readonly string[];
  /** Words that the label `category` may have. @default - the six categories of the shipped rules */
  readonly categories?: readonly string[];
}

/** File of a catalogue's named limits; every other `.yaml` file of the directory is a topic. */
const THRESHOLDS = 'thresholds';

// The checks take longest in a synthesis. `npm run synth` stores their results.
const ruleProblemsOf = stored('checkRuleFile', ({ file, words }: { file: RuleFile; words: Vocabulary }) =>
  checkRuleFile(file, words),
);
const logProblemsOf = stored('checkLogRuleFile', ({ file, words }: { file: RuleFile; words: Vocabulary }) =>
  checkLogRuleFile(file, words),
);
const sloProblemsOf = stored(
  'checkSlo',
  ({ name, slo, categories }: { name: string; slo: ServiceLevelObjective; categories: readonly string[] }) =>
    checkSlo(name, slo, categories),
);
const absenceProblemsOf = stored(
  'checkAbsence',
  ({ files, sources }: { files: readonly RuleFile[]; sources: MetricSources }) => checkAbsence(files, sources),
);
const limitProblemsOf = stored('thresholdProblems', ({ rule, limits }: { rule: AlertingRule; limits: Thresholds }) =>
  thresholdProblems(rule, limits),
);

/**
 * Reads and checks a directory of rules.
 *
 * @throws CatalogueError when a rule breaks a convention, does not parse, or lacks its runbook or test, and when a
 *   runbook or a test has no rule
 */
export function readContents(source: CatalogueSource, origin: Origin): Contents {
  const tests = source.tests ?? join(source.rules, 'tests');
  const words: Vocabulary = {
    severities: source.severities ?? SHIPPED_WORDS.severities,
    categories: source.categories ?? SHIPPED_WORDS.categories,
  };
  const slos = readSlos(join(source.rules, 'slos'), words);
  const written = filesOf(source.rules, '.yaml')
    .filter((name) => name !== THRESHOLDS)
    .map((topic) => readRuleFile(source.rules, topic));
  const logs = readLogs(source.rules);
  const logTests = join(source.rules, LOGS, 'tests');
  const expanded = slos.map(expandSlo);
  const files = [...written, ...expanded].sort(byTopic);
  const inhibitions = [
    ...readInhibitions(join(source.rules, 'alertmanager', 'inhibitions.yaml')),
    ...slos.flatMap(sloInhibitions),
  ];
  const sources = readSources(join(source.rules, 'absence', 'sources.yaml'));
  const thresholds = readThresholds(join(source.rules, `${THRESHOLDS}.yaml`));
  const alerts = rulesOf(files).filter(isAlertingRule);
  const names = alerts.map(({ alert }) => alert);
  const logNames = rulesOf(logs)
    .filter(isAlertingRule)
    .map(({ alert }) => alert);
  const allNames = [...names, ...logNames];
  const broken = [
    ...written.flatMap((file) => ruleProblemsOf({ file, words })),
    ...logs.flatMap((file) => logProblemsOf({ file, words })),
    // An objective decides the severities of its alerts itself.
    ...expanded.flatMap((file) =>
      ruleProblemsOf({ file, words: { ...words, severities: [...words.severities, ...SHIPPED_WORDS.severities] } }),
    ),
  ];
  const problems = [
    ...broken,
    // A rule that does not parse names no metrics.
    ...(broken.length > 0
      ? []
      : [
          ...absenceProblemsOf({ files, sources }),
          ...checkThresholds(thresholds, alerts),
          ...logInhibitionProblems(inhibitions, logs),
        ]),
    ...repeated(files.map(({ topic }) => topic)).map((topic) => `two files have the topic ${topic}: rename one`),
    ...repeated(allNames).map((name) => `${name} is defined twice: rename one of the alerts`),
    ...repeated([...files, ...logs].flatMap(({ groups }) => groups.map(({ name }) => name))).map(
      (name) => `the group ${name} is defined twice: rename one of the groups`,
    ),
    ...partners(allNames, namesOf(source.runbooks, '.md'), 'runbook', (name) =>
      join(basename(source.runbooks), `${name}.md`),
    ),
    // The published package leaves the tests of its rules out.
    ...(origin === 'shipped' && !existsSync(tests)
      ? []
      : partners(names, namesOf(tests, '.yaml'), 'test', (name) => join('rules', basename(tests), `${name}.yaml`))),
    ...(origin === 'shipped' && !existsSync(logTests)
      ? []
      : partners(logNames, existsSync(logTests) ? namesOf(logTests, '.yaml') : [], 'test', (name) =>
          join('rules', LOGS, 'tests', `${name}.yaml`),
        )),
    ...checkInhibitions(inhibitions, new Set(allNames)),
  ];
  if (problems.length > 0) {
    throw new CatalogueError(problems);
  }
  return {
    files,
    logs,
    inhibitions,
    sources,
    pages: readPages(source.runbooks),
    thresholds: new Map(Object.entries(thresholds)),
    origins: new Map([...files, ...logs].map(({ topic }) => [topic, origin])),
  };
}

/** The files of rules over logs. Their topics are `logs/<name>`. */
function readLogs(rules: string): readonly RuleFile[] {
  const directory = join(rules, LOGS);
  return existsSync(directory)
    ? filesOf(directory, '.yaml').map((name) => ({ ...readRuleFile(directory, name), topic: `${LOGS}/${name}` }))
    : [];
}

function readThresholds(path: string): { readonly [alert: string]: Thresholds } {
  return existsSync(path) ? readYaml<{ [alert: string]: Thresholds }>(path) : {};
}

function checkThresholds(
  thresholds: { readonly [alert: string]: Thresholds },
  alerts: readonly AlertingRule[],
): string[] {
  return Object.entries(thresholds).flatMap(([name, limits]) => {
    const rule = alerts.find(({ alert }) => alert === name);
    return rule ? limitProblemsOf({ rule, limits }) : [`thresholds.yaml: there is no alert ${name}: remove its limits`];
  });
}

function readRuleFile(directory: string, topic: string): RuleFile {
  const path = join(directory, `${topic}.yaml`);
  const { groups } = readYaml<Partial<RuleFile>>(path);
  if (!Array.isArray(groups)) {
    throw new CatalogueError([`${path} has no groups: write "groups:" and a list under it`]);
  }
  const empty = groups.find(({ rules }) => !Array.isArray(rules));
  if (empty) {
    throw new CatalogueError([`${path}: the group ${empty.name} has no rules: write "rules:" and a list under it`]);
  }
  return { topic, groups: groups.map((group) => ({ ...group, rules: group.rules.map(withTextExpr) })) };
}

/** YAML reads an expression such as `1` as a number. */
function withTextExpr(rule: Rule): Rule {
  return rule.expr === undefined || rule.expr === null ? rule : { ...rule, expr: String(rule.expr) };
}

/** @throws CatalogueError when an objective cannot be expanded */
function readSlos(directory: string, { categories }: Vocabulary): readonly ServiceLevelObjective[] {
  const slos = (existsSync(directory) ? filesOf(directory, '.yaml') : []).map((name) => ({
    name,
    slo: readYaml<ServiceLevelObjective>(join(directory, `${name}.yaml`)),
  }));
  const problems = slos.flatMap(({ name, slo }) => sloProblemsOf({ name, slo, categories }));
  if (problems.length > 0) {
    throw new CatalogueError(problems);
  }
  return slos.map(({ slo }) => slo);
}

function readPages(directory: string): ReadonlyMap<string, string> {
  return new Map(filesOf(directory, '.md').map((page) => [page, readFileSync(join(directory, `${page}.md`), 'utf8')]));
}

/** The order of topics. */
export function byTopic(one: RuleFile, other: RuleFile): number {
  return one.topic < other.topic ? -1 : Number(one.topic > other.topic);
}

function readInhibitions(path: string): readonly Inhibition[] {
  return existsSync(path) ? (readYaml<{ inhibitions?: Inhibition[] }>(path).inhibitions ?? []) : [];
}

function readSources(path: string): MetricSources {
  return existsSync(path) ? readYaml<MetricSources>(path) : {};
}

/** The YAML document of a file. An empty file is an empty map. */
function readYaml<T extends object>(path: string): T {
  try {
    return (parseYaml(readFileSync(path, 'utf8')) ?? {}) as T;
  } catch (error) {
    throw new CatalogueError([`${path} is not valid YAML: ${(error as Error).message}`]);
  }
}

function checkInhibitions(inhibitions: readonly Inhibition[], alerts: ReadonlySet<string>): string[] {
  return inhibitions.flatMap(({ source, targets = [], equal = [] }) => [
    ...[source, ...targets]
      .filter((name) => !alerts.has(name))
      .map((name) => `inhibitions.yaml: there is no alert ${name}: write the name of an alert`),
    ...(equal.length > 0
      ? []
      : [`inhibitions.yaml: ${source} has no equal labels and would inhibit ${targets} everywhere: name the labels`]),
  ]);
}

function partners(
  alerts: readonly string[],
  found: readonly string[],
  what: string,
  path: (name: string) => string,
): string[] {
  return [
    ...alerts.filter((name) => !found.includes(name)).map((name) => `${name} has no ${what}: write ${path(name)}`),
    ...found
      .filter((name) => !alerts.includes(name))
      .map((name) => `${path(name)} is the ${what} of no alert: remove it, or write the alert ${name}`),
  ];
}

/** Names of the files about one alert. They are UpperCamelCase; a README or a guide is not. */
function namesOf(directory: string, extension: string): string[] {
  return filesOf(directory, extension).filter((name) => ALERT_NAME.test(name) && name !== 'README');
}

function filesOf(directory: string, extension: string): string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith(extension))
    .map((file) => basename(file, extension))
    .sort();
}
