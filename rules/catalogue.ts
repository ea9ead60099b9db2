import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { stored } from '../memo';
import { packagePath } from '../package-root';
import { jsonToYaml, parseYaml } from '../yaml';
import { type Coverage, checkAbsence, coverageOf, type MetricSources } from './absence';
import { ALERT_NAME, checkRuleFile, repeated } from './checks';
import { labelsInTemplate, type MetricUse } from './metric-use';
import { type AlertingRule, type Inhibition, isAlertingRule, type Rule, type RuleFile, rulesOf } from './rule';
import { promqlBlocks } from './runbook';
import { checkSlo, expandSlo, type ServiceLevelObjective, sloInhibitions } from './slo';

/** Where a catalogue is read from. */
export interface CatalogueSource {
  /** Directory of `<topic>.yaml` files, and of service level objectives in `slos/`. */
  readonly rules: string;
  /** Directory of `<AlertName>.md` runbooks. */
  readonly runbooks: string;
  /** Directory of `<AlertName>.yaml` promtool tests. @default - `tests` in the directory of the rules */
  readonly tests?: string;
}

/** Where the links of an alert lead. */
export interface AlertLinks {
  readonly runbook: (alert: AlertingRule) => string;
  /** @default - alerts carry no link to a dashboard */
  readonly dashboard?: (alert: AlertingRule) => string | undefined;
}

// Reading and checking rules takes longest in a synthesis. `npm run synth` stores the results.
const promqlOf = stored('promqlBlocks', promqlBlocks);
const ruleProblemsOf = stored('checkRuleFile', checkRuleFile);
const sloProblemsOf = stored('checkSlo', ({ name, slo }: { name: string; slo: ServiceLevelObjective }) =>
  checkSlo(name, slo),
);
const absenceProblemsOf = stored(
  'checkAbsence',
  ({ files, sources }: { files: readonly RuleFile[]; sources: MetricSources }) => checkAbsence(files, sources),
);

/** Rules that cannot be used. The message lists every problem, one a line. */
export class CatalogueError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The rules cannot be used:\n  ${problems.join('\n  ')}`);
    this.name = 'CatalogueError';
  }
}

/**
 * Alerts and recording rules, checked. An alert is in the catalogue only together with its runbook and its test.
 */
export class RuleCatalogue {
  /** SightEdit's own rules, which come with the package. */
  static sightEdit(): RuleCatalogue {
    return RuleCatalogue.read({ rules: packagePath('rules'), runbooks: packagePath('runbooks') });
  }

  /**
   * Reads and checks a directory of rules.
   *
   * @throws CatalogueError when a rule breaks a convention, does not parse, or lacks its runbook or test, and when a
   *   runbook or a test has no rule
   */
  static read(source: CatalogueSource): RuleCatalogue {
    const tests = source.tests ?? join(source.rules, 'tests');
    const slos = readSlos(join(source.rules, 'slos'));
    const files = [
      ...filesOf(source.rules, '.yaml').map((topic) => readRuleFile(source.rules, topic)),
      ...slos.map(expandSlo),
    ].sort(byTopic);
    const inhibitions = [
      ...readInhibitions(join(source.rules, 'alertmanager', 'inhibitions.yaml')),
      ...slos.flatMap(sloInhibitions),
    ];
    const sources = readSources(join(source.rules, 'absence', 'sources.yaml'));
    const alerts = rulesOf(files).filter(isAlertingRule);
    const names = alerts.map(({ alert }) => alert);
    const broken = files.flatMap(ruleProblemsOf);
    const problems = [
      ...broken,
      // What a rule that does not parse reads is not known.
      ...(broken.length > 0 ? [] : absenceProblemsOf({ files, sources })),
      ...repeated(files.map(({ topic }) => topic)).map((topic) => `the topic ${topic} is there twice: rename a file`),
      ...repeated(names).map((name) => `${name} is defined twice: rename one of the alerts`),
      ...repeated(files.flatMap(({ groups }) => groups.map(({ name }) => name))).map(
        (name) => `the group ${name} is defined twice: rename one of the groups`,
      ),
      ...partners(names, namesOf(source.runbooks, '.md'), 'runbook', (name) =>
        join(basename(source.runbooks), `${name}.md`),
      ),
      ...partners(names, namesOf(tests, '.yaml'), 'test', (name) => join('rules', basename(tests), `${name}.yaml`)),
      ...checkInhibitions(inhibitions, new Set(names)),
    ];
    if (problems.length > 0) {
      throw new CatalogueError(problems);
    }
    return new RuleCatalogue(files, inhibitions, sources, readPages(source.runbooks));
  }

  private constructor(
    readonly files: readonly RuleFile[],
    /** Which alerts silence which. */
    readonly inhibitions: readonly Inhibition[],
    private readonly sources: MetricSources,
    /** Text of the runbooks, and of the pages beside them, by the name of the file without `.md`. */
    private readonly pages: ReadonlyMap<string, string>,
  ) {}

  get alerts(): readonly AlertingRule[] {
    return rulesOf(this.files).filter(isAlertingRule);
  }

  /** Every expression that reads metrics: of rules, in runbooks, and where alerts are compared by their labels. */
  get uses(): readonly MetricUse[] {
    const rules = this.files.flatMap(({ topic, groups }) =>
      groups.flatMap((group) => group.rules).map((rule) => ruleUse(topic, rule)),
    );
    const runbooks = [...this.pages].flatMap(([page, text]) =>
      promqlOf(text).map((expr) => ({ where: `runbooks/${page}.md`, expr, shows: [] })),
    );
    const { alerts } = this;
    return [...rules, ...runbooks, ...this.inhibitions.flatMap((inhibition) => inhibitionUses(inhibition, alerts))];
  }

  /** Every metric that an alert reads, and who speaks when it disappears. */
  get coverage(): readonly Coverage[] {
    return coverageOf(this.files, this.sources);
  }

  /** The catalogue without some topics, e.g. those about parts that a platform hides. */
  without(topics: readonly string[]): RuleCatalogue {
    const files = this.files.filter(({ topic }) => !topics.includes(topic));
    const kept = new Set(
      rulesOf(files)
        .filter(isAlertingRule)
        .map(({ alert }) => alert),
    );
    return new RuleCatalogue(
      files,
      this.inhibitions
        .filter(({ source }) => kept.has(source))
        .map((inhibition) => ({ ...inhibition, targets: inhibition.targets.filter((target) => kept.has(target)) }))
        .filter(({ targets }) => targets.length > 0),
      this.sources,
      new Map([...this.pages].filter(([page]) => kept.has(page) || !this.alerts.some(({ alert }) => alert === page))),
    );
  }

  /** The rule files for the server: what stands in the directory, and the annotations that are derived. */
  render(links: AlertLinks): readonly { readonly topic: string; readonly content: string }[] {
    return this.files.map(({ topic, groups }) => ({
      topic,
      content: jsonToYaml(
        JSON.stringify({
          groups: groups.map((group) => ({
            ...group,
            rules: group.rules.map((rule) =>
              isAlertingRule(rule) ? { ...rule, annotations: { ...rule.annotations, ...linksOf(rule, links) } } : rule,
            ),
          })),
        }),
      ),
    }));
  }
}

function ruleUse(topic: string, rule: Rule): MetricUse {
  const [name, templates] = isAlertingRule(rule) ? [rule.alert, Object.values(rule.annotations)] : [rule.record, []];
  return {
    where: `rules/${topic}.yaml: ${name}`,
    expr: String(rule.expr),
    shows: labelsInTemplate(templates.join('\n')),
  };
}

function inhibitionUses({ source, targets, equal }: Inhibition, alerts: readonly AlertingRule[]): MetricUse[] {
  return alerts
    .filter(({ alert }) => alert === source || targets.includes(alert))
    .map(({ alert, expr, labels }) => ({
      where: `inhibition by ${source}: ${alert}`,
      expr: String(expr),
      shows: equal.filter((label) => label !== 'alertname' && !(label in labels)),
    }));
}

function linksOf(alert: AlertingRule, { runbook, dashboard }: AlertLinks): { [annotation: string]: string } {
  const dashboardUrl = dashboard?.(alert);
  return { runbook_url: runbook(alert), ...(dashboardUrl ? { dashboard_url: dashboardUrl } : {}) };
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
  return { topic, groups };
}

/** @throws CatalogueError when an objective cannot be expanded */
function readSlos(directory: string): readonly ServiceLevelObjective[] {
  const slos = (existsSync(directory) ? filesOf(directory, '.yaml') : []).map((name) => ({
    name,
    slo: readYaml<ServiceLevelObjective>(join(directory, `${name}.yaml`)),
  }));
  const problems = slos.flatMap(sloProblemsOf);
  if (problems.length > 0) {
    throw new CatalogueError(problems);
  }
  return slos.map(({ slo }) => slo);
}

function readPages(directory: string): ReadonlyMap<string, string> {
  return new Map(filesOf(directory, '.md').map((page) => [page, readFileSync(join(directory, `${page}.md`), 'utf8')]));
}

function byTopic(one: RuleFile, other: RuleFile): number {
  return one.topic < other.topic ? -1 : Number(one.topic > other.topic);
}

function readInhibitions(path: string): readonly Inhibition[] {
  return existsSync(path) ? (readYaml<{ inhibitions?: Inhibition[] }>(path).inhibitions ?? []) : [];
}

function readSources(path: string): MetricSources {
  return existsSync(path) ? readYaml<MetricSources>(path) : {};
}

/** A YAML document that is a map. */
function readYaml<T extends object>(path: string): T {
  try {
    return (parseYaml(readFileSync(path, 'utf8')) ?? {}) as T;
  } catch (error) {
    throw new CatalogueError([`${path} is no YAML: ${(error as Error).message}`]);
  }
}

function checkInhibitions(inhibitions: readonly Inhibition[], alerts: ReadonlySet<string>): string[] {
  return inhibitions.flatMap(({ source, targets = [], equal = [] }) => [
    ...[source, ...targets]
      .filter((name) => !alerts.has(name))
      .map((name) => `inhibitions.yaml: ${name} is no alert: write the name of a rule`),
    ...(equal.length > 0
      ? []
      : [`inhibitions.yaml: ${source} has no equal labels: it would silence ${targets} everywhere`]),
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
      .map((name) => `${path(name)} is a ${what} without a rule: remove it, or write the alert ${name}`),
  ];
}

/** Names of the files about one alert each, which are written in UpperCamelCase; others (README, guides) are not. */
function namesOf(directory: string, extension: string): string[] {
  return filesOf(directory, extension).filter((name) => ALERT_NAME.test(name) && name !== 'README');
}

function filesOf(directory: string, extension: string): string[] {
  return readdirSync(directory)
    .filter((file) => file.endsWith(extension))
    .map((file) => file.slice(0, -extension.length))
    .sort();
}
