import { isAlertingRule, RuleCatalogue, rulesOf } from '../../rules';

/** The rules that dashboards may refer to. */
export interface KnownRules {
  /** Names of recorded series. */
  readonly records: ReadonlySet<string>;
  /** Numbers that an alert's expression compares with, by the alert's name. */
  readonly limits: ReadonlyMap<string, readonly number[]>;
}

/** SightEdit's rules. */
export function knownRules(): KnownRules {
  const rules = rulesOf(RuleCatalogue.sightEdit().files);
  return {
    records: new Set(rules.flatMap((rule) => (isAlertingRule(rule) ? [] : [rule.record]))),
    limits: new Map(rules.filter(isAlertingRule).map(({ alert, expr }) => [alert, limitsIn(expr)])),
  };
}

/** Numbers to the right of a comparison. A product, such as `21 * 86400`, is one number. */
export function limitsIn(expr: string): readonly number[] {
  return [...expr.matchAll(/[<>=]=?\s*(\d+(?:\.\d+)?(?:\s*\*\s*\d+(?:\.\d+)?)*)/g)].map(([, product]) =>
    product!.split('*').reduce((result, factor) => result * Number(factor), 1),
  );
}
