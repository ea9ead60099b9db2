import { toYaml } from '../formats/yaml';
import { stored } from '../memo';
import { packagePath } from '../package-root';
import { type Coverage, coverageOf } from './absence';
import { CatalogueError } from './catalogue-error';
import { type AlertChange, withChange, withLabels, withoutAlerts } from './change';
import { type Contents, filesOf, withFiles } from './contents';
import { type ForeignDocument, type ForeignOptions, mapped, readForeign } from './foreign';
import { type GeneralOptions, generalContents } from './general';
import { type ExistingJobs, forExistingJobs, type JobNames, withJobNames } from './jobs';
import { labelsInTemplate, type MetricUse } from './metric-use';
import { byTopic, type CatalogueSource, readContents } from './read';
import {
  type AlertingRule,
  CLUSTER_LABEL,
  type Inhibition,
  isAlertingRule,
  type Rule,
  type RuleFile,
  rulesOf,
} from './rule';
import { promqlBlocks } from './runbook';

/** URLs that an alert links to. */
export interface AlertLinks {
  /** URL of an alert's runbook. An alert that has the annotation `runbook_url`, and a foreign alert, keep theirs. */
  readonly runbook: (alert: AlertingRule) => string;
  /**
   * URL of a dashboard about the alert, which becomes the annotation `dashboard_url`.
   * @default - alerts carry no link to a dashboard
   */
  readonly dashboard?: (alert: AlertingRule) => string | undefined;
}

/** A rule file as its server reads it. */
export interface RenderedRules {
  /** Topic of the rules. */
  readonly topic: string;
  /** The file, in YAML. */
  readonly content: string;
}

/**
 * Alerts and recording rules. A catalogue never changes: each method that adjusts it returns another one, so calls can
 * be chained, and the last one wins.
 *
 * @example
 * const catalogue = RuleCatalogue.general({ topics: ['nodes', 'workloads', 'prometheus'] })
 *   .change('NodeFilesystemAlmostFull', { thresholds: { free: 0.1 }, for: '5m' })
 *   .disable('NodeClockSkew')
 *   .with(RuleCatalogue.foreign('vendor/rules', { severities: { warning: 'medium' } }));
 */
export class RuleCatalogue {
  /** All rules that come with the package: the general ones, and those of SightEdit. */
  static sightEdit(): RuleCatalogue {
    return new RuleCatalogue(shippedContents());
  }

  /**
   * The rules of the package that suit any cluster and application, e.g. on nodes, workloads, PostgreSQL and Prometheus
   * itself. They follow the scrape jobs of the Prometheus that loads them: a rule on a job that does not exist is left
   * out, and `ScrapeTargetMissing` watches each job that does.
   *
   * @throws CatalogueError for a topic or a job that does not exist, and for the topic `backups` without its CronJob
   */
  static general(options: GeneralOptions = {}): RuleCatalogue {
    return new RuleCatalogue(generalContents(shippedContents(), options));
  }

  /**
   * Reads rules of another project as they are: mixins, the output of Sloth, `PrometheusRule` manifests. They need no
   * runbook, no test and no absence alert.
   *
   * @param source path of a directory or file (`.yaml`, `.yml`, `.json`), or parsed documents
   * @throws CatalogueError when there are no rules, or when a rule lacks its name or an expression that parses
   */
  static foreign(source: string | readonly ForeignDocument[], options?: ForeignOptions): RuleCatalogue {
    return new RuleCatalogue(readForeign(source, options));
  }

  /**
   * Reads and checks a directory of your own rules.
   *
   * @throws CatalogueError when a rule breaks a convention, does not parse, or lacks its runbook or test, and when a
   *   runbook or a test has no rule
   */
  static read(source: CatalogueSource): RuleCatalogue {
    return new RuleCatalogue(readContents(source, 'own'));
  }

  private constructor(private readonly contents: Contents) {}

  /** The rules of Prometheus, by topic. */
  get files(): readonly RuleFile[] {
    return this.contents.files;
  }

  /** The rules over logs, by topic. Loki evaluates them: see `renderLogs()`. */
  get logs(): readonly RuleFile[] {
    return this.contents.logs;
  }

  /** Which alerts mute which, for `AlertRouting`. */
  get inhibitions(): readonly Inhibition[] {
    return this.contents.inhibitions;
  }

  /** The rules that alert, those over logs among them. */
  get alerts(): readonly AlertingRule[] {
    return rulesOf(filesOf(this.contents)).filter(isAlertingRule);
  }

  /** Every expression that reads metrics: in rules, in runbooks, and of alerts whose labels an inhibition compares. */
  get uses(): readonly MetricUse[] {
    const rules = this.files.flatMap(({ topic, groups }) =>
      groups.flatMap((group) => group.rules).map((rule) => ruleUse(topic, rule)),
    );
    const runbooks = [...this.contents.pages].flatMap(([page, text]) =>
      promqlOf(text).map((expr) => ({ where: `runbooks/${page}.md`, expr, shows: [] })),
    );
    const alerts = rulesOf(this.files).filter(isAlertingRule);
    return [...rules, ...runbooks, ...this.inhibitions.flatMap((inhibition) => inhibitionUses(inhibition, alerts))];
  }

  /** Every metric that an alert reads, and what fires when it disappears. Foreign alerts are not in it. */
  get coverage(): readonly Coverage[] {
    const { files, sources, origins } = this.contents;
    return coverageOf(files, sources).filter(({ topic }) => origins.get(topic) !== 'foreign');
  }

  /** The catalogue without some topics, e.g. `control-plane` where the provider hides the control plane. */
  without(topics: readonly string[]): RuleCatalogue {
    const kept = ({ topic }: RuleFile) => !topics.includes(topic);
    return new RuleCatalogue(withFiles(this.contents, this.files.filter(kept), this.logs.filter(kept)));
  }

  /**
   * Changes an alert.
   *
   * @throws CatalogueError for an alert or a threshold that does not exist, and for a change that breaks the rule
   * @example
   * catalogue.change('NodeFilesystemFillingUp', { severity: 'high', for: '30m', thresholds: { free: 0.2 } });
   */
  change(alert: string, change: AlertChange): RuleCatalogue {
    return new RuleCatalogue(withChange(this.contents, alert, change));
  }

  /**
   * Leaves alerts out, with their inhibitions. Other alerts may count on them: see `coverage`.
   *
   * @throws CatalogueError for an alert that does not exist
   */
  disable(...alerts: readonly string[]): RuleCatalogue {
    return new RuleCatalogue(withoutAlerts(this.contents, alerts));
  }

  /** Sets labels on every alert, e.g. `{ team: 'platform' }`. */
  withLabels(labels: { readonly [label: string]: string }): RuleCatalogue {
    return new RuleCatalogue(withLabels(this.contents, () => labels));
  }

  /** Replaces words of the label `severity`, e.g. `{ critical: 'page', high: 'page' }`. Others stay. */
  withSeverities(severities: { readonly [severity: string]: string }): RuleCatalogue {
    return new RuleCatalogue(
      withLabels(this.contents, ({ labels }) => ({
        severity: labels.severity === undefined ? undefined : mapped(labels.severity, severities),
      })),
    );
  }

  /**
   * Puts your names of scrape jobs into the shipped rules, by ours, e.g. `{ 'postgres-exporter': 'postgres' }`.
   *
   * @throws CatalogueError for a job that no shipped rule reads
   */
  withJobs(jobs: JobNames): RuleCatalogue {
    return new RuleCatalogue(withJobNames(this.contents, jobs));
  }

  /**
   * The catalogue for the scrape jobs that exist. Leaves shipped rules on other jobs out, and makes
   * `ScrapeTargetMissing` watch the jobs. `Prometheus` calls it for its own jobs. Your own rules and foreign ones stay
   * as they are.
   */
  forJobs(jobs: ExistingJobs): RuleCatalogue {
    return new RuleCatalogue(forExistingJobs(this.contents, jobs));
  }

  /**
   * Both catalogues together.
   *
   * @throws CatalogueError when both have an alert or a topic of the same name
   */
  with(other: RuleCatalogue): RuleCatalogue {
    const [one, two] = [this.contents, other.contents];
    const mine = new Set(this.alerts.map(({ alert }) => alert));
    const topics = new Set(filesOf(one).map(({ topic }) => topic));
    const twice = new Set(other.alerts.map(({ alert }) => alert).filter((alert) => mine.has(alert)));
    const problems = [
      ...[...twice].map((alert) => `both catalogues have the alert ${alert}: write disable('${alert}') on one of them`),
      ...filesOf(two)
        .filter(({ topic }) => topics.has(topic))
        .map(({ topic }) => `both catalogues have the topic ${topic}: rename it, or give foreign() a prefix`),
    ];
    if (problems.length > 0) {
      throw new CatalogueError(problems);
    }
    return new RuleCatalogue({
      files: [...one.files, ...two.files].sort(byTopic),
      logs: [...one.logs, ...two.logs].sort(byTopic),
      inhibitions: [...one.inhibitions, ...two.inhibitions],
      sources: {
        jobs: { ...two.sources.jobs, ...one.sources.jobs },
        unpinned: [...(one.sources.unpinned ?? []), ...(two.sources.unpinned ?? [])],
        optionalJobs: { ...two.sources.optionalJobs, ...one.sources.optionalJobs },
        exceptions: { ...two.sources.exceptions, ...one.sources.exceptions },
      },
      pages: new Map([...two.pages, ...one.pages]),
      thresholds: new Map([...two.thresholds, ...one.thresholds]),
      origins: new Map([...two.origins, ...one.origins]),
    });
  }

  /** The rule files for Prometheus, with the derived annotations added. */
  render(links: AlertLinks): readonly RenderedRules[] {
    return this.rendered(this.files, links);
  }

  /** The rule files for Loki, with the derived annotations added, for `LokiStack.addRules()`. */
  renderLogs(links: AlertLinks): readonly RenderedRules[] {
    return this.rendered(this.logs, links);
  }

  private rendered(files: readonly RuleFile[], links: AlertLinks): readonly RenderedRules[] {
    const { origins } = this.contents;
    return files.map(({ topic, groups }) => ({
      topic,
      content: toYaml({
        groups: groups.map((group) => ({
          ...group,
          rules: group.rules.map((rule) =>
            isAlertingRule(rule)
              ? {
                  ...rule,
                  annotations: { ...rule.annotations, ...linksOf(rule, links, origins.get(topic) === 'foreign') },
                }
              : rule,
          ),
        })),
      }),
    }));
  }
}

const promqlOf = stored('promqlBlocks', promqlBlocks);

/** Read once: the files do not change while a program runs. */
let shipped: Contents | undefined;

function shippedContents(): Contents {
  shipped ??= readContents({ rules: packagePath('rules'), runbooks: packagePath('runbooks') }, 'shipped');
  return shipped;
}

function ruleUse(topic: string, rule: Rule): MetricUse {
  const [name, templates] = isAlertingRule(rule) ? [rule.alert, Object.values(rule.annotations)] : [rule.record, []];
  return {
    where: `rules/${topic}.yaml: ${name}`,
    expr: rule.expr,
    shows: labelsInTemplate(templates.join('\n')),
  };
}

function inhibitionUses({ source, targets, equal }: Inhibition, alerts: readonly AlertingRule[]): MetricUse[] {
  return alerts
    .filter(({ alert }) => alert === source || targets.includes(alert))
    .map(({ alert, expr, labels }) => ({
      where: `inhibition by ${source}: ${alert}`,
      expr,
      shows: equal.filter((label) => ![CLUSTER_LABEL, 'alertname'].includes(label) && !(label in labels)),
    }));
}

/** The derived links. Nothing is known of runbooks of foreign alerts. */
function linksOf(
  alert: AlertingRule,
  { runbook, dashboard }: AlertLinks,
  foreign: boolean,
): { readonly [annotation: string]: string } {
  const { runbook_url: ownRunbook, dashboard_url: ownDashboard } = alert.annotations;
  const dashboardUrl = ownDashboard ?? dashboard?.(alert);
  return {
    ...(foreign || ownRunbook !== undefined ? {} : { runbook_url: runbook(alert) }),
    ...(dashboardUrl ? { dashboard_url: dashboardUrl } : {}),
  };
}
