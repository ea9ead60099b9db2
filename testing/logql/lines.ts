import { RE2JS } from 're2js';
import { remembered } from '../../memo';
import type { LabelMatcher, LabelTest, LogRange, Stage } from '../../rules/logql';
import { rendered } from './templates';

/** Labels of a line: those of the index, structured metadata, and those that a pipeline adds. */
export type Labels = { readonly [label: string]: string };

/** A line as Loki stores it. */
export interface LogLine {
  /** Seconds since the epoch. */
  readonly at: number;
  readonly labels: Labels;
  readonly text: string;
}

/** What a pipeline makes of a line. */
export interface Sample {
  readonly labels: Labels;
  /** 1, or the number that `unwrap` took. */
  readonly value: number;
}

const compiled = remembered((pattern: string) => RE2JS.compile(pattern));
/** Loki anchors the expressions of selectors and label filters, and lets a dot match a line feed. */
const anchored = remembered((pattern: string) => RE2JS.compile(`^(?s:${pattern})$`));

/** Whether labels meet a condition. A label that is missing is empty. */
export function matchesLabel({ label, operator, value }: LabelMatcher, labels: Labels): boolean {
  const actual = labels[label] ?? '';
  const equal = operator.endsWith('~') ? anchored(value).test(actual) : actual === value;
  return operator.startsWith('!') ? !equal : equal;
}

/** The sample that a range takes from a line, or `undefined` if a selector or a stage drops it. */
export function sampleOf(
  { matchers, stages }: Pick<LogRange, 'matchers' | 'stages'>,
  line: LogLine,
): Sample | undefined {
  if (!matchers.every((matcher) => matchesLabel(matcher, line.labels))) {
    return undefined;
  }
  const labels: Record<string, string> = { ...line.labels };
  let text = line.text;
  let value = 1;
  for (const stage of stages) {
    switch (stage.kind) {
      case 'line':
        if (!passesLineFilter(stage, text)) {
          return undefined;
        }
        break;
      case 'filter':
        if (!passes(stage.test, labels)) {
          return undefined;
        }
        break;
      case 'line_format':
        text = rendered(stage.template, labels, text);
        break;
      case 'unwrap':
        value = Number(labels[stage.label] || Number.NaN);
        if (Number.isNaN(value) || stage.conversion) {
          labels.__error__ = 'SampleExtractionErr';
        }
        delete labels[stage.label];
        break;
      default:
        changeLabels(stage, labels, text);
    }
  }
  return { labels: Object.fromEntries(Object.entries(labels).filter(([, each]) => each !== '')), value };
}

function passesLineFilter({ operator, texts, ip }: Stage & { kind: 'line' }, text: string): boolean {
  if (ip) {
    throw new Error('the filter ip() is not evaluated here');
  }
  const found = texts.some((each) => (operator.endsWith('~') ? compiled(each).test(text) : text.includes(each)));
  return operator.startsWith('!') ? !found : found;
}

function passes(test: LabelTest, labels: Labels): boolean {
  switch (test.kind) {
    case 'matcher':
      return matchesLabel(test.matcher, labels);
    case 'and':
      return test.tests.every((each) => passes(each, labels));
    case 'or':
      return test.tests.some((each) => passes(each, labels));
    default:
      throw new Error(`a filter of ${test.label} by a number, a size or an address is not evaluated here`);
  }
}

function changeLabels(stage: Stage, labels: Record<string, string>, text: string): void {
  switch (stage.kind) {
    case 'fields':
      for (const [label, value] of Object.entries(picked(stage, text))) {
        extract(labels, label, value);
      }
      return;
    case 'pattern':
      for (const [label, value] of captures(stage.pattern, text)) {
        extract(labels, label, value);
      }
      return;
    case 'regexp': {
      const matcher = compiled(stage.pattern).matcher(text);
      if (matcher.find()) {
        for (const label of Object.keys(compiled(stage.pattern).namedGroups())) {
          extract(labels, label, matcher.group(label) ?? '');
        }
      }
      return;
    }
    case 'label_format':
      for (const assignment of stage.assignments) {
        labels[assignment.label] =
          'template' in assignment ? rendered(assignment.template, labels, text) : (labels[assignment.from] ?? '');
      }
      return;
    case 'drop':
      for (const label of stage.labels) {
        delete labels[label];
      }
      return;
    default:
      throw new Error(`the stage ${stage.kind} is not evaluated here`);
  }
}

/** A label of the line wins over a field of the same name, which gets the suffix `_extracted`. */
function extract(labels: Record<string, string>, label: string, value: string): void {
  labels[
    label in labels && !label.startsWith('__') && EXTRACTED.get(labels)?.has(label) !== true
      ? `${label}_extracted`
      : label
  ] = value;
  EXTRACTED.set(labels, (EXTRACTED.get(labels) ?? new Set()).add(label));
}

/** Labels that a pipeline has set: a later stage replaces them. */
const EXTRACTED = new WeakMap<object, Set<string>>();

/** The fields of a line of JSON. Of a damaged line Loki may find some; here it has none. */
function picked({ parser, fields }: Stage & { kind: 'fields' }, text: string): Record<string, string> {
  if (parser !== 'json') {
    throw new Error(`the parser ${parser} is not evaluated here`);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { __error__: 'JSONParserErr' };
  }
  return Object.fromEntries(fields.map(({ label, path }) => [label, fieldOf(document, path)]));
}

function fieldOf(document: unknown, path: string): string {
  const found = path.split('.').reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), document);
  if (found === undefined || found === null) {
    return '';
  }
  return typeof found === 'object' ? JSON.stringify(found) : String(found);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** What the stage `pattern` captures, as Loki does it: each text is searched behind the one before. */
function captures(pattern: string, text: string): readonly (readonly [string, string])[] {
  const parts = pattern.split(/(<\w+>)/).filter((part) => part !== '');
  const found: (readonly [string, string])[] = [];
  let open: string | undefined;
  let rest = text;
  for (const [index, part] of parts.entries()) {
    if (/^<\w+>$/.test(part)) {
      open = part.slice(1, -1);
      continue;
    }
    const at = rest.indexOf(part);
    if (index === 0 && at !== 0) {
      return [];
    }
    if (open !== undefined && open !== '_') {
      found.push([open, at < 0 ? rest : rest.slice(0, at)]);
    }
    open = undefined;
    if (at < 0) {
      return found;
    }
    rest = rest.slice(at + part.length);
  }
  return open === undefined || open === '_' ? found : [...found, [open, rest]];
}
