import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { port, positiveInteger, type SchemasOf, text } from '../schema';
import { THREAT_LEVELS, type ThreatLevel } from './levels';

/** Formats of feeds: one address or range a line, or STIX 2 indicators as JSON. */
export const FEED_FORMATS = ['list', 'stix'] as const;

/** Names of feeds: they are parts of paths and of file names. */
export const FEED_NAME = /^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/;

/** A feed as the programs know it. */
export interface Feed {
  readonly name: string;
  readonly url: string;
  readonly format: (typeof FEED_FORMATS)[number];
  readonly level: ThreatLevel;
  /** Ranges that hold the server's addresses. @default - it must be on the Internet */
  readonly cidrs?: readonly string[];
}

/** Bounds of one feed. */
export interface FeedLimits {
  readonly bytes: number;
  readonly entries: number;
  readonly seconds: number;
}

/** Configuration of both programs. `ThreatIntelligence` writes it. */
export interface ThreatsConfiguration {
  readonly feeds: readonly Feed[];
  readonly limits: FeedLimits;
  /** Where the server keeps feeds. */
  readonly directory: string;
  readonly ports: { readonly lookup: number; readonly feeds: number };
  /** URL of the server's port for feeds. */
  readonly server: string;
}

const feed = v.strictObject({
  name: v.pipe(v.string(), v.regex(FEED_NAME)),
  url: text,
  format: v.picklist(FEED_FORMATS),
  level: v.picklist(THREAT_LEVELS),
  cidrs: v.optional(v.array(text)),
} satisfies SchemasOf<Feed>);

const configuration = v.strictObject({
  feeds: v.pipe(v.array(feed), v.minLength(1)),
  limits: v.strictObject({ bytes: positiveInteger, entries: positiveInteger, seconds: positiveInteger }),
  directory: text,
  ports: v.strictObject({ lookup: port, feeds: port }),
  server: text,
} satisfies SchemasOf<ThreatsConfiguration>);

/** @throws for a file that cannot be read, or that is no configuration */
export function readThreatsConfiguration(path: string): ThreatsConfiguration {
  return v.parse(configuration, JSON.parse(readFileSync(path, 'utf8')));
}
