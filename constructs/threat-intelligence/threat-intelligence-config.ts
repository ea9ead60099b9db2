import { FEED_FORMATS, FEED_NAME, type ThreatsConfiguration } from '../../remediation/threats/configuration';
import { THREAT_LEVELS, type ThreatLevel } from '../../remediation/threats/levels';
import { DuplicateNameError, httpUrl, SettingError } from '../kit';
import { checkCidrs, checkCount } from '../kit/checks';

/** A list of addresses that somebody publishes. */
export interface ThreatFeed {
  /** Name of the feed, for incidents: at most 40 lower-case letters, digits and dashes. */
  readonly name: string;
  /** URL of the feed. Redirects are refused: write the address that they lead to. */
  readonly url: string;
  /**
   * `list`: an address or a range in each line, with comments after `#` or `;`. `stix`: STIX 2 indicators as JSON.
   * @default list
   */
  readonly format?: 'list' | 'stix';
  /** What it says about an address that is in it. @default medium */
  readonly level?: ThreatLevel;
  /** Ranges that hold the server's addresses, for one that is not on the Internet. @default - the Internet, by https */
  readonly cidrs?: readonly string[];
}

/** Bounds of each feed. One that exceeds them is refused, and the last good one stays. */
export interface ThreatLimits {
  /** Bytes of a feed. @default 8388608 */
  readonly bytes?: number;
  /** Addresses and ranges of a feed. @default 200000 */
  readonly entries?: number;
  /** Seconds in which the whole feed must be there. @default 60 */
  readonly seconds?: number;
}

/** Defaults of `ThreatLimits`. */
const LIMIT_DEFAULTS = { bytes: 8 * 1024 * 1024, entries: 200_000, seconds: 60 } as const;

/**
 * Checks feeds and limits.
 *
 * @throws SettingError for the first that cannot work
 * @throws DuplicateNameError for two feeds of one name
 */
export function checkFeeds(feeds: readonly ThreatFeed[], limits: ThreatLimits): void {
  if (feeds.length === 0) {
    throw new SettingError('feeds', feeds, 'name a feed, or leave the construct out');
  }
  const names = new Set<string>();
  for (const feed of feeds) {
    checkFeed(feed);
    if (names.has(feed.name)) {
      throw new DuplicateNameError('feed name', feed.name);
    }
    names.add(feed.name);
  }
  for (const [name, value] of Object.entries(limits)) {
    checkCount(`limits.${name}`, value);
  }
}

function checkFeed({ name, url, format = 'list', level = 'medium', cidrs }: ThreatFeed): void {
  if (!FEED_NAME.test(name)) {
    const fix = 'write at most 40 lower-case letters, digits and dashes, and begin with a letter';
    throw new SettingError('feeds.name', name, fix);
  }
  const { protocol } = httpUrl('feeds.url', url, 'https://feeds.example.com/addresses.txt');
  if (protocol !== 'https:' && cidrs === undefined) {
    const fix = 'write https://: on the way, anybody could change what plain text says; or cidrs, for your own network';
    throw new SettingError('feeds.url', url, fix);
  }
  if (!FEED_FORMATS.includes(format)) {
    throw new SettingError('feeds.format', format, `write one of ${FEED_FORMATS.join(', ')}`);
  }
  if (!THREAT_LEVELS.includes(level)) {
    throw new SettingError('feeds.level', level, `write one of ${THREAT_LEVELS.join(', ')}`);
  }
  checkCidrs('feeds.cidrs', cidrs);
}

/** The configuration of both programs. */
export function threatsConfiguration(
  feeds: readonly ThreatFeed[],
  limits: ThreatLimits,
  rest: Pick<ThreatsConfiguration, 'directory' | 'ports' | 'server'>,
): ThreatsConfiguration {
  return {
    feeds: feeds.map(({ name, url, format = 'list', level = 'medium', cidrs }) => ({
      name,
      url,
      format,
      level,
      cidrs: cidrs && [...cidrs],
    })),
    limits: { ...LIMIT_DEFAULTS, ...limits },
    ...rest,
  };
}
