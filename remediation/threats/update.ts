import type { Log } from '../audit/log';
import type { ThreatsConfiguration } from './configuration';
import { download } from './download';
import { parseFeed } from './feeds';
import type { KeptFeed } from './store';

const SEND_MS = 30_000;

/**
 * Downloads every feed and sends the good ones to the server. The others stay there as they were.
 *
 * @returns how many feeds failed
 */
export async function updateFeeds(configuration: ThreatsConfiguration, log: Log): Promise<number> {
  const { feeds, limits, server } = configuration;
  let failed = 0;
  // One after the other: a large feed takes memory.
  for (const feed of feeds) {
    try {
      const now = new Date();
      const { ranges, rejected } = parseFeed(await download(feed, limits), feed, limits, now);
      await send(`${server}/v1/feeds/${feed.name}`, { fetched: now.toISOString(), ranges: [...ranges] });
      log('info', `sent ${ranges.length} ranges`, { feed: feed.name, rejected });
    } catch (error) {
      failed += 1;
      log('error', `the last good feed stays: ${(error as Error).message}`, { feed: feed.name });
    }
  }
  return failed;
}

async function send(url: string, feed: KeptFeed): Promise<void> {
  const response = await fetch(url, {
    method: 'PUT',
    body: JSON.stringify(feed),
    redirect: 'error',
    signal: AbortSignal.timeout(SEND_MS),
  });
  if (response.status !== 204) {
    throw new Error(`${url} answered ${response.status}: ${(await response.text()).slice(0, 200)}`);
  }
}
