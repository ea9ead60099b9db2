import type { IncomingMessage, ServerResponse } from 'node:http';
import { withinTime } from '../timeout';

/** Checks whether a dependency answers. Throws, or resolves to false, if it does not. */
export type Check = () => Promise<unknown>;

/** What the service needs in order to answer requests. */
export interface HealthChecks {
  /** Dependencies without which the service can serve nothing, by name. @default - none */
  readonly required?: Readonly<Record<string, Check>>;
  /** Dependencies that it can do without. They are reported, and do not make the service unready. @default - none */
  readonly optional?: Readonly<Record<string, Check>>;
  /** Milliseconds after which a check has failed. The readiness probe's own timeout must be longer. @default 800 */
  readonly timeoutMs?: number;
}

/** Answers `GET /health` and `GET /health/ready`. */
export interface Health {
  /** Liveness: 200 as long as the event loop runs. A dependency that is away is no reason to restart. */
  readonly live: (request: IncomingMessage, response: ServerResponse) => void;
  /** Readiness: 200, or 503 if a required dependency does not answer or `stop()` was called. */
  readonly ready: (request: IncomingMessage, response: ServerResponse) => void;
  /** Makes the service unready, so that no new requests arrive while it stops. */
  stop(): void;
}

type Outcome = readonly [name: string, ok: boolean];

/** Creates the handlers of the probes. */
export function healthHandlers(checks: HealthChecks = {}): Health {
  const { required = {}, optional = {}, timeoutMs = 800 } = checks;
  let stopping = false;
  return {
    live: (_request, response) => answer(response, 200, { status: 'ok', uptime: Math.round(process.uptime()) }),
    ready: (_request, response) => {
      const outcomes = (group: Readonly<Record<string, Check>>) =>
        Promise.all(Object.entries(group).map((check) => outcomeOf(check, timeoutMs)));
      void Promise.all([outcomes(required), outcomes(optional)]).then(([needed, others]) => {
        const ready = !stopping && needed.every(([, ok]) => ok);
        const status = stopping ? 'stopping' : ready ? 'ready' : 'unready';
        const words = Object.fromEntries([...needed, ...others].map(([name, ok]) => [name, ok ? 'ok' : 'failed']));
        answer(response, ready ? 200 : 503, { status, checks: words });
      });
    },
    stop: () => {
      stopping = true;
    },
  };
}

async function outcomeOf([name, check]: readonly [string, Check], timeoutMs: number): Promise<Outcome> {
  try {
    return [name, (await withinTime(check(), timeoutMs, `${name} did not answer`)) !== false];
  } catch {
    return [name, false];
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
