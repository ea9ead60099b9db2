import type { LokiRule, LokiRuleGroup, LokiRules } from '../../formats/loki';
import { expressionProblems } from '../../rules/logql';
import { SettingError } from '../kit';
import { checkDuration } from '../kit/checks';

/** Fields that the ruler takes and then forgets: https://github.com/grafana/loki/pull/13657 */
const DROPPED: Readonly<Record<string, string>> = {
  keep_firing_for: 'the ruler drops it without an error; hold the alert with a longer range in expr',
  query_offset: 'the ruler drops it without an error; write offset in expr',
};

const GROUP_FIELDS = ['name', 'interval', 'limit', 'rules'];
const RULE_FIELDS = ['alert', 'record', 'expr', 'for', 'labels', 'annotations'];

/**
 * Checks a file of rules for what the ruler refuses, drops or stumbles over. One file that does not parse stops every
 * rule, and Loki stays ready.
 *
 * Which labels lines have depends on the senders, so labels are not checked: `RuleCatalogue.read()` does that.
 *
 * @param file name of the file, for messages
 * @throws SettingError for the first problem
 */
export function checkRules(file: string, rules: LokiRules): void {
  const setting = `rules ${file}`;
  if (!Array.isArray(rules?.groups)) {
    throw new SettingError(`${setting}.groups`, rules?.groups, 'write a list of groups');
  }
  refuseOthers(setting, rules, ['groups']);
  const names = new Set<string>();
  for (const group of rules.groups) {
    checkGroup(setting, group);
    if (names.has(group.name)) {
      throw new SettingError(`${setting}.groups.name`, group.name, 'rename it: the names of a file are unique');
    }
    names.add(group.name);
  }
}

function checkGroup(file: string, group: LokiRuleGroup): void {
  const setting = `${file}.${group.name}`;
  if (typeof group.name !== 'string' || group.name === '') {
    throw new SettingError(`${file}.groups.name`, group.name, 'name the group');
  }
  if ('labels' in group) {
    const fix = 'the ruler drops it without an error; write labels in each rule';
    throw new SettingError(`${setting}.labels`, group.labels, fix);
  }
  refuseOthers(setting, group, GROUP_FIELDS);
  if (group.limit) {
    const fix = 'leave it out: a rule with more alerts fails, and its alerts are gone; bound its expr with topk(50, …)';
    throw new SettingError(`${setting}.limit`, group.limit, fix);
  }
  if (group.interval !== undefined) {
    checkDuration(`${setting}.interval`, group.interval);
  }
  for (const rule of group.rules) {
    checkRule(setting, rule);
  }
}

function checkRule(group: string, rule: LokiRule): void {
  const setting = `${group}.${rule.alert ?? rule.record}`;
  if ((rule.alert === undefined) === (rule.record === undefined)) {
    throw new SettingError(setting, rule, 'write either alert or record');
  }
  refuseOthers(setting, rule, RULE_FIELDS);
  if (rule.for !== undefined) {
    checkDuration(`${setting}.for`, rule.for);
  }
  if (rule.record !== undefined && !/^[a-zA-Z_:][\w:]*$/.test(rule.record)) {
    throw new SettingError(`${setting}.record`, rule.record, 'write the name of a series: letters, digits, _ and :');
  }
  checkExpression(`${setting}.expr`, rule.expr);
}

function refuseOthers(setting: string, value: object, known: readonly string[]): void {
  for (const [name, content] of Object.entries(value)) {
    if (!known.includes(name) && content !== undefined) {
      throw new SettingError(`${setting}.${name}`, content, DROPPED[name] ?? `remove it; write ${known.join(', ')}`);
    }
  }
}

function checkExpression(setting: string, expr: string): void {
  if (typeof expr !== 'string' || expr.trim() === '') {
    throw new SettingError(setting, expr, 'write a metric query in LogQL');
  }
  const [problem] = expressionProblems(expr);
  if (problem) {
    throw new SettingError(setting, expr, problem);
  }
}
