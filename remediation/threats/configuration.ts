import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import { port, positiveInteger, text } from '../schema';
import { THREAT_LEVELS } from './levels';

/** Formats of feeds: one address or range a line, or STIX 2 indicators as JSON. */
export const FEED_FORMATS = ['list', 'stix'] as const;

const feed = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/)),
  url: text,
  format: v.picklist(FEED_FORMATS),
  level: v.picklist(THREAT_LEVELS),
  /** Ranges that hold the server's addresses. @default - it must be on the Internet */
  cidrs: v.optional(v.array(text)),
});

const configuration = v.strictObject({
  feeds: v.pipe(v.array(feed), v.minLength(1)),
  limits: v.strictObject({ bytes: positiveInteger, entries: positiveInteger, seconds: positiveInteger }),
  /** Where the server keeps feeds. */
  directory: text,
  ports: v.strictObject({ lookup: port, feeds: port }),
  /** URL of the server's port for feeds. */
  server: text,
});

/** A feed as the programs know it. */
export type Feed = Readonly<v.InferOutput<typeof feed>>;
/** Bounds of one feed. */
export type FeedLimits = Readonly<v.InferOutput<typeof configuration>['limits']>;
/** Configuration of both programs. `ThreatIntelligence` writes it. */
export type ThreatsConfiguration = Readonly<v.InferOutput<typeof configuration>>;

/** @throws for a file that cannot be read, or that is no configuration */
export function readThreatsConfiguration(path: string): ThreatsConfiguration {
  return v.parse(configuration, JSON.parse(readFileSync(path, 'utf8')));
}
