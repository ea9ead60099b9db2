import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { loadAll } from 'js-yaml';
import type * as prometheus from '../formats/prometheus';
import { CatalogueError } from './catalogue-error';
import { repeated } from './checks';
import type { Contents } from './contents';
import { promqlSyntaxError } from './promql';
import type { AlertingRule, Rule, RuleFile, RuleGroup } from './rule';

/** Rules of another project, as parsed YAML or JSON: a rule file, a `PrometheusRule` object, or a `List` of them. */
export interface ForeignDocument {
  /** Name of the rules; a `PrometheusRule` may have `metadata.name` instead. */
  readonly topic?: string;
  /** The parsed YAML or JSON. */
  readonly document: unknown;
}

/** Options of `RuleCatalogue.foreign()`. */
export interface ForeignOptions {
  /**
   * Your word for each of their severities, e.g. `{ warning: 'medium', info: 'low' }`. Others stay as they are.
   * @default - every severity stays
   */
  readonly severities?: { readonly [theirs: string]: string };
  /** Severity of alerts that have none. @default - they stay without, and reach the fallback */
  readonly severity?: string;
  /** Team of alerts without a label `category`. @default - they stay without, and reach their level alone */
  readonly category?: string;
  /** Text before the topics, where two projects use the same names. @default - none */
  readonly prefix?: string;
}

const EXTENSIONS = ['.yaml', '.yml', '.json'];

/**
 * Reads rules of another project without the duties of our own: any names and severities, no runbook, no test, no
 * absence alert. Only what Prometheus refuses is a problem.
 *
 * @param source path of a directory or file, or parsed documents
 * @throws CatalogueError when a file has no rules, or when a rule lacks its name or an expression that parses
 */
export function readForeign(source: string | readonly ForeignDocument[], options: ForeignOptions = {}): Contents {
  const documents = typeof source === 'string' ? readDocuments(source) : source;
  const files = documents.flatMap((document) => filesOf(document, options));
  const problems = [
    ...(files.length === 0 ? [`foreign(${typeof source === 'string' ? `'${source}'` : '[]'}) has no rules`] : []),
    ...files.flatMap(ruleProblems),
    ...repeated(files.map(({ topic }) => topic)).map(
      (topic) => `two foreign files have the topic ${topic}: rename one, or load them apart with a prefix`,
    ),
  ];
  if (problems.length > 0) {
    throw new CatalogueError(problems);
  }
  return {
    files: files.map((file) => normalized(file, options)),
    logs: [],
    inhibitions: [],
    sources: {},
    pages: new Map(),
    thresholds: new Map(),
    origins: new Map(files.map(({ topic }) => [topic, 'foreign'])),
  };
}

function readDocuments(path: string): readonly ForeignDocument[] {
  if (!existsSync(path)) {
    throw new CatalogueError([`foreign('${path}'): there is no such file or directory: write a path that exists`]);
  }
  const paths = statSync(path).isDirectory()
    ? readdirSync(path)
        .filter((file) => EXTENSIONS.includes(extname(file)))
        .sort()
        .map((file) => join(path, file))
    : [path];
  return paths.flatMap((file) => {
    const topic = basename(file, extname(file));
    const documents = parsed(file).filter((document) => document !== null && document !== undefined);
    return documents.map((document, index) => ({ topic: index === 0 ? topic : `${topic}-${index + 1}`, document }));
  });
}

function parsed(path: string): readonly unknown[] {
  try {
    return loadAll(readFileSync(path, 'utf8')) as unknown[];
  } catch (error) {
    throw new CatalogueError([`${path} is not valid YAML: ${(error as Error).message}`]);
  }
}

/** A document as far as its form decides where the groups are. */
interface Form {
  readonly kind?: string;
  readonly metadata?: { readonly name?: string };
  readonly spec?: { readonly groups?: unknown };
  readonly groups?: unknown;
  readonly items?: readonly unknown[];
}

/** The rule files of a document. An object of another kind has none, so a directory of manifests can be read whole. */
function filesOf({ topic, document }: ForeignDocument, options: ForeignOptions): readonly RuleFile[] {
  const form = (typeof document === 'object' && document !== null ? document : {}) as Form;
  if (form.kind?.endsWith('List') && Array.isArray(form.items)) {
    return form.items.flatMap((item, index) =>
      filesOf({ topic: topic && `${topic}-${index + 1}`, document: item }, options),
    );
  }
  const groups = form.kind === 'PrometheusRule' ? (form.spec?.groups ?? []) : form.groups;
  if (groups === undefined && form.kind !== undefined) {
    return [];
  }
  const name = (form.kind === 'PrometheusRule' ? form.metadata?.name : undefined) ?? topic ?? 'foreign';
  if (!Array.isArray(groups) || groups.some((group: Partial<RuleGroup>) => !Array.isArray(group?.rules ?? []))) {
    throw new CatalogueError([`${name} has no groups of rules: write a rule file or a PrometheusRule object`]);
  }
  return [{ topic: topicName(`${options.prefix ?? ''}${name}`), groups: groups.map(groupOf) }];
}

/** A group as Prometheus reads it: `partial_response_strategy` is Thanos', and Prometheus refuses it. */
function groupOf({
  partial_response_strategy: _,
  ...group
}: RuleGroup & { partial_response_strategy?: string }): RuleGroup {
  return { ...group, rules: group.rules ?? [] };
}

/** A topic is a part of a ConfigMap's name. */
function topicName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

function ruleProblems({ topic, groups }: RuleFile): string[] {
  return groups.flatMap(({ name, rules }) =>
    rules.flatMap((rule: Partial<prometheus.AlertingRule & prometheus.RecordingRule>) => {
      const what = rule.alert ?? rule.record;
      if (!what) {
        return [`${topic}: a rule in the group ${name} is neither alert nor record: name it`];
      }
      if (rule.expr === undefined || rule.expr === null) {
        return [`${topic}: ${what}: expr is not set: write it`];
      }
      const error = promqlSyntaxError(String(rule.expr));
      return error === undefined ? [] : [`${topic}: ${what}: expr does not parse at "${error}": fix the PromQL`];
    }),
  );
}

function normalized({ topic, groups }: RuleFile, options: ForeignOptions): RuleFile {
  return {
    topic,
    groups: groups.map((group) => ({ ...group, rules: group.rules.map((rule) => normalizedRule(rule, options)) })),
  };
}

function normalizedRule(rule: Rule, options: ForeignOptions): Rule {
  const expr = String(rule.expr);
  if (!('alert' in rule)) {
    return { ...rule, expr };
  }
  const { labels = {}, annotations = {} } = rule as Partial<AlertingRule>;
  const severity = labels.severity === undefined ? options.severity : mapped(labels.severity, options.severities);
  const category = labels.category ?? options.category;
  return {
    ...rule,
    expr,
    labels: { ...labels, ...(severity ? { severity } : {}), ...(category ? { category } : {}) },
    annotations: withDescription(annotations),
  };
}

/** Your word for one of their severities. */
export function mapped(severity: string, severities: ForeignOptions['severities'] = {}): string {
  return Object.hasOwn(severities, severity) ? severities[severity]! : severity;
}

/** Notifications show `summary` and `description`; older mixins write `message`. */
function withDescription(annotations: AlertingRule['annotations']): AlertingRule['annotations'] {
  const { message, description } = annotations;
  return message !== undefined && description === undefined ? { ...annotations, description: message } : annotations;
}
