import type { MetricSources } from './absence';
import { type Inhibition, isAlertingRule, type Rule, type RuleFile, rulesOf } from './rule';
import type { Thresholds } from './thresholds';

/**
 * Where the rules of a topic come from. `shipped`: this package; they follow the scrape jobs. `own`: the caller's
 * directory. `foreign`: another project, without the duties of a runbook, a test and an absence alert.
 */
export type Origin = 'shipped' | 'own' | 'foreign';

/** What a catalogue consists of. */
export interface Contents {
  readonly files: readonly RuleFile[];
  /** Rules in LogQL, which Loki evaluates. Their topics begin with `logs/`. */
  readonly logs: readonly RuleFile[];
  readonly inhibitions: readonly Inhibition[];
  readonly sources: MetricSources;
  /** Text of the runbooks and other pages, by file name without `.md`. */
  readonly pages: ReadonlyMap<string, string>;
  /** Named limits of alerts, by the alert's name. */
  readonly thresholds: ReadonlyMap<string, Thresholds>;
  /** By topic. */
  readonly origins: ReadonlyMap<string, Origin>;
}

/** The files with each rule replaced. `undefined` removes it, and then the group or topic that is left empty. */
export function mapRules(
  files: readonly RuleFile[],
  change: (rule: Rule, topic: string) => Rule | undefined,
): readonly RuleFile[] {
  return files
    .map((file) => ({
      ...file,
      groups: file.groups
        .map((group) => ({
          ...group,
          rules: group.rules.flatMap((rule) => change(rule, file.topic) ?? []),
        }))
        .filter((group, index) => group.rules.length > 0 || file.groups[index]!.rules.length === 0),
    }))
    .filter(({ groups }, index) => groups.length > 0 || files[index]!.groups.length === 0);
}

/** The files of both languages. */
export function filesOf({ files, logs }: Pick<Contents, 'files' | 'logs'>): readonly RuleFile[] {
  return [...files, ...logs];
}

/** The contents with each rule of both languages replaced, as `mapRules()` does. */
export function withRules(contents: Contents, change: (rule: Rule, topic: string) => Rule | undefined): Contents {
  return { ...contents, files: mapRules(contents.files, change), logs: mapRules(contents.logs, change) };
}

/** The contents with other files: without the inhibitions, runbooks and thresholds of alerts that are gone. */
export function withFiles(contents: Contents, files: readonly RuleFile[], logs = contents.logs): Contents {
  const before = namesOf(filesOf(contents));
  const kept = namesOf([...files, ...logs]);
  const topics = new Set([...files, ...logs].map(({ topic }) => topic));
  return {
    ...contents,
    files,
    logs,
    inhibitions: contents.inhibitions
      .filter(({ source }) => kept.has(source))
      .map((inhibition) => ({ ...inhibition, targets: inhibition.targets.filter((target) => kept.has(target)) }))
      .filter(({ targets }) => targets.length > 0),
    pages: new Map([...contents.pages].filter(([page]) => kept.has(page) || !before.has(page))),
    thresholds: new Map([...contents.thresholds].filter(([alert]) => kept.has(alert))),
    origins: new Map([...contents.origins].filter(([topic]) => topics.has(topic))),
  };
}

function namesOf(files: readonly RuleFile[]): ReadonlySet<string> {
  return new Set(
    rulesOf(files)
      .filter(isAlertingRule)
      .map(({ alert }) => alert),
  );
}
