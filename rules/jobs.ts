import { remembered, stored } from '../memo';
import { absencesOf, jobOfName, type MetricSources, unwatchedJobs } from './absence';
import { CatalogueError } from './catalogue-error';
import { type Contents, mapRules, type Origin, withFiles } from './contents';
import { nearest } from './nearest';
import { binaryOf, nodesBelow, type PromqlNode, type Selector, selectorOf, textOf, treeOf, unwrapped } from './promql';
import { isAlertingRule, type RecordingRule, type Rule, type RuleFile, rulesOf } from './rule';

/** Names of scrape jobs: the shipped name, and the name of your job. */
export type JobNames = { readonly [shipped: string]: string };

/** The scrape jobs that a Prometheus has. */
export interface ExistingJobs {
  /** Names of the scrape jobs. */
  readonly jobs: readonly string[];
  /** Jobs that may have no target, e.g. one whose targets an operator lists. @default - none */
  readonly optional?: readonly string[];
}

/** The shipped alert with one `absent(up{job="…"})` for each job. */
const MISSING_TARGETS = 'ScrapeTargetMissing';

/** The contents with the names of your scrape jobs in the expressions of shipped rules and in their runbooks. */
export function withJobNames(contents: Contents, names: JobNames): Contents {
  const { sources } = contents;
  const known = shippedJobs(contents);
  const problems = Object.keys(names)
    .filter((job) => !known.includes(job))
    .map((job) => `jobs names ${job}, which no shipped rule reads: write one of ${nearest(job, known).join(', ')}`);
  if (problems.length > 0) {
    throw new CatalogueError(problems);
  }
  const renamed = (job: string) => names[job] ?? job;
  const inText = (text: string) =>
    text.replace(/(?<!\w)job="([^"]+)"/g, (_match, job: string) => `job="${renamed(job)}"`);
  return {
    ...contents,
    files: mapRules(contents.files, (rule, topic) => {
      const expr = contents.origins.get(topic) === 'shipped' ? inText(rule.expr) : rule.expr;
      return expr === rule.expr ? rule : { ...rule, expr };
    }),
    sources: {
      ...sources,
      jobs: Object.fromEntries(Object.entries(sources.jobs ?? {}).map(([prefix, job]) => [prefix, renamed(job)])),
      unpinned: sources.unpinned?.map(renamed),
      optionalJobs: Object.fromEntries(
        Object.entries(sources.optionalJobs ?? {}).map(([job, reason]) => [renamed(job), reason]),
      ),
    },
    pages: new Map([...contents.pages].map(([page, text]) => [page, inText(text)])),
  };
}

/** Jobs that shipped rules read. */
function shippedJobs({ files, origins, sources }: Contents): readonly string[] {
  const named = files
    .filter(({ topic }) => origins.get(topic) === 'shipped')
    .flatMap((file) => rulesOf([file]))
    .flatMap(({ expr }) => [...expr.matchAll(/(?<!\w)job="([^"]+)"/g)].map(([, job]) => job!));
  return [...new Set([...named, ...Object.values(sources.jobs ?? {})])].sort();
}

/**
 * The contents for the scrape jobs that exist. A shipped rule that reads only other jobs is left out, and so is
 * `absent()` of them. `ScrapeTargetMissing` names each job that needs it.
 */
export function forExistingJobs(contents: Contents, existing: ExistingJobs): Contents {
  const { files, sources, origins } = contents;
  return withFiles(contents, filesForJobs({ files, sources, origins: [...origins], existing }));
}

/** Follows every rule to what it reads: `npm run synth` stores the result. */
const filesForJobs = stored(
  'filesForJobs',
  (input: {
    readonly files: readonly RuleFile[];
    readonly sources: MetricSources;
    readonly origins: readonly (readonly [string, Origin])[];
    readonly existing: ExistingJobs;
  }): readonly RuleFile[] => {
    const { files, sources, existing } = input;
    const { jobs, optional = [] } = existing;
    const contents: Contents = {
      files,
      logs: [],
      sources,
      origins: new Map(input.origins),
      inhibitions: [],
      pages: new Map(),
      thresholds: new Map(),
    };
    const missing = (job: string) => !jobs.includes(job);
    const optionalJobs = { ...sources.optionalJobs, ...Object.fromEntries(optional.map((job) => [job, ''])) };
    const unwatched = unwatchedJobs(jobs, withoutJobs(contents, missing).files, { optionalJobs });
    return withoutJobs(unwatched.length === 0 ? contents : withWatchedJobs(contents, unwatched), missing).files;
  },
);

/** The contents with further jobs in `ScrapeTargetMissing`. */
function withWatchedJobs(contents: Contents, further: readonly string[]): Contents {
  const files = mapRules(contents.files, (rule, topic) => {
    if (contents.origins.get(topic) !== 'shipped' || !isAlertingRule(rule) || rule.alert !== MISSING_TARGETS) {
      return rule;
    }
    const watched = absencesOf(rule).map(({ absentSelector }) => absentSelector.matchers[0]!.value);
    return { ...rule, expr: missingTargets([...watched, ...further]) };
  });
  return { ...contents, files };
}

function missingTargets(jobs: readonly string[]): string {
  const terms = [...jobs].sort().map((job) => `absent(up{job=${JSON.stringify(job)}})`);
  return `${terms.join('\nor ')}\n`;
}

/** The contents without the shipped rules, and the terms of `absent()`, that only read jobs that are missing. */
export function withoutJobs(contents: Contents, missing: (job: string) => boolean): Contents {
  const { sources, origins } = contents;
  const reader = new Reader(rulesOf(contents.files), sources, missing);
  const files = mapRules(contents.files, (rule, topic) => {
    if (origins.get(topic) !== 'shipped') {
      return rule;
    }
    if (!reader.canHaveResult(rule)) {
      return undefined;
    }
    const expr = reader.withoutMissing(rule.expr);
    return expr === rule.expr ? rule : { ...rule, expr };
  });
  return withFiles(contents, files);
}

/** Tells which parts of an expression can have a result when some scrape jobs do not exist. */
class Reader {
  private readonly records: ReadonlyMap<string, readonly RecordingRule[]>;
  private readonly answers = new Map<Rule, boolean>();

  constructor(
    rules: readonly Rule[],
    private readonly sources: MetricSources,
    private readonly missing: (job: string) => boolean,
  ) {
    const records = new Map<string, RecordingRule[]>();
    for (const rule of rules) {
      if (!isAlertingRule(rule)) {
        records.set(rule.record, [...(records.get(rule.record) ?? []), rule]);
      }
    }
    this.records = records;
  }

  canHaveResult(rule: Rule): boolean {
    const known = this.answers.get(rule);
    if (known !== undefined) {
      return known;
    }
    // For records that read each other: the answer then depends on the others.
    this.answers.set(rule, false);
    const operands = alternativesOf(rule.expr);
    const answer = operands.length === 0 || operands.some(({ reads }) => this.isPossible(reads));
    this.answers.set(rule, answer);
    return answer;
  }

  /** The expression without the operands of its outermost `or` that cannot have a result. */
  withoutMissing(expr: string): string {
    const operands = alternativesOf(expr);
    const kept = operands.filter(({ reads }) => this.isPossible(reads));
    return kept.length === operands.length ? expr : `${kept.map(({ text }) => text).join('\nor ')}\n`;
  }

  private isPossible(reads: Reads): boolean {
    if ('selector' in reads) {
      return this.hasSeries(reads.selector);
    }
    return 'any' in reads
      ? reads.any.some((each) => this.isPossible(each))
      : reads.all.every((each) => this.isPossible(each));
  }

  private hasSeries({ name = '', matchers }: Selector): boolean {
    const records = this.records.get(name);
    if (records) {
      return records.some((record) => this.canHaveResult(record));
    }
    const named = matchers.find(({ label, operator }) => label === 'job' && operator === '=')?.value;
    const job = named ?? jobOfName(name, this.sources);
    return job === undefined || !this.missing(job);
  }
}

/** What a part of an expression reads: one of several parts, or all of them, must have a result for it to have one. */
type Reads = { readonly selector: Selector } | { readonly any: readonly Reads[] } | { readonly all: readonly Reads[] };

/** An operand of the outermost `or`s of an expression. */
interface Alternative {
  readonly text: string;
  readonly reads: Reads;
}

const alternativesOf = remembered(
  stored('alternativesOf', (expr: string): readonly Alternative[] => {
    const root = treeOf(expr).topNode.firstChild;
    const operands = root === null ? [] : alternatives(expr, root);
    return operands.map((operand) => ({ text: textOf(expr, operand), reads: readsOf(expr, operand) }));
  }),
);

function readsOf(expr: string, node: PromqlNode): Reads {
  if (node.name === 'VectorSelector') {
    return { selector: selectorOf(expr, node) };
  }
  if (node.name === 'BinaryExpr') {
    const { left, operator, right } = binaryOf(expr, node);
    const parts = [readsOf(expr, left), readsOf(expr, right)];
    // What follows `unless` must be possible too: without it, the rest would fire for ever.
    return operator === 'or' ? { any: parts } : { all: parts };
  }
  // `absent()` of a job that does not exist would fire for ever, so it counts as its operand does.
  return { all: operandsOf(node).map((operand) => readsOf(expr, operand)) };
}

/** The operands of the outermost `or`s, in parentheses or not, from left to right. */
function alternatives(expr: string, node: PromqlNode): readonly PromqlNode[] {
  const inner = unwrapped(node);
  if (inner.name === 'BinaryExpr') {
    const { left, operator, right } = binaryOf(expr, inner);
    if (operator === 'or') {
      return [...alternatives(expr, left), ...alternatives(expr, right)];
    }
  }
  return [node];
}

/** The nearest selectors and binary expressions in a part of an expression. */
function operandsOf(node: PromqlNode): readonly PromqlNode[] {
  return ['VectorSelector', 'BinaryExpr']
    .flatMap((kind) => nodesBelow(node, kind))
    .filter((inner) => {
      for (let above = inner.parent; above && above.from >= node.from && above.to <= node.to; above = above.parent) {
        if (above.name === 'BinaryExpr') {
          return false;
        }
      }
      return true;
    });
}
