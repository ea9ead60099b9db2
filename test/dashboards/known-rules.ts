import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { packagePath } from '../../package-root';
import { isAlertingRule, type RuleFile, rulesOf } from '../../rules';

/** What dashboards may refer to. */
export interface KnownRules {
  /** Names of recorded series. */
  readonly records: ReadonlySet<string>;
  /** Numbers that the expression of an alert compares with, by the alert's name. */
  readonly limits: ReadonlyMap<string, readonly number[]>;
}

/** The rules of the package, as they are written; whether they are complete is the catalogue's matter. */
export function knownRules(): KnownRules {
  const directory = packagePath('rules');
  const rules = rulesOf(
    readdirSync(directory)
      .filter((file) => file.endsWith('.yaml'))
      .map((file) => ({
        topic: file,
        ...(load(readFileSync(join(directory, file), 'utf8')) as Omit<RuleFile, 'topic'>),
      })),
  );
  return {
    records: new Set(rules.flatMap((rule) => (isAlertingRule(rule) ? [] : [rule.record]))),
    limits: new Map(rules.filter(isAlertingRule).map(({ alert, expr }) => [alert, limitsIn(expr)])),
  };
}

/** Numbers right of a comparison. A product, such as `21 * 86400`, is one number. */
export function limitsIn(expr: string): readonly number[] {
  return [...expr.matchAll(/[<>=]=?\s*(\d+(?:\.\d+)?(?:\s*\*\s*\d+(?:\.\d+)?)*)/g)].map(([, product]) =>
    product!.split('*').reduce((result, factor) => result * Number(factor), 1),
  );
}
