import { isIP } from 'node:net';
import * as v from 'valibot';
import { THREAT_LEVELS } from '../threats/levels';
import { boundedText } from './bounded-text';
import { withTimeout } from './timeout';

/** What threat intelligence says about an address. */
export interface ThreatVerdict {
  /** `low`, `medium`, `high` or `critical`; `none` if no feed names it; `unknown` while no feed is loaded. */
  readonly level: string;
  /** The feeds that name it, and when each was downloaded. */
  readonly feeds: readonly { readonly name: string; readonly fetched: string }[];
}

/** Looks up addresses. */
export interface Threats {
  /** @throws for a text that is no address, and when the server does not answer */
  verdict(address: string, signal?: AbortSignal): Promise<ThreatVerdict>;
}

const answer = v.object({
  level: v.picklist([...THREAT_LEVELS, 'none', 'unknown']),
  feeds: v.array(v.object({ name: v.string(), fetched: v.string() })),
});

const TIMEOUT_MS = 3_000;
const MOST_BYTES = 64 * 1024;

/** Asks the server of the construct `ThreatIntelligence`. */
export class ThreatsClient implements Threats {
  constructor(private readonly url: string) {}

  async verdict(address: string, signal?: AbortSignal): Promise<ThreatVerdict> {
    if (!isIP(address)) {
      throw new Error(`${JSON.stringify(address.slice(0, 45))} is no address`);
    }
    const url = `${this.url}/v1/addresses/${address}`;
    const response = await fetch(url, { redirect: 'error', signal: withTimeout(TIMEOUT_MS, signal) });
    const text = await boundedText(response, MOST_BYTES);
    if (!response.ok) {
      throw new Error(`threat intelligence answered ${response.status}: ${text.slice(0, 200)}`);
    }
    return v.parse(answer, JSON.parse(text));
  }
}
