import * as v from 'valibot';
import type { Feed, FeedLimits } from './configuration';
import { acceptedRange, type Rejection } from './ranges';

/** What a feed says. */
export interface ParsedFeed {
  /** Ranges in canonical form, each once. */
  readonly ranges: readonly string[];
  /** Entries that are not used, by reason. */
  readonly rejected: { readonly [reason in Rejection]: number };
}

/** A feed with a larger share of entries that are none is not what it should be, e.g. an error page. */
const MOST_INVALID = 0.1;

/**
 * Parses a feed.
 *
 * @param now STIX indicators that are no longer valid then are left out
 * @throws for a feed that is broken, empty or too large: the last good one is better
 */
export function parseFeed(
  text: string,
  { format }: Pick<Feed, 'format'>,
  { entries: most }: Pick<FeedLimits, 'entries'>,
  now: Date,
): ParsedFeed {
  const entries = format === 'list' ? listEntries(text) : stixEntries(text, now);
  if (entries.length > most) {
    throw new Error(`it has ${entries.length} entries, more than ${most}`);
  }
  const ranges = new Set<string>();
  const rejected = { invalid: 0, 'not-public': 0, 'too-wide': 0 };
  for (const entry of entries) {
    const result = acceptedRange(entry);
    if ('range' in result) {
      ranges.add(result.range);
    } else {
      rejected[result.rejected] += 1;
    }
  }
  if (rejected.invalid > entries.length * MOST_INVALID) {
    throw new Error(`${rejected.invalid} of ${entries.length} entries are no addresses`);
  }
  if (ranges.size === 0) {
    throw new Error('it names no public address');
  }
  return { ranges: [...ranges], rejected };
}

/** The first word of each line that is no comment. */
function listEntries(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/[#;].*/, '').trim())
    .filter((line) => line !== '')
    .map((line) => line.split(/[\s,]/, 1)[0]!);
}

/** https://docs.oasis-open.org/cti/stix/v2.1/os/stix-v2.1-os.html#_muftrcpnf89v */
const bundle = v.object({
  type: v.literal('bundle'),
  objects: v.array(
    v.object({
      type: v.string(),
      pattern: v.optional(v.string()),
      pattern_type: v.optional(v.string()),
      valid_from: v.optional(v.string()),
      valid_until: v.optional(v.string()),
      revoked: v.optional(v.boolean()),
    }),
  ),
});

/** Longest pattern that is read: longer ones are no addresses. */
const LONGEST_PATTERN = 10_000;

/** One comparison with an address: `ipv4-addr:value = '198.51.100.7'`. */
const COMPARISON = /^ipv[46]-addr:value\s+(?:=|ISSUBSET)\s+'([^'\\]*)'$/;

/** The addresses of valid indicators whose pattern is one observation of one of several addresses. */
function stixEntries(text: string, now: Date): readonly string[] {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new Error(`it is no JSON: ${(error as Error).message}`);
  }
  const result = v.safeParse(bundle, document);
  if (!result.success) {
    const [issue] = result.issues;
    throw new Error(`it is no STIX 2 bundle: ${v.getDotPath(issue) ?? 'the document'}: ${issue.message}`);
  }
  return result.output.objects
    .filter(({ type, pattern_type = 'stix', revoked }) => type === 'indicator' && pattern_type === 'stix' && !revoked)
    .filter(({ valid_from, valid_until }) => !isAfter(valid_from, now) && (!valid_until || isAfter(valid_until, now)))
    .flatMap(({ pattern = '' }) => addressesIn(pattern));
}

function isAfter(time: string | undefined, now: Date): boolean {
  return time !== undefined && Date.parse(time) > now.getTime();
}

/** Patterns with AND, with several observations or about something else say nothing about an address alone. */
function addressesIn(pattern: string): readonly string[] {
  const [, inner] = (pattern.length <= LONGEST_PATTERN && /^\s*\[([^\][]*)\]\s*$/.exec(pattern)) || [];
  const values = inner?.split(/\s+OR\s+/).map((comparison) => COMPARISON.exec(comparison.trim())?.[1]) ?? [];
  return values.every((value) => value !== undefined) ? (values as string[]) : [];
}
