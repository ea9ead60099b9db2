import { CatalogueError } from '../catalogue-error';
import type { NationalId, Pattern } from './pattern';
import { type Patterns, readPatterns } from './read';

/** What is masked in addition. */
export interface SanitisingOptions {
  /** Countries whose national identification numbers are masked. @default - none */
  readonly nationalIds?: readonly NationalId[];
  /**
   * Environment variable of the collector with a key. With it, IP addresses become a keyed hash: equal addresses stay
   * equal. Rules and responses that need an address, such as `block-address`, then do not work on these logs.
   * @default - addresses stay
   */
  readonly hashAddressesWithKey?: string;
}

/** The patterns that are on. */
export interface Sanitising extends Patterns {
  /** Environment variable with the key of hashes. @default - none */
  readonly key?: string;
}

/**
 * The patterns that come with the package, as far as they are on.
 *
 * @throws CatalogueError for an unknown country, and a key whose name is not that of an environment variable
 */
export function sanitising({ nationalIds = [], hashAddressesWithKey }: SanitisingOptions = {}): Sanitising {
  const all = readPatterns();
  const known = [...new Set(all.patterns.flatMap(({ option }) => option ?? []))].sort();
  const problems = nationalIds
    .filter((country) => !known.includes(country))
    .map((country) => `nationalIds: ${country}: write one of ${known.join(', ')}`);
  if (hashAddressesWithKey !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(hashAddressesWithKey)) {
    problems.push(`hashAddressesWithKey: ${hashAddressesWithKey}: write the name of an environment variable`);
  }
  if (problems.length > 0) {
    throw new CatalogueError(problems);
  }
  const isOn = ({ option, hash }: Pattern) =>
    (option === undefined || nationalIds.includes(option)) && (!hash || hashAddressesWithKey !== undefined);
  return { ...all, patterns: all.patterns.filter(isOn), key: hashAddressesWithKey };
}
