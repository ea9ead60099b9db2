import { SettingError } from '../kit';
import { checkNamespace, checkObjectName } from '../kit/checks';

/** How to read the lines of some containers. */
export interface LogParsing {
  /** Namespace of the pods. */
  readonly namespace: string;
  /** Name of the container. */
  readonly container: string;
  /**
   * Regular expression (RE2) of the first line of an event of several lines.
   * @default - a line that begins with a blank, `Caused by:` or a part of a private key continues the one before
   */
  readonly firstLine?: string;
  /**
   * Regular expression (RE2) with named groups. The group `level` sets the level; every other group becomes structured
   * metadata of its name.
   * @default - the level is found as in every other line
   */
  readonly pattern?: string;
}

/** Names that a group may not have: they are index labels, or the collector's own. */
const RESERVED = new Set([
  'app',
  'cluster',
  'component',
  'container',
  'namespace',
  'service_name',
  'stream',
  'trace_id',
  'span_id',
  'severity',
]);

/** Names of the groups of a pattern. */
export function groupsOf(pattern: string): readonly string[] {
  return [...pattern.matchAll(/\(\?P?<([^>]*)>/g)].map(([, name]) => name!);
}

/**
 * Checks rules of parsing.
 *
 * @throws SettingError for a rule that changes nothing, a pattern without a named group, and a group whose name is taken
 */
export function checkParsing(rules: readonly LogParsing[] = []): void {
  const seen = new Set<string>();
  for (const [index, rule] of rules.entries()) {
    const setting = `parsing[${index}]`;
    checkNamespace(`${setting}.namespace`, rule.namespace);
    checkObjectName(`${setting}.container`, rule.container);
    const place = `${rule.namespace}/${rule.container}`;
    if (seen.has(place)) {
      throw new SettingError(setting, place, 'write one rule for a container');
    }
    seen.add(place);
    if (rule.firstLine === undefined && rule.pattern === undefined) {
      throw new SettingError(setting, place, 'write firstLine or pattern: the rule changes nothing');
    }
    for (const field of ['firstLine', 'pattern'] as const) {
      checkExpression(`${setting}.${field}`, rule[field]);
    }
    if (rule.pattern !== undefined) {
      checkGroups(`${setting}.pattern`, rule.pattern);
    }
  }
}

/** JavaScript knows what RE2 refuses: lookarounds and back references. */
function checkExpression(setting: string, expression: string | undefined): void {
  if (expression === undefined) {
    return;
  }
  if (/\(\?<?[=!]/.test(expression) || /(?<!\\)(\\\\)*\\[1-9]/.test(expression)) {
    throw new SettingError(setting, expression, 'leave out lookarounds and back references: RE2 has none');
  }
  if (expression.includes('`')) {
    throw new SettingError(
      setting,
      expression,
      'write \\x60 for a backquote: a template of Promtail has it in backquotes',
    );
  }
  try {
    new RegExp(
      expression
        .replaceAll('(?P<', '(?<')
        .replaceAll(/\(\?[imsU]+:/g, '(?:')
        .replaceAll(/\(\?[imsU]+\)/g, ''),
    );
  } catch (error) {
    throw new SettingError(setting, expression, `write a regular expression; ${(error as Error).message}`);
  }
}

function checkGroups(setting: string, pattern: string): void {
  const groups = groupsOf(pattern);
  if (groups.length === 0) {
    throw new SettingError(setting, pattern, 'name a group, e.g. (?P<level>[A-Z]+)');
  }
  for (const group of groups) {
    if (!/^[a-z][a-z0-9_]*$/.test(group) || RESERVED.has(group)) {
      const fix = 'write another name of lower-case letters, digits and _: index labels are not set by lines';
      throw new SettingError(setting, group, fix);
    }
  }
}
