import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Log } from '../audit/log';
import type { Feed, FeedLimits } from './configuration';
import { higher, type ThreatLevel } from './levels';
import { acceptedRange, Ranges } from './ranges';

/** A feed as the job sends it, and as it is kept on the volume. */
const keptFeed = v.strictObject({
  /** When the job downloaded it (RFC 3339). */
  fetched: v.pipe(v.string(), v.isoTimestamp()),
  ranges: v.pipe(v.array(v.string()), v.minLength(1)),
});
export type KeptFeed = Readonly<v.InferOutput<typeof keptFeed>>;

/** What the feeds say about an address. */
export interface Verdict {
  /** The highest level; `none` if no feed names it; `unknown` while no feed is loaded. */
  readonly level: ThreatLevel | 'none' | 'unknown';
  /** The feeds that name it. */
  readonly feeds: readonly { readonly name: string; readonly level: ThreatLevel; readonly fetched: string }[];
}

/** The last good feeds, in memory and on a volume. */
export class FeedStore {
  private readonly loaded = new Map<string, { readonly ranges: Ranges; readonly fetched: string }>();
  private readonly feeds: ReadonlyMap<string, Feed>;

  constructor(
    private readonly props: {
      readonly feeds: readonly Feed[];
      readonly limits: FeedLimits;
      readonly directory: string;
      readonly log: Log;
    },
  ) {
    this.feeds = new Map(props.feeds.map((feed) => [feed.name, feed]));
    mkdirSync(props.directory, { recursive: true });
    for (const { name } of props.feeds) {
      this.restore(name);
    }
  }

  /** Whether the configuration has a feed of this name. */
  knows(name: string): boolean {
    return this.feeds.has(name);
  }

  /**
   * Takes a feed in the place of the last one.
   *
   * @param document a `KeptFeed`
   * @throws for anything else, and the last one stays
   */
  replace(name: string, document: unknown): void {
    const feed = this.parse(document);
    const path = this.pathOf(name);
    // A crash leaves the old file or the new one, never a half.
    writeFileSync(`${path}.new`, JSON.stringify(feed));
    renameSync(`${path}.new`, path);
    this.load(name, feed);
  }

  /** @param address an IPv4 or IPv6 address */
  verdict(address: string): Verdict {
    if (this.loaded.size === 0) {
      return { level: 'unknown', feeds: [] };
    }
    const feeds = [...this.loaded]
      .filter(([, { ranges }]) => ranges.has(address))
      .map(([name, { ranges, fetched }]) => ({ name, level: ranges.level, fetched }));
    const levels = feeds.map(({ level }) => level);
    return { level: levels.length === 0 ? 'none' : levels.reduce(higher), feeds };
  }

  private restore(name: string): void {
    let text: string;
    try {
      text = readFileSync(this.pathOf(name), 'utf8');
    } catch {
      return;
    }
    try {
      this.load(name, this.parse(JSON.parse(text)));
    } catch (error) {
      this.props.log('warn', `the kept feed is not used: ${(error as Error).message}`, { feed: name });
    }
  }

  /** The job has checked the ranges. They are checked again: the port has no other protection than the NetworkPolicy. */
  private parse(document: unknown): KeptFeed {
    const result = v.safeParse(keptFeed, document);
    if (!result.success) {
      const [issue] = result.issues;
      throw new Error(`${v.getDotPath(issue) ?? 'the document'}: ${issue.message}`);
    }
    const { ranges } = result.output;
    if (ranges.length > this.props.limits.entries) {
      throw new Error(`it has ${ranges.length} ranges, more than ${this.props.limits.entries}`);
    }
    const wrong = ranges.find((range) => {
      const checked = acceptedRange(range);
      return !('range' in checked) || checked.range !== range;
    });
    if (wrong !== undefined) {
      throw new Error(`${JSON.stringify(wrong.slice(0, 60))} is no range that a feed may name`);
    }
    return result.output;
  }

  private load(name: string, { ranges, fetched }: KeptFeed): void {
    this.loaded.set(name, { ranges: new Ranges(ranges, this.feeds.get(name)!.level), fetched });
    this.props.log('info', `loaded ${ranges.length} ranges`, { feed: name, fetched });
  }

  private pathOf(name: string): string {
    return join(this.props.directory, `${name}.json`);
  }
}
